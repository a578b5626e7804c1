/**
 * Which words of the CLI belong to which turn, and how a turn begins and ends. Pure.
 *
 * A turn begins with the hook that a prompt was taken. It ends where the transcript says so, and only when that is missing (an
 * interrupt before the first word, a fork's first turn) by what the status file says.
 */
import type { TurnError } from "@skein/contract";
import type { Fact, TurnUsage } from "@skein/sdk";
import { failureOf, turnError } from "../failures.ts";
import { noTokens } from "../state.ts";
import type { Block, Tokens } from "../wire.ts";
import { stepped, chained, type Order, type Step } from "./step.ts";
import { plain } from "./plain.ts";
import {
  turnOf,
  withTaken,
  type Given,
  type State,
  type Submitted,
  type TurnState,
} from "./state.ts";

const comparedChars = 50_000;

/** The input line trims, and turns tabs into blanks: none of that makes another text. */
const bare = (text: string): string => plain(text).replaceAll(/\s/g, "").slice(0, comparedChars);

export const isSame = (ours: string, theirs: string): boolean => bare(ours) === bare(theirs);

/** Ours, perhaps behind what someone had left in the input line. */
const holds = (ours: string, theirs: string): boolean => {
  const [mine, all] = [bare(ours), bare(theirs)];
  return mine !== "" && all.endsWith(mine);
};

const outsideItem = (id: string, text: string): Fact => ({
  fact: "item",
  id,
  body: { kind: "user", text, how: "outside" },
});

const steerItem = ({ prompt, text }: { prompt: string; text: string }): Fact => ({
  fact: "item",
  id: prompt,
  body: { kind: "user", text, how: "steer" },
});

/** What was handed over was taken. */
export const accept = (state: State, given: Given, promptId: string, now: number): Step =>
  stepped(
    {
      ...withTaken(state, given.turn),
      given: null,
      turn: turnOf(given.turn, promptId, now),
    },
    [{ fact: "accepted", turn: given.turn }],
  );

/**
 * Whether it is what was typed from here. An input line that makes another text of it does so each time: what comes instead of it
 * for the second time is held for it, or it would be given for ever.
 */
const isOurs = ({ pasted, text, strangers }: Given, taken: string): boolean =>
  pasted && (holds(text, taken) || strangers > 0);

/** A person's turn goes first: what was handed over comes back with another turn. */
const passed = (given: Given): Given => ({
  ...given,
  returned: true,
  strangers: given.strangers + (given.pasted ? 1 : 0),
});

/** The prompt that the CLI took begins a turn: the one that was handed over, or one that a person typed. */
const begin = (state: State, { promptId, text }: Submitted, now: number): Step => {
  const { given } = state;
  if (given !== null && isOurs(given, text))
    return given.returned
      ? stepped({ ...state, given: { ...given, promptId } })
      : accept(state, given, promptId, now);
  return stepped(
    {
      ...state,
      given: given === null ? null : passed(given),
      turn: turnOf(promptId, promptId, now),
    },
    [{ fact: "begun", key: promptId, text }],
  );
};

/** Taken by the CLI, and handed over by nobody for so long: whoever does so yet finds that it has been given. */
export const unclaimed = (state: State, promptId: string, now: number): Step => {
  const { given } = state;
  const joined = given === null ? state.joined : [...state.joined, given.prompt];
  return stepped({ ...state, given: null, joined, turn: turnOf(promptId, promptId, now) }, [
    { fact: "begun", key: promptId, text: given?.text ?? "" },
  ]);
};

/** What is known of an end was of another one. */
const goingOn = (turn: TurnState): TurnState => ({
  ...turn,
  seen: false,
  spoke: false,
  over: null,
  said: null,
  allSaid: false,
});

/** Words that steer came after the turn's last tool: the CLI answers them in a run of their own, which is still this turn. */
const goOn = (state: State, turn: TurnState, { promptId, text }: Submitted): Step | null => {
  const steer = state.steers.find((one) => isSame(one.text, text));
  if (steer === undefined) return null;
  const steers = state.steers.filter((one) => one !== steer);
  const next = { ...goingOn(turn), promptId, refusal: null, fault: null };
  return stepped({ ...withTaken(state, steer.prompt), steers, turn: next }, [steerItem(steer)]);
};

export const submit = (state: State, submitted: Submitted, now: number): Step => {
  const { turn } = state;
  if (turn === null) return begin(state, submitted, now);
  return goOn(state, turn, submitted) ?? stepped({ ...state, next: [...state.next, submitted] });
};

/** Words typed during the turn that it has taken in. */
export const join = (state: State, id: string, text: string): Step => {
  const steer = state.steers.find((one) => isSame(one.text, text));
  if (steer !== undefined)
    return stepped(
      {
        ...withTaken(state, steer.prompt),
        steers: state.steers.filter((one) => one !== steer),
      },
      [steerItem(steer)],
    );
  const { given } = state;
  if (given !== null && given.pasted && holds(given.text, text))
    return stepped({ ...state, given: null, joined: [...state.joined, given.prompt] }, [
      outsideItem(given.prompt, text),
    ]);
  return stepped(state, [outsideItem(id, text)]);
};

