/** A turn whose prompt was typed: watched until the screen rests, told. */
import { LIMITS } from "@skein/contract";
import { isStale, type Fact, type Screen } from "@skein/sdk";
import { tell, watchingOf, type Life } from "./life.ts";
import { rested } from "./quiet.ts";
import { away, isUnanswered } from "./unanswered.ts";
import { newText } from "./reading.ts";
import { makeStalled } from "./stalled.ts";

/** What still comes after a marker. */
const MARKER_MS = 100;
/** So long an interrupted program is given to come to rest, each of two times. */
const INTERRUPT_MS = 4_000;
const INTERRUPT_QUIET_MS = 400;

const MAX_CHARS = LIMITS.itemTextBytes / 4;

const cut = (text: string): string =>
  text.length <= MAX_CHARS
    ? text
    : `[cut: ${text.length - MAX_CHARS} characters before this]\n${text.slice(-MAX_CHARS)}`;

const said = ({ state: { turn }, ready }: Life, screen: Screen): string =>
  turn === null
    ? ""
    : cut(newText(turn.mark, screen, { prompt: turn.echo, isPrompt: ready.isPrompt }));

/** One message for each turn. */
const itemOf = (turn: string): string => `${turn}-screen`;

const wordsOf = (life: Life, screen: Screen): readonly Fact[] => {
  const { turn } = life.state;
  const text = said(life, screen);
  if (turn === null || text === "") return [];
  return [{ fact: "item", id: itemOf(turn.id), body: { kind: "message", text } }];
};

/** What the screen still shows of the turn that the program died in. Never rejects. */
export const lastWords = async (life: Life): Promise<readonly Fact[]> => {
  const { terminals } = life.context.backend;
  if (life.state.turn === null) return [];
  try {
    return wordsOf(life, await terminals.screen(life.id, LIMITS.terminalHistory));
  } catch {
    return [];
  }
};

/** Shows what is new as it comes. Words that were repainted are not shown again: the settled message has them all. */
const teller = (life: Life) => {
  let told = "";
  return (text: string): void => {
    const { turn } = life.state;
    if (turn === null || text.length <= told.length || !text.startsWith(told)) return;
    life.context.live({ item: itemOf(turn.id), kind: "message", text: text.slice(told.length) });
    told = text;
  };
};

const endTurn = async (
  life: Life,
  screen: Screen,
  outcome: "completed" | "interrupted",
  notice: readonly Fact[] = [],
): Promise<void> => {
  const { turn } = life.state;
  if (turn === null || life.over) return;
  const words = wordsOf(life, screen);
  life.state = { ...life.state, turn: null };
  life.interrupting = false;
  const end: Fact = { fact: "turn-ended", turn: turn.id, outcome, error: null, usage: null };
  await tell(life, [...words, ...notice, end]);
};

/** A word beside the turn: what becomes of it changes nothing. */
const say = (life: Life, fact: Fact): void => {
  tell(life, [fact]).catch((error: unknown) =>
    life.context.log("info", "a word of a turn was not recorded", { error: String(error) }),
  );
};

/** Watches the program at work until it rests. */
const untilRest = async (life: Life, signal: AbortSignal): Promise<void> => {
  const { quietMs, marker } = life.program;
  const show = teller(life);
  const stalled = makeStalled(life.program, (fact) => say(life, fact));
  let isMarked = false;
  const watching = watchingOf(life, signal);
  const found = await rested(watching, {
    quietMs,
    isReady: life.ready.allows,
    unready: stalled.unready,
    changed: (screen) => {
      stalled.changed();
      const text = said(life, screen);
      show(text);
      isMarked = marker !== undefined && text.includes(marker);
      return isMarked;
    },
  });
  if (found === null) return;
  const last = isMarked
    ? await rested(watching, {
        quietMs: MARKER_MS,
        isReady: () => true,
        changed: () => false,
        until: life.context.backend.clock.monotonic() + 5 * MARKER_MS,
      })
    : found;
  if (last !== null) await endTurn(life, last, life.interrupting ? "interrupted" : "completed");
};

/** Once Ctrl-C was pressed; once more for a program that goes on all the same. */
const untilInterrupted = async (life: Life, signal: AbortSignal): Promise<void> => {
  const { clock, terminals } = life.context.backend;
  const watching = watchingOf(life, signal);
  let screen: Screen | null = null;
  for (let tries = 0; tries < 2; tries++) {
    const until = clock.monotonic() + INTERRUPT_MS;
    // Nobody answers: what becomes of the program is seen when somebody does.
    if (tries > 0)
      await terminals.keys(life.id, ["C-c"]).catch((error: unknown) => {
        if (!isUnanswered(error)) throw error;
      });
    screen = await rested(watching, {
      quietMs: Math.min(life.program.quietMs, INTERRUPT_QUIET_MS),
      isReady: (line) => life.program.ready === undefined || life.ready.allows(line),
      changed: () => false,
      until,
    });
    if (screen === null) return;
    if (clock.monotonic() < until) return endTurn(life, screen, "interrupted");
  }
  if (screen === null) return;
  const text = "The program did not come to rest after Ctrl-C; it may be working still.";
  await endTurn(life, screen, "interrupted", [{ fact: "notice", level: "warning", text }]);
};

/** Begins to watch the turn, or to watch it otherwise. */
const watch = async (
  life: Life,
  how: (life: Life, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  life.watch?.abort();
  await life.watching;
  const { signal } = life.leaving;
  const own = new AbortController();
  life.watch = own;
  life.watching = how(life, AbortSignal.any([signal, own.signal])).catch((error: unknown) => {
    // The generation is over or the daemon leaves: the turn is nobody's any more, or the next daemon's.
    const level = isStale(error) || signal.aborted ? "info" : "warn";
    life.context.log(level, "the watching of a turn was given up", { error: String(error) });
  });
};

/** The turn of an earlier daemon, or the one whose prompt was just typed. */
export const watchTurn = (life: Life): Promise<void> => watch(life, untilRest);

/**
 * Rejects with host_unreachable while nobody answers, and is to be called again then: the turn is watched as before. It may end before
 * it is known that the key was pressed.
 */
export const interruptTurn = async (life: Life): Promise<void> => {
  const { turn } = life.state;
  life.interrupting = true;
  try {
    await life.context.backend.terminals.keys(life.id, ["C-c"]);
  } catch (error) {
    life.interrupting = false;
    throw away(life, error);
  }
  if (turn !== null && life.state.turn?.id === turn.id) await watch(life, untilInterrupted);
};
