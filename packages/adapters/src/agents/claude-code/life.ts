/** What the life of a Claude Code is beside that of any agent that speaks in lines: its questions, its commands, and frames that may be cut. */
import { isDiskFault, type Detached, type Fact, type SessionContext } from "@skein/sdk";
import { fromCheckpoint } from "../lines/checkpoint.ts";
import { endCommands } from "../lines/commands.ts";
import { inHand, makeLineLife, wait, type LineLife } from "../lines/life.ts";
import type { Order, Settings } from "./fold.ts";
import { denyFrame, interruptFrame, isAtomic, uuidOf } from "./frames.ts";
import { reservedOf } from "./process.ts";
import { keep, settle } from "./settle.ts";
import { initialState, recorded, type State } from "./state.ts";
import { giving, step } from "./translate.ts";
import { readLine, type AskLine } from "./wire.ts";

/** So long an agent is given to show that it read a frame whose writing was broken off by a crash of the daemon. */
const tornMs = 1_000;

export type Life = LineLife<State> & {
  /** Requests as they were read, for the answer. */
  readonly asks: Map<string, AskLine>;
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

/** Commands of a turn that was interrupted are gone before that is told, those of one that waits for a login too. */
const commandsEnd =
  (life: Life, since: number) =>
  async (fact: Fact): Promise<void> => {
    if (fact.fact !== "turn-ended" || fact.outcome === "completed") return;
    if (fact.outcome === "interrupted" || fact.error?.kind === "login")
      await endCommands(life.context, life.detached?.process ?? null, since);
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
    const pid = life.detached?.process.pid ?? null;
    return { folder, permissions, model, pid, reserved: reservedOf(context) };
  };
  const life: Life = {
    ...makeLineLife<State, Order>(context, {
      title: "Claude Code",
      begin,
      step: (state, { text, cut }, at) => {
        const line = cut ? ({ type: "garbage" } as const) : readLine(text);
        if (line.type === "ask") keep(life.asks, line);
        // Taken with each line: the line that ends a turn forgets when it began.
        since = state.turn?.since ?? since;
        return step(state, line, at, settings());
      },
      settle: (facts) => settle(context, life.asks, facts, commandsEnd(life, since)),
      carryOut: (order) => carryOut(life, order),
      recorded,
      last: (end) => [
        life.stopping || life.verdict === null ? end : { ...end, reason: life.verdict },
      ],
    }),
    asks: new Map(),
    torn: begin.state.writing !== null,
    verdict: null,
  };
  return life;
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

/**
 * Writes one frame; `key` names it in the record when it is too large to be written at once. Rejects with an AdapterFailure
 * when the process is dead or out of reach: it has not been sent.
 */
export async function send(life: Life, frame: string, key: string): Promise<void> {
  const { reader } = life;
  const detached = inHand(life);
  if (life.torn) await mend(life, detached);
  const isLarge = !isAtomic(frame);
  if (isLarge) {
    reader.change((state) => ({ ...state, writing: key }));
    await reader.tell([]);
  }
  const written = (): void => {
    if (isLarge)
      reader.change((state) => (state.writing === key ? { ...state, writing: null } : state));
  };
  await detached.write(frame).catch((error: unknown) => {
    if (isDiskFault(error)) written();
    throw error;
  });
  written();
}
