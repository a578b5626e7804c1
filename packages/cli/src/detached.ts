/**
 * Starts the daemon in the background: in a session of its own (no terminal, no hang-up), its words appended to
 * logs/up.log. It tells through an inherited pipe when it is ready, so nobody polls. When it cannot start, the reason
 * comes through the same pipe; when it dies without a word, the end of the log is the reason.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Backend } from "@skein/contract";
import type { Cli } from "./cli.ts";
import type { AlreadyRunning } from "./daemon-door.ts";
import { EXIT, fail, type Failure } from "./failure.ts";
import { makeFolders } from "./folders.ts";
import { inHome } from "./place.ts";

export type Ready = {
  readonly address: string | null;
  readonly loginUrl: string | null;
  readonly backends: readonly Backend[];
};

export type Started = { readonly ready: Ready } | AlreadyRunning;
type Word = Started | { readonly failure: Failure["failure"] };

const READY_FD = 3;
const READY_MS = 60_000;
const MOST_WORD_CHARS = 4 * 1024 * 1024;

/** The daemon's side: says it once and closes. Without a parent to tell, nothing happens. */
export const tellParent = (fd: number | undefined, word: Word): void => {
  if (fd === undefined) return;
  try {
    writeSync(fd, JSON.stringify(word));
    closeSync(fd);
  } catch {
    // The parent is gone; the daemon is not its affair any more.
  }
};

export const startDetached = async (cli: Cli, port: number | undefined): Promise<Started> => {
  const log = openLog(cli.home);
  const [executable, script] = cli.self;
  const words = ["up", "--ready-fd", String(READY_FD)];
  if (port !== undefined) words.push("--port", String(port));
  const child = spawn(executable, [script, ...words], {
    detached: true,
    cwd: cli.home,
    // Not the marks of a session: an agent that starts the daemon must not take it along when it ends.
    env: {
      ...cli.env,
      SKEIN_HOME: cli.home,
      SKEIN_SESSION: undefined,
      SKEIN_GENERATION: undefined,
    },
    stdio: ["ignore", log.fd, log.fd, "pipe"],
  });
  closeSync(log.fd);
  try {
    const word = JSON.parse(await firstWord(child, log.path, cli.signal)) as Word;
    if ("failure" in word) {
      const { exit, code, message, remedy } = word.failure;
      throw fail(exit, code, message, remedy);
    }
    return word;
  } finally {
    child.unref();
    child.stdio[READY_FD]?.destroy();
  }
};

const openLog = (home: string): { readonly fd: number; readonly path: string } => {
  const path = join(inHome.logs(home), "up.log");
  try {
    makeFolders(inHome.logs(home), 0o700);
    return { fd: openSync(path, "a", 0o600), path };
  } catch (error) {
    throw fail(
      EXIT.refused,
      "storage_failed",
      `The state folder cannot be written: ${(error as Error).message}`,
      "Make it writable, or choose another with SKEIN_HOME. See: skein doctor",
    );
  }
};

const firstWord = (child: ChildProcess, logPath: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      settle();
    };
    const giveUp = () => {
      child.kill("SIGTERM");
      finish(() => reject(signal.reason as Error));
    };
    const timer = setTimeout(() => {
      const remedy = `Look into ${logPath}, and run: skein doctor`;
      const sentence = "The daemon started, but was not ready within a minute.";
      finish(() => reject(fail(EXIT.transport, "not_ready", sentence, remedy)));
    }, READY_MS);
    signal.addEventListener("abort", giveUp, { once: true });
    const pipe = child.stdio[READY_FD] as Readable;
    pipe.setEncoding("utf8");
    pipe.on("data", (part: string) => {
      text += part;
      if (text.length > MOST_WORD_CHARS) pipe.destroy();
    });
    pipe.on("close", () => finish(() => (text === "" ? reject(died(logPath)) : resolve(text))));
    child.on("error", (error) =>
      finish(() =>
        reject(fail(EXIT.refused, "internal", `Could not start: ${error.message}`, "skein doctor")),
      ),
    );
  });

const died = (logPath: string): Failure => {
  const last = readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-5).join("\n");
  return fail(
    EXIT.refused,
    "daemon_died",
    `The daemon ended before it was ready.${last === "" ? "" : ` Its last words:\n${last}`}`,
    `All of it: ${logPath}. Then: skein doctor`,
  );
};
