/** A host in a test: its folder, what is started there, and the end of all of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isAdapterFailure } from "../../failure.ts";
import { SYSTEM_PATH } from "../../terminal.ts";
import { settled } from "../settled.ts";
import type { Detached, Host, Owner, SpoolLine } from "../../host.ts";

export type HostWorld = AsyncDisposable & {
  /** The state folder there, which this machine sees too. */
  readonly home: string;
  readonly host: Host;
  /** The daemon that comes after: knows nothing but the folder. The one before must not be used any more. */
  another(): Promise<Host>;
  start(
    argv: readonly [string, ...string[]],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly owner: Owner; readonly dir: string; readonly detached: Detached }>;
};

/** Disposed: everything that carries its marks is ended; then `end` runs. */
export const makeHostWorld = (made: {
  readonly host: Host;
  readonly another: () => Promise<Host>;
  readonly end: () => Promise<void>;
}): HostWorld => {
  const { host } = made;
  let newest = host;
  let generations = 0;
  return {
    home: host.home,
    host,
    another: async () => (newest = await made.another()),
    start: async (argv, env = {}) => {
      const owner: Owner = { session: "ses_test", generation: (generations += 1) };
      const dir = join(host.home, "spool", String(owner.generation));
      const spec = { dir, argv, env: { PATH: SYSTEM_PATH, ...env }, folder: host.home, owner };
      return { owner, dir, detached: await host.start(spec) };
    },
    async [Symbol.asyncDispose]() {
      for (const { owner } of await newest.owners()) await newest.sweep(owner);
      await made.end();
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

/** All that comes, as text. */
export const textOf = async (output: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const bytes of output) parts.push(bytes);
  return Buffer.concat(parts).toString("utf8");
};

/** The code that a promise was refused with. */
export const failureCode = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return isAdapterFailure(error) ? error.failure.code : `no failure: ${String(error)}`;
};

const isGone = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") Z ")).includes(") Z ");

/** What was killed is dead for its sweep as soon as it has no memory left; the kernel calls it dead a moment later. */
export const gone = (pid: number): Promise<boolean> => settled(() => isGone(pid), Boolean);

/**
 * `exec` is behind it: in the middle of one, a process has no environment that could be read, and nobody can say whose it is
 * (Linux: until the new program's stack is made). The name changes before that, and the environment is there after.
 */
export const became = (pid: number, program: string): Promise<boolean> =>
  settled(async () => {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name !== `${program}\n`) return false;
    return (await readFile(`/proc/${pid}/environ`)).length > 0;
  }, Boolean);
