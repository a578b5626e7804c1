/**
 * One life of one session's ACP agent, as the daemon drives it.
 *
 * The protocol has no word for "you gave me that before", so a prompt is written down before it is handed over, and again
 * when it was. Only between the two can nobody tell: then the agent is asked to take it back, and what it answers settles it.
 */
import { adapterFailure, type AgentLink, type SessionContext } from "@skein/sdk";
import { say, wait } from "../lines/life.ts";
import { makeLineLink, unlessGone } from "../lines/link.ts";
import { without } from "../lines/step.ts";
import type { AcpAgent } from "./agents.ts";
import { optionFor } from "./asks.ts";
import { chain, folded, type Folded } from "./fold.ts";
import { pendingFrame } from "./handshake.ts";
import { apply, makeLife, settleOpened, type Births, type Life } from "./life.ts";
import { isAnswered, startConversation } from "./starting.ts";
import type { State } from "./state.ts";
import { declined } from "./translate.ts";
import { wordsFor } from "./slashes.ts";
import { acceptTurn, giving, interrupting } from "./turns.ts";
import { cancelFrame, permissionFrame, promptFrame } from "./wire.ts";

/** So long an agent is given to show that it has a prompt of which nobody can tell; then to take it back. */
const signMs = 2_000;
const takenBackMs = 5_000;
/** A cancel that comes before the agent has begun may be missed by it. */
const againMs = 1_000;
const maxCancels = 10;

/** For a handshake that an earlier daemon began: it comes to its end here. */
const settleLater = (life: Life): void => {
  wait(life, life.context.backend.timing.startMs, isAnswered)
    .then(() => settleOpened(life))
    .catch((error: unknown) =>
      life.context.log("info", "a start came to no end", { error: String(error) }),
    );
};

/** To one that an earlier daemon started. */
const greet = async (life: Life): Promise<void> => {
  const { reader, context } = life;
  const state = reader.state();
  // The last daemon may have died before it asked; an agent that is asked twice answers twice.
  const frame = pendingFrame(state, life.settings(), context.backend.version);
  if (frame !== null) await say(life, frame);
  if (state.phase !== "ready") settleLater(life);
  if (state.turn?.interrupting === true) cancelUntilOver(life, state.turn.id);
};

const isSettled =
  (turn: string) =>
  (state: State): boolean =>
    state.turn?.id !== turn || state.turn.accepted;

/** false: it was never given. */
const wasGiven = async (life: Life, turn: string): Promise<boolean> => {
  const { reader } = life;
  const settled = isSettled(turn);
  // Ends the half of a line that a crash may have left in the FIFO; by itself it means nothing.
  await say(life, "");
  await wait(life, signMs, settled);
  if (settled(reader.state())) return true;
  const { conversation } = reader.state();
  reader.change((state) =>
    state.turn === null ? state : { ...state, turn: { ...state.turn, doubted: true } },
  );
  if (conversation !== null) await say(life, cancelFrame(conversation));
  await wait(life, takenBackMs, settled);
  return settled(reader.state());
};

type Words = { readonly turn: string; readonly text: string };

const prompt = async (life: Life, { turn, text }: Words): Promise<void> => {
  const { context, reader } = life;
  const now = reader.state().turn;
  if (now?.id === turn && (now.accepted || (await wasGiven(life, turn)))) return;
  const since = context.backend.clock.now();
  await apply(life, (state) => giving(state, turn, since));
  await reader.tell([]);
  const { conversation, commands } = reader.state();
  if (conversation === null) throw notReady();
  await say(life, promptFrame(conversation, turn, wordsFor(text, life.agent, commands)));
  const mine = (state: State): Folded =>
    state.turn?.id === turn ? acceptTurn(state) : folded(state);
  await apply(life, mine);
};

const notReady = () =>
  adapterFailure("The agent is not ready for a prompt.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again.",
    retryable: true,
  });

/** Bounded: an agent that will not stop is the daemon's to end. */
function cancelUntilOver(life: Life, turn: string): void {
  const again = async (): Promise<void> => {
    for (let round = 0; round < maxCancels; round++) {
      await wait(life, againMs, (state) => state.turn?.id !== turn);
      const { turn: now, conversation } = life.reader.state();
      if (now?.id !== turn || conversation === null || life.closed || life.over) return;
      await say(life, cancelFrame(conversation));
    }
  };
  again().catch((error: unknown) =>
    life.context.log("info", "a turn could not be cancelled again", { error: String(error) }),
  );
}

const interrupt = async (life: Life, turn: string): Promise<void> => {
  if (life.reader.state().turn?.id !== turn) return;
  const orders = await apply(life, interrupting);
  for (const frame of orders) await say(life, frame);
  cancelUntilOver(life, turn);
};

const answer = async (
  life: Life,
  { request, resolution }: Parameters<AgentLink["answer"]>[0],
): Promise<void> => {
  const ask = life.reader.state().asks[request];
  if (ask === undefined) return;
  await say(life, permissionFrame(ask.id, optionFor(ask, resolution.decision)));
  const answered = (state: State): Folded => {
    const next = folded({ ...state, asks: without(state.asks, request) });
    return resolution.decision === "deny"
      ? chain(next, (before) => declined(before, ask, life.settings()))
      : next;
  };
  await apply(life, answered);
};

const noSteer = ({ title }: AcpAgent) =>
  adapterFailure(`${title} takes no words during a turn.`, {
    kind: "unsupported",
    code: "steer_unsupported",
    remedy: "Send it as a prompt of its own.",
    retryable: false,
  });

export const makeLink = (agent: AcpAgent, context: SessionContext, births: Births): AgentLink => {
  const life = makeLife(agent, context, births);
  const link = makeLineLink(life, {
    isReady: ({ phase }) => phase === "ready",
    conversation: ({ told, conversation }) => (told ? conversation : null),
    // In the middle of its handshake nothing was said to it yet, so nothing is lost with it.
    keepsUnready: false,
    greet: () => greet(life),
    startAnew: () => startConversation(life),
  });
  return {
    ...link,
    prompt: (input) => unlessGone(life, prompt(life, input)),
    steer: () => Promise.reject(noSteer(agent)),
    interrupt: ({ turn }) => unlessGone(life, interrupt(life, turn)),
    answer: (input) => unlessGone(life, answer(life, input)),
  };
};
