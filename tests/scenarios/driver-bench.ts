/** A place for one driver and its agents, with no daemon: its processes are seen as the scenarios see them, by their marks. */
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeLocalHost } from "@skein/adapters";
import { systemClock, type AgentDriver, type Clock, type Terminals, type Host } from "@skein/sdk";
import { noTerminals } from "@skein/sdk/testkit";
import { makeCuttable, type DriverBench } from "@skein/sdk/testkit/drivers";
import { agentProcesses, sweepHome } from "./processes.ts";

type Settings = {
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** `prepare` is a fixture's: what the configuration would name for the agent. */
export const benchOf = async (
  makeDriver: () => AgentDriver,
  prepare: (place: string) => Promise<Settings>,
  terminalsOf: (host: Host, clock: Clock) => Terminals = () => noTerminals,
): Promise<DriverBench> => {
  const place = await realpath(await mkdtemp(join(tmpdir(), "skein-")));
  const home = join(place, "home");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { command, env } = await prepare(place);
  const { host, cut, mend } = makeCuttable(makeLocalHost({ home, clock: systemClock }));
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  return {
    place,
    makeDriver,
    cut,
    mend,
    agents: async () =>
      (await agentProcesses(home)).map(({ pid }) => pid).toSorted((a, b) => a - b),
    backend: {
      host,
      terminals: terminalsOf(host, systemClock),
      clock: systemClock,
      command: (typeof command === "string" ? [command] : command) as [string, ...string[]],
      env: { PATH: path, HOME: place, LANG: "C.UTF-8", ...env },
      dir: join(home, "backend"),
      home,
      version: "0.0.0-test",
      timing: { startMs: 30_000, graceMs: 3_000 },
      log: () => undefined,
    },
    [Symbol.asyncDispose]: async () => {
      await sweepHome(home);
      await rm(place, { recursive: true, force: true });
    },
  };
};
