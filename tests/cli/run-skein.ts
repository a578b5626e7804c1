/** Runs the real program, `node packages/cli/src/main.ts`, as a shell would: no terminal, its own environment. */
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

const CACHE = fileURLToPath(new URL("../../.cache/compile", import.meta.url));

export type Ran = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly home: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly main?: string;
  /** Ends the program with SIGTERM once its stdout has this: for those that go on until they are told. */
  readonly until?: RegExp;
};

/** What a program needs, and nothing of who runs the tests. */
export const plainEnv = (home: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: "/home/nobody",
  SKEIN_HOME: home,
  // Hundreds of starts: with the cache, types are stripped and code compiled once.
  NODE_COMPILE_CACHE: CACHE,
});

export const skein = (words: readonly string[], options: RunOptions): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const { home, input, env, cwd, main, until } = options;
    const child = spawn(process.execPath, [main ?? MAIN, ...words], {
      cwd: cwd ?? tmpdir(),
      env: { ...plainEnv(home), ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let told = false;
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      // Once: a second signal ends a program as if it had no say.
      if (told || until?.test(Buffer.concat(out).toString("utf8")) !== true) return;
      told = true;
      child.kill("SIGTERM");
    });
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    // A program that refuses early does not read what it is given.
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        code,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8"),
      }),
    );
    child.stdin.end(input ?? "");
  });
