/** What the tests of this room share: a real clock, a home of their own, and lines collected until one passes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Detached, Owner, SpoolLine } from "@skein/sdk";
import { makeLocalHost } from "./local.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const systemPath = "/usr/local/bin:/usr/bin:/bin";

/** A state folder and a host on it. Disposed: everything that carries its marks is ended, and the folder removed. */
export const makeHome = async () => {
  const home = await mkdtemp(join(tmpdir(), "skein-host-"));
  const host = makeLocalHost({ home, clock: realClock });
  let generations = 0;
  return {
    home,
    host,
    /** The daemon that comes after: knows nothing but the folder. */
    another: () => makeLocalHost({ home, clock: realClock }),
    start: async (argv: readonly [string, ...string[]], env: Record<string, string> = {}) => {
      const owner: Owner = { session: "ses_test", generation: (generations += 1) };
      const dir = join(home, "spool", String(owner.generation));
      const spec = { dir, argv, env: { PATH: systemPath, ...env }, folder: home, owner };
      return { owner, dir, detached: await host.start(spec) };
    },
    async [Symbol.asyncDispose]() {
      for (const { owner } of await host.owners()) await host.sweep(owner);
      await rm(home, { recursive: true, force: true });
    },
  };
};

/** All lines up to the first that passes; the rest when none does. */
export const until = async (
  lines: AsyncIterable<SpoolLine>,
  passes: (line: SpoolLine) => boolean,
): Promise<readonly SpoolLine[]> => {
  const got: SpoolLine[] = [];
  for await (const line of lines) {
    got.push(line);
    if (passes(line)) break;
  }
  return got;
};

export const firstLine = async (detached: Detached, from = 0): Promise<SpoolLine | undefined> =>
  (await until(detached.lines(from), () => true))[0];
