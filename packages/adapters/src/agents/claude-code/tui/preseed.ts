/**
 * What has to stand in the person's own configuration so that the TUI (2.1.197) comes up without questions: that they have seen the
 * first-run screens, that they trust the session's folder (nothing else), and that they use the key that the environment holds.
 *
 * Only what is missing is added; a key that they said no to stays refused. A file that is no JSON is left as it is.
 * The CLI's own lock is taken, for it reads and writes the file whole, too.
 */
import { posix } from "node:path";
import { pause, type BackendContext } from "@skein/sdk";
import { isObject, list, object, type Json } from "../wire.ts";

const maxBytes = 64 * 1024 * 1024;
/** With the pauses about 20 s: longer than a lock that was left behind is respected. */
const lockTries = 26;
const longestPauseMs = 1_000;
const leftSeconds = 15;
const lockPauseMs = 50;
const runMs = 5_000;

export const configDir = (env: Readonly<Record<string, string>>): string =>
  env["CLAUDE_CONFIG_DIR"] ?? posix.join(env["HOME"] ?? "/", ".claude");

/** Beside the folder, not in it, where the folder was not chosen. */
export const configFile = (env: Readonly<Record<string, string>>): string =>
  env["CLAUDE_CONFIG_DIR"] === undefined
    ? posix.join(env["HOME"] ?? "/", ".claude.json")
    : posix.join(env["CLAUDE_CONFIG_DIR"], ".claude.json");

/** The CLI keeps the end of a key, not the key. */
const shownChars = 20;

const withKey = (config: Json, key: string | undefined): Json => {
  if (key === undefined || key === "") return config;
  const shown = key.slice(-shownChars);
  const responses = object(config["customApiKeyResponses"]);
  const approved = list(responses["approved"]);
  const rejected = list(responses["rejected"]);
  if (approved.includes(shown) || rejected.includes(shown)) return config;
  const next = { ...responses, approved: [...approved, shown], rejected };
  return { ...config, customApiKeyResponses: next };
};

const withTrust = (config: Json, folder: string): Json => {
  const projects = object(config["projects"]);
  const project = object(projects[folder]);
  if (project["hasTrustDialogAccepted"] === true) return config;
  const trusted = { ...project, hasTrustDialogAccepted: true };
  return { ...config, projects: { ...projects, [folder]: trusted } };
};

/** The same value when nothing is missing. */
export const seeded = (config: Json, folder: string, key: string | undefined): Json => {
  const seen =
    config["hasCompletedOnboarding"] === true
      ? config
      : { ...config, hasCompletedOnboarding: true };
  return withKey(withTrust(seen, folder), key);
};

const readConfig = async ({ host }: BackendContext, path: string): Promise<Json | null> => {
  const bytes = await host.files.read(path, { maxBytes });
  if (bytes === null) return {};
  try {
    const found: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isObject(found) ? found : null;
  } catch {
    return null;
  }
};

/** GNU and busybox, then BSD; a `stat` that tells nothing says nothing of the lock. */
const ageOfLock =
  'at=$(stat -c %Y -- "$1" 2>/dev/null || stat -f %m -- "$1") && echo $(($(date +%s) - at))';

/** The CLI holds it for some milliseconds, and renews it while it does: an old one was left behind by a dead one. */
const isLeft = async ({ host, env }: BackendContext, path: string): Promise<boolean> => {
  const found = await host.run(["sh", "-c", ageOfLock, "sh", path], { env, timeoutMs: runMs });
  return found.exitCode === 0 && Number(found.stdout.trim()) > leftSeconds;
};

/** false: someone holds it. */
const lock = async (backend: BackendContext, path: string): Promise<boolean> => {
  const { host, env } = backend;
  const take = async (): Promise<boolean> => {
    const made = await host.run(["mkdir", "-m", "700", "--", path], { env, timeoutMs: runMs });
    return made.exitCode === 0;
  };
  for (let attempt = 0; attempt < lockTries; attempt += 1) {
    if (await take()) return true;
    await pause(backend.clock, Math.min(lockPauseMs * 2 ** attempt, longestPauseMs));
    if (await isLeft(backend, path)) await host.files.remove(path);
  }
  return take();
};

/** Whether nothing is missing. One that starts at the same time may have written over what we wrote: then it comes up with a question. */
export const isSeeded = async (backend: BackendContext, folder: string): Promise<boolean> => {
  const config = await readConfig(backend, configFile(backend.env));
  return config === null || seeded(config, folder, backend.env["ANTHROPIC_API_KEY"]) === config;
};

const resolving = 'if test -L "$1"; then readlink -f -- "$1"; else printf "%s\\n" "$1"; fi';

/** The file itself, where a link stands in its place: the link stays. null: it leads nowhere. */
const behindLinks = async ({ host, env }: BackendContext, path: string): Promise<string | null> => {
  const told = await host.run(["sh", "-c", resolving, "sh", path], { env, timeoutMs: runMs });
  const found = told.stdout.replace(/\n$/, "");
  return told.exitCode === 0 && found.startsWith("/") ? found : null;
};

const write = async (backend: BackendContext, path: string, next: Json): Promise<void> => {
  const target = await behindLinks(backend, path);
  if (target === null)
    return backend.log("warn", "a link leads nowhere: nothing is kept", { path });
  await backend.host.files.write(target, JSON.stringify(next, null, 2), 0o600);
};

/**
 * Without the lock nothing is written, as another one's words would be lost: `isSeeded` tells then. Rejects with the host's
 * AdapterFailure. `folder`: as the kernel calls it, without links.
 */
export const preseed = async (backend: BackendContext, folder: string): Promise<void> => {
  const { env, host } = backend;
  const path = configFile(env);
  const key = env["ANTHROPIC_API_KEY"];
  if (await isSeeded(backend, folder)) return;
  await host.run(["mkdir", "-p", "--", posix.dirname(path)], { env, timeoutMs: runMs });
  if (!(await lock(backend, `${path}.lock`)))
    return backend.log("warn", "the lock of Claude Code's configuration is not given back", {
      path,
    });
  try {
    const config = await readConfig(backend, path);
    if (config === null) return;
    const next = seeded(config, folder, key);
    if (next !== config) await write(backend, path, next);
  } finally {
    await host.files.remove(`${path}.lock`);
  }
};
