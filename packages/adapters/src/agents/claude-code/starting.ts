/** From nothing to a Claude Code that is ready, or to one sentence that says why not. */
import { inHand } from "../lines/life.ts";
import {
  begin,
  giveUp,
  startAnew,
  untilReady,
  type Refusal,
  type Tried,
} from "../lines/starting.ts";
import { initializeFrame } from "./frames.ts";
import type { Life } from "./life.ts";
import {
  conversationOf,
  notInstalled,
  refusalOf,
  secondTry,
  startProcess,
  type Conversation,
} from "./process.ts";
import { initialState, type State } from "./state.ts";

const unready = async (life: Life, conversation: Conversation): Promise<Tried<Conversation>> => {
  const { alive, seconds, exitCode, stderr } = await giveUp(life);
  const silent = {
    message: `Claude Code did not get ready within ${seconds} s.`,
    remedy:
      "Run `skein doctor`, or start `claude` by hand in that folder to see what it waits for.",
  };
  const why = alive ? silent : refusalOf(conversation, stderr, exitCode);
  const refusal: Refusal = { code: "backend_unavailable", ...why };
  return { refusal, second: secondTry(conversation, stderr) };
};

const attempt = async (life: Life, conversation: Conversation): Promise<Tried<Conversation>> => {
  const { context, reader } = life;
  const { command } = context.backend;
  if (command === null)
    return { refusal: { code: "backend_not_installed", ...notInstalled }, second: null };
  if (conversation.how === "resume")
    reader.change((state) => ({ ...state, conversation: conversation.id }));
  const begun = await begin(life, () => startProcess(context, command, conversation));
  if (begun === "stopped") return null;
  if (begun !== "running") return { refusal: begun, second: null };
  const isReady = ({ ready }: State): boolean => ready;
  // Dead already: its end says more than the failure to write to it.
  await inHand(life)
    .write(initializeFrame)
    .catch(() => undefined);
  await untilReady(life, isReady);
  return isReady(reader.state()) ? null : unready(life, conversation);
};

export const startConversation = async (life: Life): Promise<void> => {
  life.reader.change(() => initialState);
  life.torn = false;
  await startAnew(life, conversationOf(life.context), (conversation) =>
    attempt(life, conversation),
  );
};
