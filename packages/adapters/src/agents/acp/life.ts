/** What the life of an ACP agent is beside that of any agent that speaks in lines: a conversation that is opened, and answers of the fold's own. */
import { pause, type Fact, type SessionContext } from "@skein/sdk";
import { fromCheckpoint } from "../lines/checkpoint.ts";
import { endCommands } from "../lines/commands.ts";
import { makeLineLife, say, type LineLife } from "../lines/life.ts";
import type { AcpAgent } from "./agents.ts";
import type { Conversation, Folded, Order, Settings } from "./fold.ts";
import { becomeReady } from "./handshake.ts";
import { initialState, type State } from "./state.ts";
import { step } from "./translate.ts";
import { readLine } from "./wire.ts";

/** When conversations were begun, as far as this daemon was there to see it. */
export type Births = {
  note(conversation: string, now: number): void;
  /** Milliseconds until it may be loaded. */
  wait(conversation: string, now: number): number;
};

export type Life = LineLife<State> & {
  readonly agent: AcpAgent;
  readonly births: Births;
  settings(): Settings;
  /** What the process is started for; a second try may be for another. */
  conversation: Conversation;
};

const conversationOf = ({ session, how }: SessionContext): Conversation => {
  if (how === "resume" && session.providerSessionId !== null)
    return { how, id: session.providerSessionId };
  if (how === "fork" && session.forkFrom !== null) return { how, from: session.forkFrom };
  return { how: "new" };
};

/** What must be so before facts are told: the commands of an interrupted turn are gone. */
const settle = async (life: Life, facts: readonly Fact[], since: number): Promise<typeof facts> => {
  const isInterrupted = (fact: Fact): boolean =>
    fact.fact === "turn-ended" && fact.outcome === "interrupted";
  if (facts.some(isInterrupted))
    await endCommands(life.context, life.detached?.process ?? null, since).catch((error: unknown) =>
      life.context.log("warn", "commands of a turn may still run", { error: String(error) }),
    );
  return facts;
};

export const makeLife = (agent: AcpAgent, context: SessionContext, births: Births): Life => {
  let since = 0;
  const life: Life = {
    ...makeLineLife<State, Order>(context, {
      title: agent.title,
      begin: fromCheckpoint(context, initialState),
      step: (state, { text, cut }) => {
        // Taken with each line: the line that ends a turn forgets when it began.
        since = state.turn?.since ?? since;
        return step(state, cut ? { type: "cut" } : readLine(text), life.settings());
      },
      settle: (facts) => settle(life, facts, since),
      carryOut: (frame) => writeLater(life, frame),
      last: (end) => [...spokenLast(life.reader.state()), end],
    }),
    agent,
    births,
    conversation: conversationOf(context),
    settings: () => {
      const { folder, permissions, model, effort } = context.session;
      const { home } = context.backend;
      const { conversation, detached } = life;
      const { generation } = context;
      const pid = detached?.process.pid ?? null;
      return { agent, generation, folder, home, permissions, model, effort, conversation, pid };
    },
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

/** For the answers that the fold gives: its end says more than the failure to write to it. */
function writeLater(life: Life, frame: string): void {
  say(life, frame).catch((error: unknown) =>
    life.context.log("info", "an answer did not reach the agent", { error: String(error) }),
  );
}

/** Words that it was in the middle of are not lost. */
const spokenLast = ({ speech }: State): readonly Fact[] => {
  if (speech === null || speech.text === "") return [];
  return [{ fact: "item", id: speech.item, body: { kind: speech.kind, text: speech.text } }];
};
