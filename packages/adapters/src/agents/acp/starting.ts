/** From nothing to an ACP agent that is ready, or to one sentence that says why not. */
import { pause } from "@skein/sdk";
import { inHand } from "../lines/life.ts";
import { begin, giveUp, startAnew, untilReady, type Tried } from "../lines/starting.ts";
import type { Conversation } from "./fold.ts";
import { initializeFrame } from "./handshake.ts";
import { settleOpened, type Life } from "./life.ts";
import { refusalOf, secondTry, startProcess } from "./process.ts";
import { initialState, type State } from "./state.ts";

/** The handshake has come to its end, whatever that was. */
export const isAnswered = ({ phase }: State): boolean =>
  ["settling", "ready", "failed"].includes(phase);

const unready = async (life: Life): Promise<Tried<Conversation>> => {
  const { agent, conversation, reader } = life;
  const leavings = await giveUp(life);
  const state = reader.state();
  const refusal = refusalOf(agent, conversation, state, leavings);
  return { refusal, second: secondTry(agent, conversation, state) };
};

/** A stop that comes meanwhile is not held up: it finds nothing to end. */
const awaitMinute = async ({ agent, births, context, conversation }: Life): Promise<void> => {
  if (agent.loadsInAnotherMinute !== true || conversation.how !== "resume") return;
  const ms = births.wait(conversation.id, context.backend.clock.now());
  if (ms > 0) context.log("info", "waits for the next minute before it loads", { ms });
  if (ms > 0) await pause(context.backend.clock, ms);
};

const attempt = async (life: Life, conversation: Conversation): Promise<Tried<Conversation>> => {
  const { agent, births, context, reader } = life;
  const { command, clock, version } = context.backend;
  life.conversation = conversation;
  if (command === null) {
    const message = `${agent.title} is not installed, or not on PATH.`;
    const refusal = { code: "backend_not_installed", message, remedy: agent.install } as const;
    return { refusal, second: null };
  }
  reader.change(() => initialState);
  await awaitMinute(life);
  if (life.stopping || life.closed) return null;
  const begun = await begin(life, () => startProcess(agent, context, command));
  if (begun === "stopped") return null;
  if (begun !== "running") return { refusal: begun, second: null };
  // Dead already: its end says more than the failure to write to it.
  await inHand(life)
    .write(initializeFrame(agent, version))
    .catch(() => undefined);
  await untilReady(life, isAnswered);
  await settleOpened(life);
  const { phase, conversation: opened } = reader.state();
  if (opened !== null && conversation.how !== "resume") births.note(opened, clock.now());
  return phase === "ready" ? null : unready(life);
};

export const startConversation = (life: Life): Promise<void> =>
  startAnew(life, life.conversation, (conversation) => attempt(life, conversation));