const plus = (one: Tokens, other: Tokens): Tokens => ({
  input: one.input + other.input,
  output: one.output + other.output,
  cacheRead: one.cacheRead + other.cacheRead,
  cacheWrite: one.cacheWrite + other.cacheWrite,
});

/** Each line of a message tells the message's own sums anew. */
export const count = (turn: TurnState, message: string, tokens: Tokens): TurnState =>
  turn.newest.message === message
    ? { ...turn, newest: { message, tokens } }
    : { ...turn, tokens: plus(turn.tokens, turn.newest.tokens), newest: { message, tokens } };

export const hear = (turn: TurnState, blocks: readonly Block[]): TurnState => {
  const text = blocks.findLast((block) => block.type === "text")?.text;
  return { ...turn, spoke: true, heard: text === undefined ? turn.heard : bare(text) };
};

const incomplete: Fact = {
  fact: "notice",
  level: "warning",
  text: "Claude Code is idle, and its transcript does not say how this turn ended: something of it may be missing here.",
};

/** The hook's word for what the transcript did not bring. Should it do so yet, it is not told again. */
export const standIn = (state: State, turn: TurnState): Step => {
  const { said, refusal, promptId } = turn;
  const isFailure = turn.over === "failure";
  const isTold = said === null || isSame(said, turn.heard) || (isFailure && refusal !== null);
  if (isTold) return stepped(state, [incomplete]);
  const file = state.file === null ? null : { ...state.file, passing: true };
  if (isFailure)
    return stepped({ ...state, file, turn: { ...turn, refusal: { text: said, status: null } } }, [
      incomplete,
    ]);
  const words: Fact = {
    fact: "item",
    id: `${promptId}:said`,
    body: { kind: "message", text: said },
  };
  return stepped({ ...state, file }, [words, incomplete]);
};

/** null: no answer was begun. */
const usageOf = (turn: TurnState, model: string | null): TurnUsage | null => {
  if (turn.newest.message === "") return null;
  const sum = plus(turn.tokens, turn.newest.tokens);
  return {
    model,
    inputTokens: sum.input,
    outputTokens: sum.output,
    cacheReadTokens: sum.cacheRead,
    cacheWriteTokens: sum.cacheWrite,
    // Claude counts them among the output.
    reasoningTokens: 0,
    // The transcript tells no cost.
    costUsd: null,
  };
};

const connection = /unable to connect|connection (?:error|closed|reset)|ECONNRE/i;

const errorOf = (turn: TurnState): TurnError | null => {
  if (turn.refusal === null)
    return turn.cut ? turnError("cut", "The answer broke off before its end.") : null;
  const { text, status } = turn.refusal;
  const told = {
    type: "result",
    subtype: "success",
    isError: true,
    apiStatus: status,
    text,
    errors: [],
    terminalReason: null,
    stopReason: null,
    numTurns: 1,
    usage: noTokens,
    totals: null,
    totalCostUsd: null,
    sessionId: null,
  } as const;
  return failureOf(told, turn.fault, connection.test(text));
};

export type Outcome = "by itself" | "interrupted";

const endFact = (state: State, turn: TurnState, outcome: Outcome): Fact => {
  const error = outcome === "interrupted" ? null : errorOf(turn);
  const failed = error === null ? ("completed" as const) : ("failed" as const);
  return {
    fact: "turn-ended",
    turn: turn.id,
    outcome: outcome === "interrupted" ? outcome : failed,
    error,
    usage: usageOf(turn, state.model),
  };
};

/** Hooks that still wait for an answer nobody can give any more. */
const releases = (state: State): readonly Order[] =>
  Object.entries(state.asks).flatMap(([request, { answered }]) =>
    answered === true ? [] : [{ order: "release", request }],
  );

/** The next prompt that the CLI has taken meanwhile begins its turn at once. */
export const end = (state: State, outcome: Outcome, now: number): Step => {
  const { turn } = state;
  if (turn === null) return stepped(state);
  const interrupted = outcome === "interrupted";
  if (!interrupted && turn.refusal === null && state.steers.length > 0)
    return stepped({ ...state, turn: goingOn(turn) });
  // Words that steer are gone with the turn that they were given to.
  const lost = state.steers.map(steerItem);
  const [first, ...rest] = state.next;
  const ended: State = {
    ...withTaken(state, ...state.steers.map((one) => one.prompt)),
    turn: null,
    next: rest,
    steers: [],
    queued: [],
    asks: {},
    tools: {},
    declined: [],
  };
  const facts = [...lost, endFact(state, turn, outcome)];
  return chained(stepped(ended, facts, releases(state)), (after) =>
    first === undefined ? stepped(after) : submit(after, first, now),
  );
};
