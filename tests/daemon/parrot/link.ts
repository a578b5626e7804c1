/** What the parrot is told, and how it is started; the rest is the same for every agent that speaks in lines. */
import {
  begin,
  fromCheckpoint,
  giveUp,
  makeLineLife,
  makeLineLink,
  say,
  startAnew,
  stepped,
  unlessGone,
  untilReady,
  type LineLife,
  type Tried,
} from "@skein/adapters/lines";
import { adapterFailure, type AgentLink, type SessionContext } from "@skein/sdk";
import { beginning, fold, type State } from "./translate.ts";
import { promptLine, readWord, stopLine } from "./wire.ts";

const isReady = ({ ready }: State): boolean => ready;

const makeLife = (context: SessionContext): LineLife<State> =>
  makeLineLife<State, never>(context, {
    title: "The parrot",
    begin: fromCheckpoint(context, beginning),
    step: (state, { text, cut }) => {
      const word = cut ? null : readWord(text);
      return word === null ? stepped(state) : fold(state, word);
    },
  });

/** It has one way in, so that nothing is tried a second time. */
const attempt = async (life: LineLife<State>): Promise<Tried<null>> => {
  const { context, owner } = life;
  const { host, command, env } = context.backend;
  const { folder } = context.session;
  const argv = command ?? (["parrot"] as const);
  const begun = await begin(life, () => host.start({ dir: context.dir, argv, env, folder, owner }));
  if (begun === "stopped") return null;
  if (begun !== "running") return { refusal: begun, second: null };
  await untilReady(life, isReady);
  if (isReady(life.reader.state())) return null;
  const { alive, seconds } = await giveUp(life);
  const message = alive ? `It said nothing for ${seconds} s.` : "It ended before it was ready.";
  return {
    refusal: { code: "backend_unavailable", message, remedy: "Try again." },
    second: null,
  };
};

const unsupported = () =>
  adapterFailure("The parrot cannot be steered.", {
    kind: "unsupported",
    code: "steer_unsupported",
    remedy: "Send it without steer.",
    retryable: false,
  });

export const makeLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  const link = makeLineLink(life, {
    isReady,
    conversation: () => null,
    keepsUnready: true,
    greet: async () => undefined,
    startAnew: () => startAnew(life, null, () => attempt(life)),
  });
  return {
    ...link,
    // The parrot takes no turn twice, so it may be told twice.
    prompt: ({ turn, text }) => unlessGone(life, say(life, promptLine(turn, text))),
    steer: async () => {
      throw unsupported();
    },
    interrupt: async ({ turn }) => {
      if (life.reader.state().turn === turn) await unlessGone(life, say(life, stopLine(turn)));
    },
    // It never asks.
    answer: async () => undefined,
  };
};
