/** The process of one generation, the reader of its spool, and the way to its stdin. */
import type { Detached, Exit, Fact, Owner, SessionContext } from "@skein/sdk";
import { adapterFailure, isAdapterFailure, type AdapterFailure } from "@skein/sdk";
import { fromCheckpoint } from "../lines/checkpoint.ts";
import { makeReader, type Reader } from "../lines/reader.ts";
import type { Order, Settings } from "./fold.ts";
import { denyFrame, interruptFrame, isAtomic, uuidOf } from "./frames.ts";
import { preview } from "./preview.ts";
import { initialState, recorded, type State } from "./state.ts";
import { giving, step } from "./translate.ts";
import { readLine, type AskLine } from "./wire.ts";

/** So long an agent is given to show that it read a frame whose writing was broken off by a crash of the daemon. */
const tornMs = 1_000;
/** Clocks of the kernel and ours differ by less than this. */
const slackMs = 1_000;
const keptAsks = 64;

export type Life = {
  readonly context: SessionContext;
  readonly owner: Owner;
  readonly reader: Reader<State>;
  /** Requests as they were read, for the answer. */
  readonly asks: Map<string, AskLine>;
  detached: Detached | null;
  /** Resolves when the spool is read to its end: how the process ended; null when it was let go. Never rejects. */
  reading: Promise<Exit | null>;
  stopping: boolean;
  closed: boolean;
  /** The last fact was told. */
  over: boolean;
  /** A frame may stand half in the FIFO: nothing may be written after it. */
  torn: boolean;
  /** Why we ended it ourselves. */
  verdict: string | null;
};

export const turnUuid = ({ session, generation }: SessionContext, turn: string): string =>
  uuidOf(`${session.id}/${generation}/${turn}`);

/** The turn that the last daemon left: its text is not in the checkpoint, and perhaps not even its name. */
const withTurn = (state: State, context: SessionContext): State => {
  const { turn } = context;
  if (turn === null) return state;
  const { id, prompt, text } = turn;
  if (state.turn?.id === id) return { ...state, turn: { ...state.turn, text } };
  if (turn.accepted || state.turn !== null) return state;
  return giving(state, id, 0, { uuid: turnUuid(context, id), prompt, text });
};

const beginning = (context: SessionContext): { state: State; offset: number } => {
  const { state, offset } = fromCheckpoint(context, initialState);
  const { how, session } = context;
  const known = state.conversation ?? (how === "resume" ? session.providerSessionId : null);
  return { state: withTurn({ ...state, conversation: known }, context), offset };
};

/**
 * An interrupt ends the commands of the turn, but the CLI leaves those alive that ignore SIGTERM. Commands run in sessions
 * of their own; servers that the CLI keeps share its session; what is older than the turn was not started by it.
 */
const endCommands = async (life: Life, since: number): Promise<void> => {
  const { context, owner, detached } = life;
  const { host, clock } = context.backend;
  if (detached === null) return;
  const { pid } = detached.process;
  const oldest = clock.now() - since + slackMs;
  await host.sweep(owner, (one) => one.session === pid || one.ageMs > oldest);
};

const settleOne = async (life: Life, fact: Fact, since: number): Promise<Fact> => {
  const wasEnded = fact.fact === "turn-ended" && fact.outcome !== "completed";
  if (wasEnded && (fact.outcome === "interrupted" || fact.error?.kind === "login"))
    await endCommands(life, since);
  if (fact.fact !== "asked" || fact.approval.kind !== "edit") return fact;
  const ask = life.asks.get(fact.request);
  if (ask === undefined) return fact;
  const { backend } = life.context;
  return { ...fact, approval: await preview(backend, fact.approval, ask.tool, ask.input) };
};

/** What must be so before facts are told: commands of an interrupted turn gone, an edit shown as the diff that it is. */
const settle = async (
  life: Life,
  facts: readonly Fact[],
  since: number,
): Promise<readonly Fact[]> => {
  const settled: Fact[] = [];
  for (const fact of facts) {
    settled.push(
      await settleOne(life, fact, since).catch((error: unknown) => {
        life.context.log("warn", "a fact is told unsettled", { error: String(error) });
        return fact;
      }),
    );
  }
  return settled;
};

const keep = (life: Life, ask: AskLine): void => {
  life.asks.set(ask.request, ask);
  const [oldest] = life.asks.keys();
  if (life.asks.size > keptAsks && oldest !== undefined) life.asks.delete(oldest);
};

export const carryOut = (life: Life, order: Order): void => {
  const frame =
    order.order === "refuse" ? denyFrame(order.request, order.message) : interruptFrame(order.turn);
  const failed = (error: unknown): void =>
    life.context.log("warn", "an order was not carried out", { error: String(error), ...order });
  send(life, frame, "").catch(failed);
};

export const makeLife = (context: SessionContext): Life => {
  const begin = beginning(context);
  let since = 0;
  const settings = (): Settings => {
    const { folder, permissions, model } = context.session;
    return { folder, permissions, model, pid: life.detached?.process.pid ?? null };
  };
  const life: Life = {
    context,
    owner: { session: context.session.id, generation: context.generation },
    asks: new Map(),
    detached: null,
    reading: Promise.resolve(null),
    stopping: false,
    closed: false,
    over: false,
    torn: begin.state.writing !== null,
    verdict: null,
    reader: makeReader(context, {
      begin,
      step: (state, { text, cut }, at) => {
        const line = cut ? ({ type: "garbage" } as const) : readLine(text);
        if (line.type === "ask") keep(life, line);
        // Taken with each line: the line that ends a turn forgets when it began.
        since = state.turn?.since ?? since;
        return step(state, line, at, settings());
      },
      settle: (facts) => settle(life, facts, since),
      carryOut: (order) => carryOut(life, order),
      recorded,
    }),
  };
  return life;
};

