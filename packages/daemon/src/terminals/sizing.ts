/** One size for all: whoever typed last, of those who may, rules it. */
import type { Seat } from "./seat.ts";

export type Sizing = {
  readonly writer: Seat | null;
  came(seat: Seat): void;
  left(seat: Seat): void;
  /** It typed, or its window came to the front. */
  acted(seat: Seat, now: number): void;
};

/** `changed`: another one rules, or it wants another size. */
export const makeSizing = (seats: ReadonlySet<Seat>, changed: () => void): Sizing => {
  let writer: Seat | null = null;
  const become = (seat: Seat | null): void => {
    if (seat === writer) return;
    writer = seat;
    changed();
  };
  return {
    get writer() {
      return writer;
    },
    came: (seat) => {
      if (writer === null && seat.mayType) become(seat);
    },
    left: (seat) => {
      if (seat !== writer) return;
      const others = [...seats].filter((one) => one !== seat && one.mayType);
      become(others.toSorted((one, other) => other.typedAt - one.typedAt)[0] ?? null);
    },
    acted: (seat, now) => {
      seat.typedAt = now;
      become(seat);
    },
  };
};
