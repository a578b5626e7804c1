/** The process of one generation, the reader of its spool, and the way to its stdin. */
import {
  pause,
  adapterFailure,
  isAdapterFailure,
  type AdapterFailure,
  type Detached,
  type Exit,
  type Fact,
  type Owner,
  type SessionContext,
} from "@skein/sdk";
import type { AcpAgent } from "./agents.ts";
import { fromCheckpoint } from "../lines/checkpoint.ts";
import { makeReader, type Reader } from "../lines/reader.ts";
import type { Folded, Order, Settings } from "./fold.ts";
import { becomeReady, type Conversation } from "./handshake.ts";
import { initialState, type State } from "./state.ts";
import { step } from "./translate.ts";
import { readLine } from "./wire.ts";

/** Clocks of the kernel and ours differ by less than this. */
const slackMs = 1_000;

/** When conversations were begun, as far as this daemon was there to see it. */
export type Births = {
  note(conversation: string, now: number): void;
  /** Milliseconds until it may be loaded. */
  wait(conversation: string, now: number): number;
};

export type Life = {
  readonly agent: AcpAgent;
  readonly births: Births;
  readonly context: SessionContext;
  readonly owner: Owner;
  readonly reader: Reader<State>;
  settings(): Settings;
  /** What the process is started for; a second try may be for another. */
  conversation: Conversation;
  detached: Detached | null;
  /** Resolves when the spool is read to its end: how the process ended; null when it was let go. Never rejects. */
  reading: Promise<Exit | null>;
  stopping: boolean;
  closed: boolean;
  /** The last fact was told. */
  over: boolean;
};

const conversationOf = ({ session, how }: SessionContext): Conversation => {
  if (how === "resume" && session.providerSessionId !== null)
    return { how, id: session.providerSessionId };
  if (how === "fork" && session.forkFrom !== null) return { how, from: session.forkFrom };
  return { how: "new" };
};

/**
 * An interrupt ends the commands of the turn; what an agent leaves alive is ended here. Commands run in sessions of their
 * own; helpers that it keeps share its session; what is older than the turn was not started by it.
 */
const endCommands = async (life: Life, since: number): Promise<void> => {
  const { context, owner, detached } = life;
  const { host, clock } = context.backend;
  if (detached === null) return;
  const { pid } = detached.process;
  const oldest = clock.now() - since + slackMs;
  await host.sweep(owner, (one) => one.session === pid || one.ageMs > oldest);
};

/** What must be so before facts are told: the commands of an interrupted turn are gone. */
const settle = async (life: Life, facts: readonly Fact[], since: number): Promise<typeof facts> => {
  const isInterrupted = (fact: Fact): boolean =>
    fact.fact === "turn-ended" && fact.outcome === "interrupted";
  if (facts.some(isInterrupted))
    await endCommands(life, since).catch((error: unknown) =>
      life.context.log("warn", "commands of a turn may still run", { error: String(error) }),
    );
  return facts;
};

export const makeLife = (agent: AcpAgent, context: SessionContext, births: Births): Life => {
  let since = 0;
  const life: Life = {
    agent,
    births,
    context,
    owner: { session: context.session.id, generation: context.generation },
    conversation: conversationOf(context),
    detached: null,
    reading: Promise.resolve(null),
    stopping: false,
    closed: false,
    over: false,
    settings: () => {
      const { folder, permissions, model, effort } = context.session;
      const { home } = context.backend;
      const { conversation, detached } = life;
      const { generation } = context;
      const pid = detached?.process.pid ?? null;
      return { agent, generation, folder, home, permissions, model, effort, conversation, pid };
    },
    reader: makeReader(context, {
      begin: fromCheckpoint(context, initialState),
      step: (state, { text, cut }) => {
        // Taken with each line: the line that ends a turn forgets when it began.
        since = state.turn?.since ?? since;
        return step(state, cut ? { type: "garbage" } : readLine(text), life.settings());
      },
      settle: (facts) => settle(life, facts, since),
      carryOut: (frame) => writeLater(life, frame),
    }),
  };
  return life;
};

/** A step of ours, between two lines. Resolves when its facts are recorded; its orders are left to the caller. */
export const apply = async (
  { reader }: Life,
  next: (state: State) => Folded,
): Promise<readonly Order[]> => {
  const { state, facts, orders } = next(reader.state());
  reader.change(() => state);
  if (facts.length > 0) await reader.tell(facts);
  return orders;
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

/** So long nothing has come when an agent has told an old conversation to its end; it gets no longer than that. */
const quietMs = 250;
const maxTellingMs = 10_000;

/** After a handshake that came to its end: an old conversation is told to its end first. */
export const settleOpened = async (life: Life): Promise<void> => {
  const { reader, context } = life;
  const isSettling = (): boolean => reader.state().phase === "settling";
  const { clock } = context.backend;
  const began = clock.monotonic();
  while (isSettling() && !life.closed && clock.monotonic() - began < maxTellingMs) {
    const before = reader.offset();
    await pause(context.backend.clock, quietMs);
    if (reader.offset() === before) break;
  }
  if (isSettling() && !life.closed)
    await apply(life, (state) => becomeReady(state, life.settings()));
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

/** Rejects with an AdapterFailure when the process is dead or out of reach: it has not been sent. */
export async function send(life: Life, frame: string): Promise<void> {
  const { detached } = life;
  if (detached === null) throw outOfReach();
  await detached.write(frame);
}

/** For the answers that the fold gives: its end says more than the failure to write to it. */
function writeLater(life: Life, frame: string): void {
  send(life, frame).catch((error: unknown) =>
    life.context.log("info", "an answer did not reach the agent", { error: String(error) }),
  );
}

const endReason = (life: Life, exit: Exit, unwitnessed: boolean, stderr: string): string => {
  const { title } = life.agent;
  if (life.stopping) return "stopped on request";
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const words = said === "" ? "." : `: ${said.slice(0, 300)}`;
  if (exit.signal !== null) return `${title} was killed by ${exit.signal}${words}`;
  if (exit.exitCode !== null) return `${title} ended with exit code ${exit.exitCode}${words}`;
  if (unwitnessed) return `${title} ended while nobody watched${words}`;
  return `${title} ended; an earlier daemon had started it, so its exit code is not known${words}`;
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
    .tell([
      ...spokenLast(reader),
      { fact: "exited", exitCode, signal, expected, unwitnessed, reason },
    ])
    .catch((error: unknown) =>
      context.log("info", "its end was not recorded", { error: String(error) }),
    );
  await detached?.close();
};

/** Words that it was in the middle of are not lost. */
const spokenLast = (reader: Reader<State>): readonly Fact[] => {
  const { speech } = reader.state();
  if (speech === null || speech.text === "") return [];
  return [{ fact: "item", id: speech.item, body: { kind: speech.kind, text: speech.text } }];
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
