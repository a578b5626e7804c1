/** Whether the daemon runs, hangs, or left something of itself behind. */
import type { Cli } from "../cli.ts";
import type { Transport } from "@skein/client/light";
import { reach } from "../reach.ts";
import { broken, ok, warn, type Finding } from "./finding.ts";

const PATIENCE_MS = 2_000;
const START = "skein up --detach";

type DaemonState = { readonly answers: boolean; readonly finding: Finding };

export const checkDaemon = async (
  cli: Cli,
  transport: Transport,
  holder: () => Promise<number | null>,
): Promise<DaemonState> => {
  const code = await reach(transport, cli.signal, PATIENCE_MS);
  if (code === null) return { answers: true, finding: await running(cli) };
  const where = cli.place.kind === "url" ? cli.place.url.origin : cli.place.socketPath;
  const held = cli.place.kind === "url" ? null : await holder();
  return { answers: false, finding: silent(code, where, held) };
};

const running = async (cli: Cli): Promise<Finding> => {
  const status = await cli.call("system.status", {}, { timeoutMs: PATIENCE_MS });
  const sick = status.health.find(({ ok: well }) => !well);
  const words = `process ${status.pid}, version ${status.version}, ${status.address ?? "socket only"}`;
  if (sick !== undefined)
    // It says itself what to do: a restart would mend neither damage nor a full disk.
    return broken("daemon", `${words}; ${sick.part}: ${sick.detail}`, "do what is said there");
  return status.version === cli.version
    ? ok("daemon", words)
    : warn(
        "daemon",
        `${words}; this program is ${cli.version}`,
        `skein down; ${START}   # agents go on`,
      );
};

const silent = (code: string, where: string, held: number | null): Finding => {
  const part = "daemon";
  const restart = held === null ? START : `kill -9 ${held}; ${START}   # agents go on`;
  if (code === "ETIMEDOUT")
    return broken(
      part,
      `${held === null ? "it" : `process ${held}`} takes connections at ${where} but does not answer`,
      restart,
    );
  if (held !== null)
    return broken(part, `process ${held} holds the state folder but does not listen`, restart);
  if (code === "ENOENT") return warn(part, "not running", START);
  if (code === "ECONNREFUSED")
    return warn(part, `not running; one that died left ${where}`, `${START}   # clears it away`);
  return broken(part, `${where} cannot be reached (${code})`, "run skein as the user that owns it");
};
