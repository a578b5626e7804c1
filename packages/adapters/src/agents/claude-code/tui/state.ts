/** What the fold of the TUI mode remembers. Small JSON: recorded with every report, and the next daemon goes on from it. */
import type { ItemBody } from "@skein/contract";
import type { Tokens } from "../wire.ts";
import { noTokens } from "../state.ts";

/** Words of Skein's for the agent. */
export type Given = {
  readonly turn: string;
  readonly prompt: string;
  readonly text: string;
  /** It may stand in the terminal already. */
  readonly pasted: boolean;
  /** A person's turn began before it: it waits in Skein's queue again, and comes back with another turn. */
  readonly returned: boolean;
  /** The CLI took it meanwhile, under this name; null: not that we know. */
  readonly promptId: string | null;
  /** How often something else was taken than what had been typed. */
  readonly strangers: number;
};

export const givenOf = (turn: string, prompt: string, text: string): Given => ({
  turn,
  prompt,
  text,
  pasted: false,
  returned: false,
  promptId: null,
  strangers: 0,
});

/** A prompt that the CLI has taken and whose turn has not begun for us, because the one before is still being read. */
export type Submitted = { readonly promptId: string; readonly text: string };

export type TurnState = {
  /** Skein's id; for a turn that began outside, the CLI's own for its prompt. */
  readonly id: string;
  readonly promptId: string;
  /** When it began, milliseconds since the epoch by our clock. */
  readonly since: number;
  readonly interrupting: boolean;
  /** Its prompt was read in the transcript: what follows there is of this turn. */
  readonly seen: boolean;
  /** When the CLI took the prompt, by the host's clock; null: not known. */
  readonly at: number | null;
  /** How long after the hook that took the prompt its line came to us, in milliseconds: so slow is all of it just now. */
  readonly lag: number;
  /** The model has said something that stands in the transcript. */
  readonly spoke: boolean;
  /** What the hooks said of its end; null: nothing yet. */
  readonly over: "stop" | "failure" | null;
  /** The last words that such a hook told; null: none. */
  readonly said: string | null;
  /** The newest words that the transcript told. Long ones are cut. */
  readonly heard: string;
  /** The transcript has brought all that was said before the hook Stop. */
  readonly allSaid: boolean;
  /** The CLI's word for what went wrong. */
  readonly fault: string | null;
  /** What the API's refusal came to, as the transcript tells it. */
  readonly refusal: { readonly text: string; readonly status: number | null } | null;
  /** The newest answer was never finished. */
  readonly cut: boolean;
  /** Of the messages before the newest one. */
  readonly tokens: Tokens;
  readonly newest: { readonly message: string; readonly tokens: Tokens };
};

export type Ask = {
  readonly tool: string;
  /** What is asked, to know its result by. */
  readonly key: string;
  /** Refused by the driver itself, in read-only mode. */
  readonly refused: boolean;
  /** Decided here, and perhaps told already: it stays until it surely is, over the end of a daemon, too. */
  readonly answered?: boolean;
};

/** Nobody has decided it yet, as far as is known here. */
export const isUndecided = ({ refused, answered }: Ask): boolean => !refused && answered !== true;

/** A line of the transcript that was read before the one that it follows. */
export type Held = { readonly uuid: string; readonly parent: string; readonly text: string };

export type State = {
  readonly attempt: number;
  /** The CLI said that it has started. */
  readonly ready: boolean;
  readonly conversation: string | null;
  readonly model: string | null;
  /** The hooks' spool has been read up to this byte. */
  readonly hooks: number;
  /** `passing`: what stands there is older than this generation, up to the first prompt that a hook told of. */
  readonly file: {
    readonly path: string;
    readonly offset: number;
    readonly passing: boolean;
  } | null;
  /** The file is read from its beginning, and no line has come yet that follows nothing. */
  readonly young: boolean;
  /** Lines that were read before those that they follow. */
  readonly held: readonly Held[];
  /** Handed over to be typed; null when it was taken. */
  readonly given: Given | null;
  /** The newest turns, and words for a turn, that the CLI has taken: handed over again after a crash, they are not given again. */
  readonly taken: readonly string[];
  /** Prompts of Skein's that a turn which began outside took with it. */
  readonly joined: readonly string[];
  readonly turn: TurnState | null;
  readonly next: readonly Submitted[];
  readonly steers: readonly Pick<Given, "prompt" | "text">[];
  /** Words that the CLI said it has put into its own queue, newest last. */
  readonly queued: readonly string[];
  readonly asks: Readonly<Record<string, Ask>>;
  /** Tool calls without a result. Long texts are cut. */
  readonly tools: Readonly<Record<string, { readonly body: ItemBody; readonly key: string }>>;
  /** What was refused, by its key. */
  readonly declined: readonly string[];
  /** The newest message and how many of its blocks have come. */
  readonly blocks: { readonly message: string; readonly count: number };
};

export const initialState: State = {
  attempt: 1,
  ready: false,
  conversation: null,
  model: null,
  hooks: 0,
  file: null,
  young: false,
  held: [],
  given: null,
  taken: [],
  joined: [],
  turn: null,
  next: [],
  steers: [],
  queued: [],
  asks: {},
  tools: {},
  declined: [],
  blocks: { message: "", count: 0 },
};

/** `since`: now. */
export const turnOf = (id: string, promptId: string, since: number): TurnState => ({
  id,
  promptId,
  since,
  interrupting: false,
  seen: false,
  at: null,
  lag: 0,
  spoke: false,
  over: null,
  said: null,
  heard: "",
  allSaid: false,
  fault: null,
  refusal: null,
  cut: false,
  tokens: noTokens,
  newest: { message: "", tokens: noTokens },
});

type Checkpoint = { readonly version: 1; readonly tui: true; readonly generation: number } & {
  readonly state: State;
};

const maxQueued = 8;
const maxTaken = 32;

export const withTaken = (state: State, ...ids: readonly string[]): State =>
  ids.length === 0 ? state : { ...state, taken: [...state.taken, ...ids].slice(-maxTaken) };

/** A megabyte of words is not kept twice: what is handed over again comes with its text. */
const keptChars = 64 * 1024;

const short = <T extends { readonly text: string }>(one: T): T =>
  one.text.length > keptChars ? { ...one, text: one.text.slice(0, keptChars) } : one;

export const toCheckpoint = (state: State, generation: number): Checkpoint => ({
  version: 1,
  tui: true,
  generation,
  state: {
    ...state,
    turn:
      state.turn === null
        ? null
        : { ...state.turn, said: state.turn.said?.slice(0, keptChars) ?? null },
    given: state.given === null ? null : short(state.given),
    next: state.next.map(short),
    steers: state.steers.map(short),
    queued: state.queued.slice(-maxQueued).map((text) => text.slice(0, keptChars)),
  },
});

/** Another generation's, or another mode's, or damaged: as if there were none. */
export const fromCheckpoint = (value: unknown, generation: number): State => {
  const found = value as Partial<Checkpoint> | null | undefined;
  const fits =
    typeof found === "object" &&
    found !== null &&
    found.version === 1 &&
    found.tui === true &&
    found.generation === generation &&
    typeof found.state === "object";
  if (!fits) return initialState;
  const { turn } = found.state as State;
  const known = turn === null ? null : { ...turnOf("", "", 0), ...turn };
  return { ...initialState, ...found.state, turn: known };
};
