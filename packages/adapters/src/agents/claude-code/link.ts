/**
 * One life of one session's Claude Code, as the daemon drives it.
 *
 * Everything may be asked twice, before and after a crash of the daemon; what was done is known from the recorded state,
 * from names that are derived and not drawn, and from the CLI itself, which runs no uuid twice.
 */
import { adapterFailure, isDiskFault, type AgentLink, type SessionContext } from "@skein/sdk";
import { makeLineLink, unlessGone } from "../lines/link.ts";
import { grantsOf } from "./asks.ts";
import { allowFrame, denyFrame, initializeFrame, interruptFrame, userFrame } from "./frames.ts";
import { carryOut, makeLife, send, turnUuid, type Life } from "./life.ts";
import { startConversation } from "./starting.ts";
import type { State } from "./state.ts";
import { answersOf } from "./tools.ts";
import { giving, interrupting, outstanding, steering } from "./translate.ts";
import { readLine, type AskLine } from "./wire.ts";

/** To one that an earlier daemon started. */
const greet = async (life: Life): Promise<void> => {
  const state = life.reader.state();
  // The last daemon died before it was answered; asked twice, it answers twice.
  if (!state.ready) await send(life, initializeFrame, "");
  for (const order of outstanding(state)) carryOut(life, order);
};

const late = (what: string) =>
  adapterFailure(`${what}: that turn is over.`, {
    kind: "unavailable",
    code: "no_turn",
    remedy: "Send it as a prompt of its own.",
    retryable: false,
  });

type Words = { readonly turn: string; readonly prompt: string; readonly text: string };

const prompt = async (life: Life, { turn, prompt: id, text }: Words): Promise<void> => {
  const { context, reader } = life;
  const now = reader.state().turn;
  if (now?.id === turn && now.accepted) return;
  const uuid = turnUuid(context, turn);
  const since = context.backend.clock.now();
  reader.change((state) => giving(state, turn, since, { uuid, prompt: id, text }));
  try {
    await send(life, userFrame(uuid, text, "later"), turn);
  } catch (error) {
    // The agent lives, and knows nothing of it.
    const isGiven = ({ turn: given }: State): boolean => given?.id === turn && !given.accepted;
    if (isDiskFault(error))
      reader.change((state) => (isGiven(state) ? { ...state, turn: null } : state));
    throw error;
  }
};

const steer = async (life: Life, { turn, prompt: id, text }: Words): Promise<void> => {
  const { context, reader } = life;
  if (reader.state().turn?.id !== turn || life.over) throw late("It could not be steered");
  const uuid = turnUuid(context, id);
  const given = { uuid, prompt: id, text };
  reader.change((state) => steering(state, given));
  try {
    await send(life, userFrame(uuid, text, "next"), id);
  } catch (error) {
    const isOther = (one: State["steers"][number]): boolean => one.uuid !== uuid;
    reader.change((state) => ({ ...state, steers: state.steers.filter(isOther) }));
    throw error;
  }
};

const interrupt = async (life: Life, turn: string): Promise<void> => {
  if (life.reader.state().turn?.id !== turn) return;
  life.reader.change(interrupting);
  await send(life, interruptFrame(turn), "");
};

/** As it was read, or read again by a daemon that came later. */
const askOf = async (life: Life, request: string): Promise<AskLine | null> => {
  const open = life.reader.state().asks[request];
  if (open === undefined) return null;
  const kept = life.asks.get(request);
  if (kept !== undefined) return kept;
  const { backend, dir } = life.context;
  for await (const { text } of backend.host.spool(dir, open.at)) {
    const line = readLine(text);
    return line.type === "ask" ? line : null;
  }
  return null;
};

const answer = async (
  life: Life,
  { request, resolution }: Parameters<AgentLink["answer"]>[0],
): Promise<void> => {
  const ask = await askOf(life, request);
  if (ask === null) return;
  const { folder } = life.context.session;
  const frame = (): string => {
    switch (resolution.decision) {
      case "deny":
        return denyFrame(request, resolution.message ?? "The person who was asked said no.");
      case "answer":
        return allowFrame(request, answersOf(ask.input, resolution.answers ?? {}));
      case "always":
        return allowFrame(request, ask.input, grantsOf(ask, folder));
      case "allow":
        return allowFrame(request, ask.input);
    }
  };
  await send(life, frame(), request);
};

export const makeLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  const link = makeLineLink(life, {
    isReady: ({ ready }) => ready,
    conversation: ({ conversation }) => conversation,
    keepsUnready: true,
    greet: () => greet(life),
    startAnew: () => startConversation(life),
  });
  return {
    ...link,
    prompt: (input) => unlessGone(life, prompt(life, input)),
    // Its words must go another way when the agent is gone: it says so.
    steer: (input) => steer(life, input),
    interrupt: ({ turn }) => unlessGone(life, interrupt(life, turn)),
    answer: (input) => unlessGone(life, answer(life, input)),
  };
};
