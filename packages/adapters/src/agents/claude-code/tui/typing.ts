/**
 * Words into the TUI (2.1.197) and the keys that end a turn.
 *
 * Nothing is typed while something else goes on there; that a prompt was taken is known by the hook alone. What a crash left
 * half done, or a tmux that fell silent, is known from the record (`given`), the spool and the transcript: a prompt is never given
 * twice.
 */
import { pause, adapterFailure, type AdapterFailure, type TerminalKey } from "@skein/sdk";
import { statusOf, wait, type Life } from "./life.ts";
import { plain } from "./plain.ts";
import { givenOf, type State } from "./state.ts";
import { isFree, isQueued } from "./transcript.ts";
import { accept } from "./turns.ts";
import { answersAgain } from "./unanswered.ts";

/** Between the paste and Enter: the TUI takes an Enter that comes with a paste for a part of it. */
const enterMs = 80;
/**
 * So long it is waited each time before Enter is pressed again. A program that hangs reads all of it at once, paste and Enter: only
 * one that comes later is an Enter to it. And what it takes yet must not be given twice, so it is waited for long.
 */
const takenMs = [1_500, 3_000, 6_000, 12_000, 24_000, 15_000] as const;
/** So long a prompt waits for whatever goes on at the terminal (a menu, someone's own turn) to end. */
const idleMs = 30_000;
const lookMs = 50;
const closingMs = 2_000;
const unknownMs = 3_000;
/** A daemon that died between Enter and the record, a tmux that fell silent there: the hook has come long before this is over. */
const leftMs = 10_000;

/** Keys that come together are taken for text, two of Escape for another key: each needs a moment of its own. */
const keyMs = 40;
const escapeMs = 100;

const press = (life: Life, ...keys: readonly TerminalKey[]): Promise<void> =>
  life.context.backend.terminals.keys(life.terminal, keys);

const isCommand = /^[!#/&]/;
const opensList = /(?:\\|[@/]\S*)$/;

/**
 * `!`, `#` and `/` at the beginning are the TUI's own words; a backslash before Enter makes a new line; a name at the end opens a
 * list that takes the Enter. A blank makes all of them text.
 */
export const literal = (prompt: string): string => {
  const text = plain(prompt);
  return `${isCommand.test(text) ? " " : ""}${text}${opensList.test(text) ? " " : ""}`;
};

const pressEach = async (
  life: Life,
  keys: readonly TerminalKey[],
  may: () => boolean = () => true,
): Promise<void> => {
  for (const key of keys) {
    if (!may()) return;
    await press(life, key);
    await pause(life.context.backend.clock, key === "Escape" ? escapeMs : keyMs);
  }
};

/**
 * Two of Escape clear a draft, wherever the cursor is and however many lines it has, and keep it in the history (Up); where nothing
 * stands they would open a menu, so something must: a blank alone leaves no history. Backspace then leaves the shell mode that
 * a draft began with `!`: else the prompt would be run as a command. A turn that begins meanwhile must not be interrupted.
 */
const clear = (life: Life): Promise<void> =>
  pressEach(life, ["Space", "Escape", "Escape", "BSpace"], () => life.reader.state().turn === null);

/** Beside a turn Escape would end that: so many lines are taken away, from the cursor upwards (Ctrl-Y brings back the last). */
const draftLines = 6;
const takeAway = (life: Life): Promise<void> =>
  pressEach(life, [...Array.from({ length: draftLines }, () => "C-u" as const), "BSpace"]);

const type = async (life: Life, text: string): Promise<void> => {
  const { context } = life;
  await context.backend.terminals.paste(life.terminal, literal(text));
  await pause(context.backend.clock, enterMs);
  await press(life, "Enter");
};

const notTaken = (): AdapterFailure =>
  adapterFailure("Claude Code's terminal did not take the prompt.", {
    kind: "timeout",
    code: "backend_unavailable",
    remedy: "Look at its terminal with `skein attach`: something there may wait for an answer.",
    retryable: true,
  });

const isOut = (life: Life): boolean => life.gone || life.closed || life.stopping;

/** What a person has open there is theirs for a while; then it is closed. */
const untilFree = async (life: Life): Promise<boolean> => {
  const { context, reader } = life;
  const { clock } = context.backend;
  const began = clock.monotonic();
  let until = began + idleMs;
  for (let escaped = false; !isOut(life);) {
    const status = await statusOf(life);
    if (isFree(reader.state(), status)) return true;
    // No status file: another version may not write one.
    const isUnknown = status === null && clock.monotonic() - began > unknownMs;
    if (isUnknown && reader.state().turn === null) return true;
    // A turn that nobody here asked for takes as long as it takes: the prompt goes back to the queue.
    if (reader.state().turn !== null) return false;
    // What is at work there may take its time: Escape would end it.
    if (clock.monotonic() > until && status?.state !== "busy") {
      if (escaped) throw notTaken();
      escaped = true;
      until += closingMs;
      await press(life, "Escape");
    }
    await pause(context.backend.clock, lookMs);
  }
  return false;
};

/**
 * A dialog takes Enter for a yes, and digits for a choice. Its hook comes before it, so there is none yet where the hook has not
 * come and the CLI does not say that it waits.
 */
const isAsking = async (life: Life): Promise<boolean> =>
  Object.keys(life.reader.state().asks).length > 0 || (await statusOf(life))?.state === "waiting";

const asks = (): AdapterFailure =>
  adapterFailure("A dialog is open at Claude Code's terminal: words would answer it.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Answer it first.",
    retryable: false,
  });

type Words = { readonly turn: string; readonly prompt: string; readonly text: string };

