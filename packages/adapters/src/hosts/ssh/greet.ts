/** The first contact with a host: whether it answers, what it is, and Skein's folder there. */
import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { HostName, quote } from "@skein/contract";
import type { AdapterFailure, Clock } from "@skein/sdk";
import { fileFailure } from "../refusals.ts";
import { END_MS, keepEnd, letGoOfStreams, spawnSsh } from "./client.ts";
import { aloneArgs, type SshDeps } from "./command.ts";
import { GREETING_MS } from "./master.ts";
import { oneLine } from "./script.ts";
import { unusable, whyUnreached, type Called } from "./reasons.ts";
import { isFull, wordOf } from "./words.ts";

export type Greeting = {
  /** Skein's folder there, absolute, 0700: what `makeSshHost` takes as its home. */
  readonly home: string;
  /** The login's HOME. */
  readonly login: string;
  /** As `uname -sm` says. */
  readonly system: string;
};

export type GreetDeps = SshDeps & {
  readonly clock: Clock;
  /** The daemon's own state folder here: another daemon gets another folder there. */
  readonly stateFolder: string;
};

/**
 * Eight hex digits that stay the same for this state folder on this machine, and this name of a host: two names may lead to one
 * machine, and each is a host with a link, processes and leftovers of its own.
 */
export const farId = (stateFolder: string, name: string): string =>
  createHash("sha256").update(`${hostname()}\0${stateFolder}\0${name}`).digest("hex").slice(0, 8);

const TRIES_BYTES = 64 * 1024;

const script = (nonce: string, id: string): string => `n=${quote(nonce)}
LC_ALL=C; export LC_ALL; umask 077
say() { printf '%s %s %s\\n' "$n" "$1" "$2"; }
h=$(cd && pwd -P) || { say missing HOME; exit; }
for c in mkfifo tail head cat mktemp mkdir chmod mv rm wc sleep tr grep sed; do
  command -v "$c" >/dev/null 2>&1 || { say missing "$c"; exit; }
done
d=$h/.skein/far/${id}
e=$( { mkdir -p -- "$d" && chmod 700 "$d" && true > "$d/.try" && rm -f "$d/.try"; } 2>&1 ) || { say disk "$(printf %s "$e" | tail -n 1)"; exit; }
rm -f "$d/.probe"; mkfifo "$d/.probe" 2>/dev/null || { say missing "a file system with FIFOs in $h"; exit; }
rm -f "$d/.probe"
say system "$(uname -sm)"
say login "$h"
say home "$d"`;

const readGreeting = (called: Called, said: string, nonce: string): Greeting | AdapterFailure => {
  const told = (key: string): string | undefined =>
    new RegExp(`${nonce} ${key} (.*)$`, "m").exec(said)?.[1];
  const disk = told("disk");
  if (disk !== undefined)
    return fileFailure(
      `Skein's folder on ${called.name} cannot be made`,
      wordOf(disk),
      isFull(disk),
    );
  const missing = told("missing");
  if (missing !== undefined) return unusable(called, `it has no ${missing}`);
  const [home, login, system] = [told("home"), told("login"), told("system")];
  if (home === undefined || login === undefined || system === undefined)
    return unusable(called, "its login does not run /bin/sh");
  return { home, login, system };
};

/**
 * Over a connection of its own, so that all that may be wrong is told in its own words. Rejects with an AdapterFailure, of code
 * `host_unreachable`, `host_key_unknown`, `host_key_changed`, `host_login_failed`, `host_unusable`, `storage_full`, `storage_failed`
 * or `backend_unavailable` (no ssh can be started here); nothing is left here then, and there at most the folder. Never takes longer than 20 s.
 */
export const reachSsh = async (given: GreetDeps, signal?: AbortSignal): Promise<Greeting> => {
  const deps = { ...given, name: HostName.parse(given.name) };
  const nonce = randomUUID();
  const { promise, resolve, reject } = Promise.withResolvers<Greeting>();
  const child = spawnSsh(aloneArgs(deps), deps.env);
  letGoOfStreams(child, deps.clock);
  const errors = keepEnd(child.stderr, TRIES_BYTES);
  const output = keepEnd(child.stdout, TRIES_BYTES);
  let fault = "";
  const end = (why: string) => (): void => {
    fault = `\n${why}`;
    child.kill("SIGKILL");
  };
  const cancel = deps.clock.after(GREETING_MS - END_MS, end("no answer in time"));
  const aborted = end("nobody waits for it any more");
  if (signal?.aborted) aborted();
  else signal?.addEventListener("abort", aborted, { once: true });
  child.once("error", (error) => (fault = `\nssh cannot be run here: ${error.message}`));
  child.once("close", () => {
    cancel();
    signal?.removeEventListener("abort", aborted);
    const said = output();
    const isIn = /Authenticated to|Entering interactive session/.test(errors());
    const found =
      said.includes(nonce) || (isIn && fault === "")
        ? readGreeting(deps, said, nonce)
        : whyUnreached(deps, errors() + fault);
    if (found instanceof Error) reject(found);
    else resolve(found);
  });
  child.stdin.end(oneLine(script(nonce, farId(deps.stateFolder, deps.name))));
  return promise;
};
