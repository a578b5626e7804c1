/** Takes snapshots, one at a time, for whoever needs one and has room for it. */
import { LIMITS } from "@skein/contract";
import type { Control, Reply } from "./control.ts";
import type { Seat } from "./seat.ts";
import { SNAPSHOT_REPLIES, readSnapshot, snapshotCommand, type Snapshot } from "./snapshot.ts";

export type Pictures = {
  /** Takes one if somebody waits for one. */
  wanted(): void;
};

type Deps = {
  readonly seats: ReadonlySet<Seat>;
  readonly into: () => { readonly control: Control; readonly pane: string } | null;
  /** How often the stream broke: a snapshot that was asked for before the last time joins nothing. */
  readonly breaks: () => number;
  /** Called in the very place of the stream that the snapshot shows. `unfinished`: bytes that belong to what follows. */
  readonly taken: (snapshot: Snapshot, unfinished: Uint8Array) => void;
};

const waits = ({ flow }: Seat): boolean => flow.needsSnapshot && flow.hasRoom;

export const makePictures = (deps: Deps): Pictures => {
  let taking: { readonly control: Control; readonly breaks: number } | null = null;

  const wanted = (): void => {
    const into = deps.into();
    const breaks = deps.breaks();
    if (into === null || (taking?.control === into.control && taking.breaks === breaks)) return;
    const waiting = [...deps.seats].filter(waits);
    if (waiting.length === 0) return;
    const { control, pane } = into;
    const history = Math.max(...waiting.map((seat) => seat.history));
    const mine = { control, breaks };
    taking = mine;
    control.ask(
      snapshotCommand(pane, history),
      SNAPSHOT_REPLIES,
      (replies: readonly Reply[] | null) => {
        if (taking === mine) taking = null;
        // A pane that is gone, or a client that ended: the link finds out, and whoever waits goes on waiting.
        if (replies === null || replies.some((reply) => !reply.ok)) return;
        const bodies = replies.map((reply) => reply.body);
        if (deps.breaks() === breaks) deps.taken(readSnapshot(bodies, history), bodies[1]!);
        wanted();
      },
    );
  };
  return { wanted };
};

export const historyOf = (asked: number | undefined): number =>
  asked ?? LIMITS.terminalSnapshotLines;
