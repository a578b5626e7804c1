/**
 * A lane: one input at a time, in the order they came, for one thing. Its state runs ahead of the disk: the next input is
 * decided on what the last one decided, while both wait for the same commit.
 */
import { LIMITS, refuse } from "@skein/contract";

export type Lane = {
  readonly stream: string;
  /** undefined: not loaded. null: there is no such thing. */
  state: unknown;
  /** How often it was forgotten. */
  epoch: number;
  /** Whether reported facts are looked up before they are recorded: only since one came twice. */
  careful: boolean;
  /** Newest seq decided; -1: not loaded. */
  seq: number;
  /** Facts decided but not yet on the disk: client id to seq. */
  readonly pending: Map<string, number>;
  /** Units that wait for their commit. */
  uncommitted: number;
  readonly tasks: (() => Promise<void> | void)[];
  busy: boolean;
};

export type Lanes = {
  /** Runs the task when its turn comes. Rejects at once when the lane is full. */
  enter(stream: string, task: (lane: Lane) => Promise<void> | void): void;
  /** From now on its facts are looked up first. Gives whether they were already. */
  beCareful(stream: string): boolean;
  /** Forgets what was decided ahead of the disk: the next task loads anew. */
  forget(streams: Iterable<string>): void;
};

/** Lanes at rest that stay in memory. */
const KEPT_LANES = 512;

export const makeLanes = (): Lanes => {
  const lanes = new Map<string, Lane>();

  const laneOf = (stream: string): Lane => {
    const known = lanes.get(stream);
    if (known !== undefined) return known;
    const lane: Lane = {
      stream,
      state: undefined,
      epoch: 0,
      careful: false,
      seq: -1,
      pending: new Map(),
      uncommitted: 0,
      tasks: [],
      busy: false,
    };
    lanes.set(stream, lane);
    if (lanes.size > KEPT_LANES) evict();
    return lane;
  };

  const evict = (): void => {
    for (const [stream, lane] of lanes) {
      if (lanes.size <= KEPT_LANES) return;
      if (!lane.busy && lane.tasks.length === 0 && lane.uncommitted === 0) lanes.delete(stream);
    }
  };

  const run = async (lane: Lane): Promise<void> => {
    lane.busy = true;
    for (let task = lane.tasks.shift(); task !== undefined; task = lane.tasks.shift()) {
      const wait = task();
      if (wait !== undefined) await wait;
    }
    lane.busy = false;
  };

  return {
    enter: (stream, task) => {
      const lane = laneOf(stream);
      if (lane.tasks.length >= LIMITS.laneInputs) {
        throw refuse(
          "overloaded",
          `${LIMITS.laneInputs} inputs wait for ${stream} already.`,
          "Try again in a moment.",
        );
      }
      lane.tasks.push(() => task(lane));
      if (!lane.busy) void run(lane);
    },
    beCareful: (stream) => {
      const lane = laneOf(stream);
      const { careful } = lane;
      lane.careful = true;
      return careful;
    },
    forget: (streams) => {
      for (const stream of streams) {
        const lane = lanes.get(stream);
        if (lane === undefined) continue;
        lane.state = undefined;
        lane.epoch++;
        lane.seq = -1;
        lane.pending.clear();
      }
    },
  };
};
