/** What every actor gets of one life of the daemon, and how it plays its part until the daemon is killed. */
import { isBroken, openLine, type Line } from "../line.ts";

export type Cycle = {
  readonly home: string;
  /** The last one: nobody begins anything new, and each ends when what it has begun is done. */
  readonly last: boolean;
  /** A new line; rejects with Broken when the daemon is dead. */
  open(): Promise<Line>;
};

export const makeCycle = (home: string, last: boolean): Cycle => ({
  home,
  last,
  open: () => openLine(home),
});

/** Plays until the line breaks; whatever else goes wrong is told. */
export const untilBroken = async (
  play: () => Promise<void>,
  told: (what: string) => void,
): Promise<void> => {
  try {
    await play();
  } catch (error) {
    if (!isBroken(error)) told(String(error));
  }
};
