/** One session through a host's connection: a script over there, with its streams. */
import { randomUUID } from "node:crypto";
import { Transform, type Readable } from "node:stream";
import { quote } from "@skein/contract";
import { isAdapterFailure, type Clock } from "@skein/sdk";
import { notStarted } from "../refusals.ts";
import { makeMarkFinder, spawnSsh, WITHOUT_END, type Client } from "./client.ts";
import { channelArgs } from "./command.ts";
import type { Link } from "./link.ts";
import { BANNER_BYTES } from "./master.ts";
import { oneLine } from "./script.ts";
import { unreachable, unusable, type Called } from "./reasons.ts";
import type { Place, Wanted } from "./trunks.ts";

export type ChannelDeps = Called & {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly link: Link;
  readonly clock: Clock;
};

export type Ended = {
  /** What the script itself said it ended with; null: it was never said, the channel broke or was closed. */
  readonly code: number | null;
  /** At most the bytes asked for, from the beginning. */
  readonly stderr: string;
  /** The newest of it. */
  readonly lastWords: string;
};

export type Channel = {
  readonly stdin: Client["stdin"];
  /** What the script writes, without what the login's shell said before. One reader, who sets the pace. */
  readonly output: AsyncIterable<Buffer>;
  readonly ended: Promise<Ended>;
  /** Resolves when these words stand among the newest of its stderr. */
  said(words: string): Promise<void>;
  /** Breaks it off; the script sees the end of its stdin. Safe to call twice. */
  close(): void;
};

const NEVER_BEGUN = /Session open refused by peer|open failed/;
const TRAILER_BYTES = 64;
const LAST_BYTES = 8 * 1024;
const TRIES = 4;
const TOGETHER_MS = 50;
/** Longer than a link that was cut takes to be known as such, and than a short question is waited for: those are other reasons. */
const BEGUN_MS = 35_000;
const NEVER_DONE = "its login does not come to its shell";

/** What stands around every script: stdout and stderr begin with a mark, and stderr ends with one and the script's own code. */
const framed = (nonce: string, script: string): string =>
  `n=${quote(nonce)}
printf '%s\\n' "$n"
printf '%s\\n' "$n" >&2
bye() { printf '\\n%s %s\\n' "$n" "$1" >&2; exit 0; }
LC_ALL=C; export LC_ALL
${script}
bye $?`;

/** stderr: kept from behind its mark on, the first bytes and the last. */
const listenToErrors = (child: Client, nonce: string, maxBytes: number) => {
  const find = makeMarkFinder(nonce, Infinity);
  let before = Buffer.alloc(0);
  let begun = false;
  let first = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  child.stderr.on("data", (bytes: Buffer) => {
    // NUL is the pulse of a script that wants to know whether anyone still listens.
    const found = find(Buffer.from(bytes.filter((byte) => byte !== 0)));
    if (!begun) before = Buffer.concat([before, bytes]).subarray(-LAST_BYTES);
    if (found === null) return;
    begun = true;
    if (first.length < maxBytes + TRAILER_BYTES)
      first = Buffer.concat([first, found]).subarray(0, maxBytes + TRAILER_BYTES);
    last = Buffer.concat([last, found]).subarray(-LAST_BYTES - TRAILER_BYTES);
  });
  const said = (words: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!last.includes(words)) return;
        child.stderr.off("data", look);
        resolve();
      };
      child.stderr.on("data", look);
      look();
    });
  const trailer = new RegExp(`\\n${nonce} (\\d+)\\n[\\s\\S]*$`);
  const ended = (): Ended => {
    const end = last.toString("utf8");
    const code = trailer.exec(end)?.[1];
    return {
      code: code === undefined ? null : Number(code),
      stderr: first.toString("utf8").replace(trailer, "").slice(0, maxBytes),
      lastWords: begun ? end.replace(trailer, "") : before.toString("utf8"),
    };
  };
  return { ended, said };
};

