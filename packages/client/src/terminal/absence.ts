/**
 * The daemon is there and the terminal's host is not. A little is kept meanwhile, as ssh and mosh do, and typed when it answers
 * again: in order, and nothing of it where something before or of it may be lost. Half of what was typed is not typed.
 */
import { isUnderWay, isWaiting, type Piece, type Pieces } from "./pieces.ts";

/** Some lines of a person, who does not see them. */
const KEPT_BYTES = 4 * 1024;
/** A break that is too short to be told of is over without a word. */
const PROBE_MS = 1_000;

export type Absence = {
  readonly isAway: boolean;
  /** It may not be kept, and so nothing is. */
  refuses(bytes: Uint8Array): boolean;
  /** It was sent and is surely not typed. */
  returned(one: Piece): void;
  /** Something is lost, or may be: nothing behind it is typed. */
  torn(): void;
  /** Something was typed. */
  heard(): void;
  /** The daemon's word; it comes again when it changes. */
  told(state: "running" | "ended" | "unknown"): void;
  /** What is under way was answered; perhaps it was the last of it. */
  answered(): void;
  /** Another connection: all is tried anew, at once or when what was under way is answered. */
  anew(afterThat: boolean): void;
  end(): void;
};

export const makeAbsence = (pieces: Pieces): Absence => {
  /** `silent`: the daemon will say when it is over. `returning`: it is over. `torn`: something of it is lost. */
  const none = { away: false, silent: false, returning: false, torn: false };
  let now = { ...none };
  let probe: ReturnType<typeof setTimeout> | undefined;

  const tear = (): void => {
    now.torn = true;
    pieces.settle(isWaiting, "unreachable");
  };
  const isTooMuch = (more: number): boolean => pieces.waitingBytes + more > KEPT_BYTES;
  /** It takes keys again. What is under way is answered first: it was typed before what was kept. */
  const back = (): void => {
    if (!now.away || !now.returning || pieces.all.some(isUnderWay)) return;
    now = { ...none };
    clearTimeout(probe);
    for (const one of pieces.all) pieces.give(one);
  };
  /** One piece finds out. */
  const ask = (): void => {
    clearTimeout(probe);
    probe = setTimeout(() => {
      if (!now.away || now.silent) return;
      const [first] = pieces.all;
      if (first !== undefined && isWaiting(first)) pieces.give(first);
      now.returning ||= first === undefined;
      back();
    }, PROBE_MS);
  };
  return {
    get isAway() {
      return now.away;
    },
    refuses: ({ length }) => {
      if (!now.away || !pieces.isConnected || (!now.torn && !isTooMuch(length))) return false;
      tear();
      return true;
    },
    returned: (one) => {
      now = { ...now, away: true, returning: false };
      const isLost = now.torn || isTooMuch(one.bytes.length);
      one.seq = null;
      if (isLost) tear();
      ask();
    },
    torn: tear,
    heard: () => {
      now.torn = false;
      now.returning = now.away && !now.silent;
      back();
    },
    told: (state) => {
      now.silent = state === "unknown";
      now.away ||= now.silent;
      now.returning = now.away && !now.silent;
      if (state === "ended") pieces.settle(isWaiting, "ended");
      back();
    },
    answered: back,
    anew: (afterThat) => void (now = { ...none, away: afterThat, returning: afterThat }),
    end: () => clearTimeout(probe),
  };
};