/** Begins to read. The process ends: its last words are told before `reading` resolves. */
export const follow = (life: Life, detached: Detached): void => {
  life.detached = detached;
  const { reader, context } = life;
  const read = async (): Promise<Exit | null> => {
    await reader.read(detached.lines(reader.offset()));
    if (life.closed) return null;
    await reader.flushed();
    return detached.exited;
  };
  life.reading = read().catch(async (error: unknown) => {
    // The generation is over or the daemon leaves: its words are nobody's any more, or the next daemon's.
    context.log("info", "reading was given up", { error: String(error) });
    life.closed = true;
    await detached.close();
    return null;
  });
};

/** Until it is so, or the process has ended, or `ms` are over; leaves nothing behind. */
export const wait = async (
  life: Life,
  ms: number,
  passes: (state: State) => boolean,
): Promise<void> => {
  const over = new AbortController();
  const cancel = life.context.backend.clock.after(ms, () => over.abort());
  await Promise.race<unknown>([life.reader.until(passes, over.signal), life.reading]);
  cancel();
  over.abort();
};

/**
 * A frame of more than 4096 bytes whose writing a crash broke off may stand half in the FIFO. Was it read whole, the agent shows it
 * soon. If not, whatever is written next would complete a line of rubbish, of which the CLI dies anyway: so it is ended,
 * and the daemon's next generation resumes the conversation and gives the prompt again.
 */
const mend = async (life: Life, detached: Detached): Promise<void> => {
  const isWhole = (state: State): boolean => state.writing === null;
  await wait(life, tornMs, isWhole);
  life.torn = false;
  if (isWhole(life.reader.state())) return;
  life.verdict =
    "Its input was cut when the daemon ended, so the agent was ended too; it resumes the conversation.";
  await detached.terminate(0);
};

/** It was looked for and not found, nor found dead: perhaps it runs. */
const outOfReach = (): AdapterFailure =>
  adapterFailure("Nothing holds the agent's process, so nothing can be said to it.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again; when it stays so, stop and resume the session.",
    retryable: true,
  });

/** Whether there may be a process that nobody here has in hand: what is for it is not done then. */
export const isOutOfReach = ({ detached, over }: Life): boolean => detached === null && !over;

/**
 * Writes one frame; `key` names it in the record when it is too large to be written at once. Rejects with an AdapterFailure
 * when the process is dead or out of reach: it has not been sent.
 */
export async function send(life: Life, frame: string, key: string): Promise<void> {
  const { detached, reader } = life;
  if (detached === null) throw outOfReach();
  if (life.torn) await mend(life, detached);
  const isLarge = !isAtomic(frame);
  if (isLarge) {
    reader.change((state) => ({ ...state, writing: key }));
    await reader.tell([]);
  }
  await detached.write(frame);
  if (isLarge) {
    reader.change((state) => (state.writing === key ? { ...state, writing: null } : state));
  }
}

const endReason = (life: Life, exit: Exit, unwitnessed: boolean, stderr: string): string => {
  if (life.stopping) return "stopped on request";
  if (life.verdict !== null) return life.verdict;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const words = said === "" ? "." : `: ${said.slice(0, 300)}`;
  if (exit.signal !== null) return `Claude Code was killed by ${exit.signal}${words}`;
  if (exit.exitCode !== null) return `Claude Code ended with exit code ${exit.exitCode}${words}`;
  if (unwitnessed) return `Claude Code ended while nobody watched${words}`;
  return `Claude Code ended; an earlier daemon had started it, so its exit code is not known${words}`;
};

/** The last fact. Told once; what the process left running is gone by then. */
export const finish = async (life: Life, exit: Exit, unwitnessed: boolean): Promise<void> => {
  if (life.over || life.closed) return;
  life.over = true;
  const { context, detached, reader } = life;
  const { host } = context.backend;
  await host.sweep(life.owner).catch((error: unknown) => {
    if (!isAdapterFailure(error)) throw error;
    context.log("error", error.message, { remedy: error.failure.remedy });
  });
  const stderr = (await detached?.errors(2_000)) ?? "";
  const { exitCode, signal } = exit;
  const reason = endReason(life, exit, unwitnessed, stderr);
  const expected = life.stopping;
  await reader
    .tell([{ fact: "exited", exitCode, signal, expected, unwitnessed, reason }])
    .catch((error: unknown) =>
      context.log("info", "its end was not recorded", { error: String(error) }),
    );
  await detached?.close();
};

/** Its end is told when it comes, whoever brings it about. */
export const watchEnd = (life: Life): void => {
  const told = async (): Promise<void> => {
    const exit = await life.reading;
    // An adopted process had a watcher before: only when it died between two daemons was there none.
    if (exit !== null) await finish(life, exit, false);
  };
  told().catch((error: unknown) =>
    life.context.log("error", "the end of an agent could not be told", { error: String(error) }),
  );
};
