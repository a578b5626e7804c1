/** A short command over there, by argv, with an end: its own or the clock's. */
import { randomUUID } from "node:crypto";
import type { AdapterFailure, Clock, Host, RunResult } from "@skein/sdk";
import { notStarted, programForbidden } from "../refusals.ts";
import { openChannel, type Channel, type ChannelDeps } from "./channel.ts";
import { NOT_ALLOWED, NO_FOLDER, NO_PROGRAM, programLine } from "./far.ts";
import { unreachable } from "./reasons.ts";
import { someInput, supervise } from "./supervise.ts";

const defaultMaxBytes = 1024 * 1024;
/** So long after it was told to end, its last words are waited for. */
const LAST_WORDS_MS = 3_000;

/** Why a program's line did not become the program; null when it did. */
export const whyNotBegun = (
  said: string,
  mark: string,
  program: string,
  folder: string | undefined,
): AdapterFailure | null => {
  const code = new RegExp(`^${mark} (\\d+)$`, "m").exec(said)?.[1];
  if (code === undefined) return null;
  if (Number(code) === NO_FOLDER)
    return notStarted(program, new Error(`the folder ${folder} cannot be entered`));
  if (Number(code) === NOT_ALLOWED) return programForbidden(program);
  if (Number(code) === NO_PROGRAM)
    return notStarted(program, new Error("there is no such program"));
  return null;
};

/**
 * What a shell says of a signal is 128 and its number. A program that ends with such a number itself (a shell, docker run) mostly says
 * it of one of its own that got the signal: it is told so, too.
 */
const SIGNALS = new Map<number, string>([
  [134, "SIGABRT"],
  [137, "SIGKILL"],
  [139, "SIGSEGV"],
  [141, "SIGPIPE"],
  [143, "SIGTERM"],
]);

export const exitOf = (code: number): { exitCode: number | null; signal: string | null } => {
  const signal = SIGNALS.get(code) ?? null;
  return { exitCode: signal === null ? code : null, signal };
};

const KILLED = { exitCode: null, signal: "SIGKILL" } as const;

export const makeRun =
  (deps: ChannelDeps): Host["run"] =>
  async (argv, options) => {
    const { env, folder, timeoutMs, signal, maxBytes = defaultMaxBytes } = options;
    const nothing = { stdout: "", stderr: "", timedOut: false };
    if (signal?.aborted) return { ...KILLED, ...nothing };
    const mark = randomUUID();
    const input = Buffer.from(options.input ?? "", "utf8");
    const line = Buffer.from(programLine(argv, env, folder, "", mark));
    const script = supervise(someInput(input.length));
    const ending = makeEnding(deps.clock, timeoutMs, signal);
    const opening = openChannel(deps, "soon", script, Buffer.concat([line, input]), maxBytes);
    try {
      const channel = await Promise.race([opening, ending.given]);
      if (channel === "given up") {
        void opening.then((late) => late.close()).catch(() => undefined);
        return { ...KILLED, ...nothing, timedOut: ending.timedOut() };
      }
      ending.begin(channel);
      return await resultOf(deps, channel, { argv, folder, mark, maxBytes, ending });
    } finally {
      ending.settled();
    }
  };

type Ending = ReturnType<typeof makeEnding>;

/** The clock's end, or the caller's: the end of its stdin tells the far side to kill. */
const makeEnding = (clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) => {
  const { promise: given, resolve: giveUp } = Promise.withResolvers<"given up">();
  let timedOut = false;
  let wanted = false;
  let channel: Channel | null = null;
  let cancelLast: () => void = () => undefined;
  const end = (): void => {
    wanted = true;
    if (channel === null) return giveUp("given up");
    const mine = channel;
    mine.stdin.end();
    cancelLast();
    cancelLast = clock.after(LAST_WORDS_MS, () => mine.close());
  };
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true;
    end();
  });
  signal?.addEventListener("abort", end, { once: true });
  return {
    given,
    timedOut: () => timedOut,
    wanted: () => wanted,
    begin: (begun: Channel): void => {
      channel = begun;
      // It was to end while the channel was handed over.
      if (wanted) end();
    },
    settled: (): void => {
      cancel();
      cancelLast();
      signal?.removeEventListener("abort", end);
    },
  };
};

type Asked = {
  readonly argv: readonly [string, ...string[]];
  readonly folder: string | undefined;
  readonly mark: string;
  readonly maxBytes: number;
  readonly ending: Ending;
};

const resultOf = async (deps: ChannelDeps, channel: Channel, asked: Asked): Promise<RunResult> => {
  const { argv, folder, mark, maxBytes, ending } = asked;
  const parts: Buffer[] = [];
  let kept = 0;
  // Read to its end even when no more is kept: a full pipe would stop the command.
  for await (const bytes of channel.output) {
    const part = bytes.subarray(0, Math.max(0, maxBytes - kept));
    kept += part.length;
    if (part.length > 0) parts.push(part);
  }
  const { code, stderr } = await channel.ended;
  const stdout = Buffer.concat(parts).toString("utf8");
  if (ending.wanted()) return { ...KILLED, stdout, stderr, timedOut: ending.timedOut() };
  if (code === null) throw unreachable(deps.name, "the link broke off while a command ran.");
  const refused = whyNotBegun(stderr, mark, argv[0], folder);
  if (refused !== null) throw refused;
  return { ...exitOf(code), stdout, stderr, timedOut: false };
};
