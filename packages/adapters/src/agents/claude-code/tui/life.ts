/** The TUI of one generation: its terminal, the reader of what it writes, and a look at it now and then. */
import { posix } from "node:path";
import {
  isAdapterFailure,
  terminalOf,
  type Exit,
  type Fact,
  type Owner,
  type ProcessRef,
  type SessionContext,
} from "@skein/sdk";
import { endCommands } from "../../lines/commands.ts";
import { reservedOf } from "../process.ts";
import { keep, settle } from "../settle.ts";
import type { AskLine } from "../wire.ts";
import { refusal, send } from "./answers.ts";
import { askOf } from "./hooks.ts";
import { configDir } from "./preseed.ts";
import { makeReader, type Reader } from "./reader.ts";
import { fromCheckpoint, isUndecided, type State } from "./state.ts";
import type { Order, Settings } from "./step.ts";
import { onAnswered, onIdle, onLastWords } from "./transcript.ts";
import { readStatus, type Status } from "./wire.ts";

const maxStatusBytes = 64 * 1024;
/** Between two looks at the status file: while an end is awaited, while a dialog is open, else. */
const pace = { ending: 100, asking: 500, working: 2_000 } as const;
/** So long a request may be open after its dialog has been seen to go, before it counts as answered there. */
const answeredMs = 5_000;

export type Life = {
  readonly context: SessionContext;
  readonly owner: Owner;
  readonly terminal: string;
  readonly reader: Reader;
  /** Requests as they were read, for the answer. */
  readonly asks: Map<string, AskLine>;
  readonly ending: AbortController;
  process: ProcessRef | null;
  /** Resolves when nothing is read any more. Never rejects. */
  reading: Promise<void>;
  following: boolean;
  stopping: boolean;
  closed: boolean;
  /** The last fact was told. */
  over: boolean;
  /** Its program is dead. */
  gone: boolean;
  /** tmux left a call of ours without an answer: what that asked for may be done, or not, or yet be. */
  unanswered: boolean;
};

const beginning = (context: SessionContext): State => {
  const state = fromCheckpoint(context.checkpoint, context.generation);
  const { how, session } = context;
  const known = state.conversation ?? (how === "resume" ? session.providerSessionId : null);
  return { ...state, conversation: known };
};

export const statusOf = async ({ context, process }: Life): Promise<Status | null> => {
  if (process === null) return null;
  const { host, env } = context.backend;
  const path = posix.join(configDir(env), "sessions", `${process.pid}.json`);
  const bytes = await host.files.read(path, { maxBytes: maxStatusBytes });
  return bytes === null ? null : readStatus(Buffer.from(bytes).toString("utf8"));
};

const commandsEnd =
  (life: Life, since: number) =>
  async (fact: Fact): Promise<void> => {
    if (fact.fact === "turn-ended" && fact.outcome === "interrupted")
      await endCommands(life.context, life.process, since);
  };

const carryOut = (life: Life, order: Order): void => {
  const answer = order.order === "refuse" ? refusal(order.message) : "";
  send(life.context, life.reader.state().attempt, order.request, answer).catch((error: unknown) =>
    life.context.log("warn", "an order was not carried out", { error: String(error), ...order }),
  );
};

export const makeLife = (context: SessionContext): Life => {
  let since = 0;
  const { session, generation, how } = context;
  const settings = (): Settings => {
    const { folder, permissions, model } = session;
    // Taken with each line: the line that ends a turn forgets when it began.
    since = life.reader.state().turn?.since ?? since;
    return {
      folder,
      permissions,
      model,
      pid: life.process?.pid ?? null,
      reserved: reservedOf(context),
      now: context.backend.clock.now(),
      forkFrom: how === "fork" ? session.forkFrom : null,
    };
  };
  const asks = new Map<string, AskLine>();
  const life: Life = {
    context,
    owner: { session: session.id, generation },
    terminal: terminalOf(session.id),
    asks,
    ending: new AbortController(),
    process: null,
    reading: Promise.resolve(),
    following: false,
    stopping: false,
    closed: false,
    over: false,
    gone: false,
    unanswered: false,
    reader: makeReader({
      context,
      begin: beginning(context),
      settings,
      settle: (facts) => settle(context, asks, facts, commandsEnd(life, since)),
      carryOut: (order) => carryOut(life, order),
      keep: (name, hook) => keep(asks, askOf(name, hook)),
    }),
  };
  return life;
};

/** Begins to read. What cannot be recorded is nobody's any more, or the next daemon's. */
export const follow = (life: Life): void => {
  life.following = true;
  life.reading = life.reader.read().catch((error: unknown) => {
    life.context.log("info", "reading was given up", { error: String(error) });
    letGo(life);
  });
};

export const letGo = (life: Life): void => {
  life.closed = true;
  life.ending.abort();
  life.reader.stop();
};

/** Until it is so, or the agent is gone, or `ms` are over. */
export const wait = (life: Life, ms: number, passes: (state: State) => boolean): Promise<void> => {
  const ended = (): boolean => life.gone || life.closed;
  return life.reader.until((state) => ended() || passes(state), ms);
};

const paceOf = ({ turn, asks, steers }: State): number => {
  if (turn !== null && (turn.interrupting || turn.over !== null || steers.length > 0))
    return pace.ending;
  return Object.keys(asks).length > 0 ? pace.asking : pace.working;
};

