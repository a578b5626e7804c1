/**
 * What Codex (0.169.0) must be told of a session's surroundings, because by itself it decides otherwise; both were tried.
 *
 * Trust. A thread that may write makes its folder trusted, in the person's own config.toml, unasked; and of a trusted folder
 * `.codex/` is read: its MCP servers are started with the thread, its rules let commands run unasked, its profiles and
 * writable roots widen the sandbox. So the folder, and every folder above it, is untrusted for our threads, whatever
 * config.toml says; then nothing is written there either. Its AGENTS.md is lost with it, and is given by us.
 *
 * The state folder. A sandbox that may write nothing still opens a FIFO for writing, and each agent's stdin is one: words of
 * approval could be written into it. So nothing of the state folder can be seen from a sandbox.
 */
import { posix } from "node:path";
import type { BackendContext, SessionContext } from "@skein/sdk";
import { placeOf } from "./process.ts";

export type Surroundings = {
  /** Folders whose `.codex/` must not be read. */
  readonly untrusted: readonly string[];
  /** Folders that no sandbox may see. */
  readonly closed: readonly string[];
};

export const withAbove = (folder: string): readonly string[] => {
  const above = posix.dirname(folder);
  return above === folder ? [folder] : [folder, ...withAbove(above)];
};

const realMs = 10_000;

/** A folder that is gone meanwhile is named as it was. Rejects when its host does not answer. */
const real = async ({ host, env }: BackendContext, path: string): Promise<string> => {
  const { exitCode, stdout } = await host.run(["realpath", "--", path], { env, timeoutMs: realMs });
  const found = stdout.replace(/\n$/, "");
  return exitCode === 0 && found.startsWith("/") ? found : path;
};

export const surroundingsOf = async ({
  session,
  backend,
}: SessionContext): Promise<Surroundings> => {
  // Codex looks a folder up under the name it was given and under its real one.
  const [folder, home] = await Promise.all([
    real(backend, session.folder),
    real(backend, backend.home),
  ]);
  const folders = [session.folder, folder];
  const { runtime } = placeOf(backend);
  return {
    untrusted: [...new Set(folders.flatMap(withAbove))],
    closed: [home, ...(runtime === null ? [] : [runtime])],
  };
};