/**
 * stdout behind its mark. Not the child's own stream: what is in that when the child exits and nobody reads, Node throws away.
 */
const listenToOutput = (child: Client, nonce: string) => {
  const find = makeMarkFinder(nonce, BANNER_BYTES);
  const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
  const behind = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      try {
        const rest = find(bytes);
        if (rest !== null) resolve();
        done(null, rest ?? undefined);
      } catch (error) {
        reject(error as Error);
        done();
      }
    },
  });
  behind.on("error", () => undefined);
  child.stdout.pipe(behind);
  return { behind, begun, reject };
};

const outputOf = async function* (behind: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of behind) yield bytes as Buffer;
  } catch {
    // It was closed under the reader: how it ended is told elsewhere.
  }
};

const openIn = async (
  deps: ChannelDeps,
  place: Place,
  script: string,
  input: Buffer,
  maxErrors: number,
): Promise<Channel> => {
  const nonce = randomUUID();
  const child = spawnSsh(channelArgs(place.control), deps.env);
  const errors = listenToErrors(child, nonce, maxErrors);
  const { behind, begun, reject } = listenToOutput(child, nonce);
  const ended = new Promise<Ended>((resolve) => {
    child.on("error", (error) => reject(notStarted("ssh", error)));
    child.once("close", () => {
      place.leave();
      resolve(errors.ended());
    });
  });
  void ended.then(({ lastWords }) => {
    behind.end();
    reject(new Error(lastWords));
  });
  const close = (): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
    behind.destroy();
  };
  child.stdin.write(oneLine(framed(nonce, script)));
  if (input.length > 0) child.stdin.write(input);
  const cancel = deps.clock.after(BEGUN_MS, () => reject(new Error(NEVER_DONE)));
  try {
    await begun;
  } catch (error) {
    close();
    throw error;
  } finally {
    cancel();
  }
  return { stdin: child.stdin, output: outputOf(behind), ended, said: errors.said, close };
};

/**
 * Resolves when the script has begun. Rejects with an AdapterFailure (`host_unreachable`) when there is no way, or it broke before that
 * (`host_unusable`: the login never came so far); whether the script ran then is not known. `backend_unavailable`: no ssh could be
 * started here, and nothing ran. `input` follows the script on its stdin, which stays open.
 */
export const openChannel = async (
  deps: ChannelDeps,
  wanted: Wanted,
  script: string,
  input: Buffer = Buffer.alloc(0),
  maxErrors = LAST_BYTES,
): Promise<Channel> => {
  for (let tries = 1; ; tries += 1) {
    const place = await deps.link.take(wanted);
    try {
      return await openIn(deps, place, script, input, maxErrors);
    } catch (error) {
      // There is no ssh here that could ask: of the host it tells nothing.
      if (isAdapterFailure(error)) {
        place.leave();
        throw error;
      }
      const said = (error as Error).message;
      // Refused by sshd itself: nothing of it ran there.
      if (NEVER_BEGUN.test(said) && tries < TRIES) place.refused();
      else throw await whyNot(deps, place, said);
      place.leave();
    }
  }
};

/** The connection's end and the channel's come together, in either order. */
const whyNot = async (deps: ChannelDeps, place: Place, said: string) => {
  const soon = new Promise<null>((resolve) => deps.clock.after(TOGETHER_MS, () => resolve(null)));
  const gone = await Promise.race([place.gone, soon]);
  const { reach } = deps.link;
  const now = reach();
  if (gone !== null) return unreachable(deps.name, gone.message);
  if (now.state === "unreachable") return unreachable(deps.name, now.reason, now.remedy);
  if (said === WITHOUT_END || said === NEVER_DONE) return unusable(deps, said);
  return unreachable(
    deps.name,
    `the channel broke off${said === "" ? "" : `: ${said.trim().slice(-200)}`}.`,
  );
};