/** `shown`: the requests that were open when the CLI last said that it waits. */
export type Sight = {
  idleSince: number | null;
  /** By the host's clock. */
  since: number;
  about: string | null;
  shown: string;
  goneSince: number | null;
};

/** The requests whose dialog is gone. The hook that asks comes before the dialog: one that was not seen yet is still to come. */
export const answeredThere = (
  sight: Sight,
  { asks }: State,
  status: Status | null,
  now: number,
): readonly string[] => {
  const open = Object.keys(asks).filter((request) => isUndecided(asks[request]!));
  const names = open.join("\n");
  if (status?.state === "waiting") sight.shown = names;
  const isGone = open.length > 0 && status !== null && status.state !== "waiting";
  if (!isGone || sight.shown !== names) sight.goneSince = null;
  else sight.goneSince ??= now;
  return sight.goneSince !== null && now - sight.goneSince >= answeredMs ? open : [];
};

/** One look: what the transcript does not tell is told by the status file. */
const look = async (life: Life, sight: Sight): Promise<void> => {
  const { reader, context } = life;
  const status = await statusOf(life);
  const now = context.backend.clock.monotonic();
  const { turn } = reader.state();
  const about = turn?.promptId ?? null;
  const isSame = about === sight.about && status?.since === sight.since;
  if (status?.state !== "idle") sight.idleSince = null;
  else if (!isSame || sight.idleSince === null) sight.idleSince = now;
  [sight.about, sight.since] = [about, status?.since ?? 0];
  const answered = answeredThere(sight, reader.state(), status, now);
  if (answered.length > 0) await reader.take((state) => onAnswered(state, answered), "hook");
  if (sight.idleSince === null || status === null) return;
  const idle = { forMs: now - sight.idleSince, since: status.since };
  if ((await reader.caughtUp(1_000)) && reader.state().turn?.promptId === about)
    await reader.take((state, settings) => onIdle(state, idle, settings), "hook");
};

/** Looks for as long as there is something to look after. Never rejects. */
const lookAfter = async (life: Life): Promise<void> => {
  const { reader, context } = life;
  const sight: Sight = { idleSince: null, about: null, since: 0, shown: "", goneSince: null };
  const isDone = (): boolean => life.closed || life.gone;
  while (!isDone()) {
    await reader.until(
      ({ turn, asks }) => isDone() || turn !== null || Object.keys(asks).length > 0,
    );
    if (isDone()) return;
    const before = paceOf(reader.state());
    await wait(life, before, (state) => paceOf(state) < before);
    if (isDone()) return;
    await look(life, sight).catch((error: unknown) =>
      context.log("info", "a look at the agent's status failed", { error: String(error) }),
    );
  }
};

/** What its files still hold after its death is read for so long at most. */
const lastWordsMs = 10_000;

const endReason = (
  life: Life,
  exit: Pick<Exit, "exitCode" | "signal">,
  unseen: boolean,
): string => {
  if (life.stopping) return "stopped on request";
  if (exit.signal !== null) return `Claude Code was killed by ${exit.signal}.`;
  if (exit.exitCode === 0) return "Claude Code was ended at its terminal.";
  if (exit.exitCode !== null) return `Claude Code ended with exit code ${exit.exitCode}.`;
  return unseen ? "Claude Code ended while nobody watched." : "Claude Code ended.";
};

/** Whoever leaves it at rest, as it tells them to, has ended it: it has not failed. */
const wasLeft = ({ reader }: Life, exitCode: number | null): boolean => {
  const { turn, next, given } = reader.state();
  return exitCode === 0 && turn === null && next.length === 0 && given === null;
};

/** The last fact. Told once; what the process left running is gone by then. */
export const finish = async (
  life: Life,
  exit: Pick<Exit, "exitCode" | "signal">,
  unwitnessed: boolean,
): Promise<void> => {
  if (life.over || life.closed) return;
  life.over = true;
  life.gone = true;
  const { context, reader } = life;
  await reader.caughtUp(lastWordsMs);
  await reader
    .take(onLastWords, "transcript")
    .catch((error: unknown) =>
      context.log("info", "its last words were not recorded", { error: String(error) }),
    );
  await context.backend.host.sweep(life.owner).catch((error: unknown) => {
    if (!isAdapterFailure(error)) throw error;
    context.log("error", error.message, { remedy: error.failure.remedy });
  });
  const { exitCode, signal } = exit;
  const reason = endReason(life, exit, unwitnessed);
  const expected = life.stopping || wasLeft(life, exitCode);
  await reader
    .tell([{ fact: "exited", exitCode, signal, expected, unwitnessed, reason }])
    .catch((error: unknown) =>
      context.log("info", "its end was not recorded", { error: String(error) }),
    );
  letGo(life);
};

/** Its end is told when it comes, whoever brings it about. */
export const watchOver = (life: Life): void => {
  const { context, ending, terminal } = life;
  const ended = async (): Promise<void> => {
    const exit = await context.backend.terminals.ended(terminal, ending.signal);
    life.gone = true;
    life.reader.change((state) => ({ ...state }));
    await finish(life, exit, false);
  };
  ended().catch((error: unknown) => {
    if (!life.closed && !life.over)
      context.log("error", "the end of an agent could not be told", { error: String(error) });
  });
  void lookAfter(life);
};