const isTaken =
  (turn: string) =>
  ({ given }: State): boolean =>
    given?.turn !== turn || given.returned;

/** Whether it was taken. Enter is pressed again only where nothing else can take that. */
const submitted = async (
  life: Life,
  isIn: (state: State) => boolean,
  may: () => Promise<boolean>,
): Promise<boolean> => {
  const { reader } = life;
  for (const [count, ms] of takenMs.entries()) {
    if (count > 0 && (await may()) && !isIn(reader.state()) && !isOut(life))
      await press(life, "Enter");
    await wait(life, ms, isIn);
    if (isIn(reader.state()) || isOut(life)) break;
  }
  return isIn(reader.state());
};

/** It went into a turn that began outside: it has been said, and there is nothing more to wait for. */
const tellJoined = async (life: Life, { turn, prompt }: Words): Promise<void> => {
  const { reader } = life;
  reader.change((state) => ({
    ...state,
    joined: state.joined.filter((one) => one !== prompt),
  }));
  await reader.tell([
    { fact: "accepted", turn },
    { fact: "turn-ended", turn, outcome: "completed", error: null, usage: null },
  ]);
};

/** Its turn has begun, or is not its own any more: a person's goes first, and it comes back with another. */
const isSettled = ({ turn, taken, given }: State, id: string): boolean =>
  turn?.id === id || taken.includes(id) || (given?.turn === id && given.returned);

/**
 * Resolves when the prompt was taken, or when its turn is not its own any more. Rejects with an AdapterFailure when it was not taken;
 * after one that says that tmux does not answer it is to be called again.
 */
export const prompt = async (life: Life, words: Words): Promise<void> => {
  const { reader } = life;
  const { turn, prompt: id, text } = words;
  if (isSettled(reader.state(), turn)) return;
  await answersAgain(life);
  const before = reader.state();
  if (isSettled(before, turn)) return;
  if (before.joined.includes(id)) return tellJoined(life, words);
  const known = before.given?.prompt === id ? before.given : givenOf(turn, id, text);
  const given = { ...known, turn, text, returned: false };
  reader.change((state) => ({ ...state, given }));
  const { promptId } = given;
  if (promptId !== null)
    return reader.take((state, { now }) => accept(state, given, promptId, now), "hook");
  if (given.pasted) await wait(life, leftMs, isTaken(turn));
  if (isTaken(turn)(reader.state())) return;
  if (!(await untilFree(life)) || isTaken(turn)(reader.state())) return;
  await clear(life);
  if (isTaken(turn)(reader.state()) || reader.state().turn !== null) return;
  reader.change((state) =>
    state.given === null ? state : { ...state, given: { ...state.given, pasted: true } },
  );
  // Recorded before it is typed: whoever comes after a crash looks for it first.
  await reader.tell([]);
  await type(life, text);
  const isAtRest = async (): Promise<boolean> =>
    ((await statusOf(life))?.state ?? "idle") === "idle" && reader.state().turn === null;
  if ((await submitted(life, isTaken(turn), isAtRest)) || isOut(life)) return;
  reader.change((state) => ({ ...state, given: null }));
  throw notTaken();
};

/** Words for the turn in progress. Rejects with an AdapterFailure when the CLI did not put them into its queue. */
export const steer = async (life: Life, { prompt: id, text }: Words): Promise<void> => {
  const { reader } = life;
  const isIn = (state: State): boolean =>
    isQueued(state, text) || !state.steers.some((one) => one.prompt === id);
  const forget = (): void =>
    reader.change((state) => ({
      ...state,
      steers: state.steers.filter((one) => one.prompt !== id),
    }));
  if (reader.state().taken.includes(id)) return;
  await answersAgain(life);
  const wasGiven = reader.state().steers.some((one) => one.prompt === id);
  if (wasGiven) await wait(life, leftMs, isIn);
  if (wasGiven && isIn(reader.state())) return;
  if (await isAsking(life)) {
    forget();
    throw asks();
  }
  if (!wasGiven)
    reader.change((state) => ({ ...state, steers: [...state.steers, { prompt: id, text }] }));
  if (isIn(reader.state())) return;
  await takeAway(life).catch((error: unknown) => {
    // Nothing of it stands there: the turn need not wait for it.
    forget();
    throw error;
  });
  await type(life, text);
  if (await submitted(life, isIn, async () => !(await isAsking(life)))) return;
  forget();
  throw notTaken();
};

/** Between two of Escape, ever longer: a program that hangs reads them at once, and takes them for another key. */
const heardMs = [1_000, 4_000, 10_000, 15_000, 30_000] as const;

/**
 * Escape, and again only while the CLI still says that it is busy: at rest, two of them open a menu. So one that was asked for before
 * (of an earlier daemon, or of a tmux that fell silent) is given a moment to be seen.
 */
export const interrupt = async (life: Life, turn: string): Promise<void> => {
  const { reader } = life;
  const isOver = (state: State): boolean => state.turn?.id !== turn;
  if (isOver(reader.state())) return;
  await answersAgain(life);
  const wasAsked = reader.state().turn?.interrupting === true;
  if (wasAsked) await wait(life, heardMs[0], isOver);
  if (isOver(reader.state())) return;
  reader.change((state) =>
    state.turn === null ? state : { ...state, turn: { ...state.turn, interrupting: true } },
  );
  for (const [count, ms] of heardMs.entries()) {
    if (isOut(life)) return;
    const isFirst = count === 0 && !wasAsked;
    if (isFirst || (await statusOf(life))?.state !== "idle") await press(life, "Escape");
    await wait(life, ms, isOver);
    if (isOver(reader.state())) return;
  }
};
