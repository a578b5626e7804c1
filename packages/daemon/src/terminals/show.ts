/**
 * One terminal while somebody looks at it: one client of tmux, any number of viewers. Each has its own pace; none waits for
 * another. Ends when nobody has looked for a while, or the terminal is gone.
 */
import { LIMITS, type TerminalCloseReason } from "@skein/contract";
import type { Clock } from "@skein/sdk";
import { makeDelivery } from "./delivery.ts";
import type { Ends } from "./ends.ts";
import type { Inputs } from "./inputs.ts";
import { makeLastWords } from "./last-words.ts";
import { makeLink, type LinkEvents } from "./link.ts";
import { makePictures } from "./pictures.ts";
import type { Live, Seat } from "./seat.ts";
import type { Size } from "./size.ts";
import { makeSizing } from "./sizing.ts";
import {
  applySize,
  deliver,
  greet,
  liveOf,
  setProgram,
  showSnapshot,
  startOver,
  tellWriter,
  type Stage,
} from "./stage.ts";
import { makeStream } from "./stream.ts";
import type { Tmux } from "./tmux.ts";
import { makeTyping, type Typing } from "./typing.ts";

export type Show = {
  /** `from`: where it would go on; null: it wants a snapshot. */
  enter(seat: Seat, from: { readonly stream: string; readonly offset: number } | null): void;
  leave(seat: Seat): void;
  ack(seat: Seat, offset: number): void;
  resize(seat: Seat, size: Size): void;
  claim(seat: Seat): void;
  input(seat: Seat, kind: "input" | "paste", seq: number, bytes: Uint8Array): void;
  /** A program was started in the terminal anew. */
  restarted(): void;
  /** Sends all away. Safe to call twice. */
  close(reason: TerminalCloseReason, message: string): void;
  live(): Live;
};

export type ShowDeps = {
  readonly tmux: Tmux;
  readonly ends: Ends;
  readonly clock: Clock;
  readonly id: string;
  readonly inputs: Inputs;
  readonly paste: (text: string) => Promise<void>;
  /** Whether it ends because somebody closes it. */
  readonly isClosing: () => boolean;
  /** Called once, at its end. */
  readonly over: (reason: TerminalCloseReason) => void;
};

const CHECK_MS = 5_000;
/** A client that takes nothing for so long is not there. */
const SILENT_MS = 60_000;

const makeStage = (): Stage => {
  const seats = new Set<Seat>();
  const program = { state: "running" } as const;
  return {
    seats,
    stream: makeStream(),
    sizing: makeSizing(seats, () => undefined),
    into: null,
    ready: Promise.withResolvers(),
    size: { columns: 0, rows: 0 },
    resizing: false,
    title: "",
    program,
    known: program,
  };
};

const sameAs = (seats: ReadonlySet<Seat>, { key }: Seat): Seat | undefined =>
  [...seats].find((one) => one.key === key);

const inputOf = (inputs: Inputs, { key }: Seat) => ({
  inputSeq: inputs.typed(key),
  inputLast: inputs.last(key),
});

/** Sends away who waits for a first snapshot while nobody knows when there can be one. */
const turnAway = ({ seats, program }: Stage, { tmux }: ShowDeps): void => {
  if (program.state !== "unknown") return;
  const isOut = tmux.host.reach().state === "unreachable";
  for (const { greeted, line } of seats)
    if (!greeted) line.close(isOut ? "host.unreachable" : "terminal.unavailable", program.reason);
};

/** What the line to tmux says, told to all. */
const makeEvents = (
  stage: Stage,
  deps: ShowDeps,
  calls: {
    readonly look: () => void;
    readonly ended: () => void;
    readonly output: LinkEvents["output"];
    readonly close: Show["close"];
  },
): LinkEvents => ({
  output: calls.output,
  up: (control, { pane, dead, exitCode, signal, columns, rows }) => {
    stage.into = { control, pane };
    stage.resizing = false;
    if (stage.size.columns === 0) stage.size = { columns, rows };
    setProgram(stage, dead ? { state: "ended", exitCode, signal } : { state: "running" });
    startOver(stage);
    calls.look();
    stage.ready.resolve();
  },
  down: () => {
    stage.into = null;
  },
  lost: () => {
    startOver(stage);
    const { into } = stage;
    into?.control.ask(`refresh-client -A '${into.pane}:continue'`, 1, calls.look);
  },
  ended: (end) => {
    setProgram(stage, { state: "ended", ...end });
    calls.ended();
  },
  unknown: (reason) => {
    stage.ready.resolve();
    if (stage.program.state === "unknown") return;
    const since = new Date(deps.clock.now()).toISOString();
    setProgram(stage, { state: "unknown", reason, since });
    turnAway(stage, deps);
  },
  answers: () => setProgram(stage, stage.known),
  gone: () =>
    deps.isClosing()
      ? calls.close("terminal.closed", "The terminal was closed.")
      : calls.close("terminal.gone", "tmux holds this terminal no longer."),
});

/** Output in, snapshots and frames out. */
const makeWorks = ({ clock, inputs }: ShowDeps, stage: Stage) => {
  const { seats, stream } = stage;
  const pictures = makePictures({
    seats,
    into: () => stage.into,
    breaks: () => stream.breaks,
    taken: (snapshot, rest) => {
      showSnapshot(stage, snapshot, rest, (seat) => inputOf(inputs, seat));
      delivery.soon();
    },
  });
  const delivery = makeDelivery(
    clock,
    () => seats.size === 0 || [...seats].some(({ flow }) => flow.hasRoom),
    () => {
      deliver(stage, clock.monotonic());
      pictures.wanted();
    },
  );
  const look = (): void => {
    applySize(stage, pictures.wanted);
    pictures.wanted();
  };
  stage.sizing = makeSizing(seats, () => {
    tellWriter(stage);
    look();
  });
  const output = (bytes: Uint8Array): Promise<void> | undefined => {
    if (!stream.take(bytes)) return undefined;
    delivery.soon();
    return delivery.hold();
  };
  const lastWords = makeLastWords(
    clock,
    () => stage.into,
    () => {
      startOver(stage);
      look();
    },
  );
  return { delivery, look, output, lastWords };
};

/** Sends away who acknowledges nothing. The returned function stops it. */
const watchSilence = ({ clock }: ShowDeps, { seats }: Stage): (() => void) => {
  let cancel = (): void => {};
  const later = (): void => {
    cancel = clock.after(CHECK_MS, () => {
      const now = clock.monotonic();
      for (const { flow, line } of seats)
        if (flow.silentSince !== null && now - flow.silentSince > SILENT_MS)
          line.close("lagged", "Nothing was acknowledged for a minute.");
      later();
    });
  };
  later();
  return () => cancel();
};

const isKept = ({ stream }: Stage, from: { stream: string; offset: number }): boolean =>
  stream.begun &&
  from.stream === stream.id &&
  from.offset >= stream.ring.start &&
  from.offset <= stream.ring.head;

const makeActs = (
  stage: Stage,
  clock: Clock,
  typing: Typing,
  { delivery, look }: ReturnType<typeof makeWorks>,
): Pick<Show, "ack" | "resize" | "claim" | "input"> => ({
  ack: (seat, offset) => {
    if (!seat.flow.ack(offset, clock.monotonic()))
      return seat.line.close("bad.frame", "That offset was never sent.");
    delivery.release();
    delivery.soon();
  },
  resize: (seat, size) => {
    seat.wants = size;
    look();
  },
  claim: (seat) => stage.sizing.acted(seat, clock.monotonic()),
  input: (seat, kind, seq, bytes) => {
    stage.sizing.acted(seat, clock.monotonic());
    if (kind === "input") typing.keys(seat, seq, bytes);
    else typing.paste(seat, seq, bytes);
  },
});

/** Where keys go now, or why nowhere. */
const intoOf = ({ program, into }: Stage) =>
  program.state === "ended" ? "ended" : (into ?? "unreachable");

export const makeShow = (deps: ShowDeps): Show => {
  const { clock, inputs } = deps;
  const stage = makeStage();
  const { seats } = stage;
  const works = makeWorks(deps, stage);
  const { delivery, look, output, lastWords } = works;
  let linger = (): void => {};
  let isOver = false;

  const close: Show["close"] = (reason, message) => {
    if (isOver) return;
    isOver = true;
    stage.ready.resolve();
    linger();
    stopWatching();
    lastWords.stop();
    link.close();
    delivery.close();
    for (const { line } of seats) line.close(reason, message);
    seats.clear();
    deps.over(reason);
  };
  const stopWatching = watchSilence(deps, stage);
  const link = makeLink(
    deps,
    makeEvents(stage, deps, { look, output, ended: lastWords.watch, close }),
  );
  const typing = makeTyping({ ...deps, ready: stage.ready.promise, into: () => intoOf(stage) });

  const leave: Show["leave"] = (seat) => {
    if (!seats.delete(seat)) return;
    stage.sizing.left(seat);
    delivery.release();
    if (seats.size > 0 || isOver) return;
    linger();
    linger = clock.after(LIMITS.terminalLingerMs, () => close("terminal.closed", ""));
  };
  const enter: Show["enter"] = (seat, from) => {
    const before = sameAs(seats, seat);
    before?.line.close("replaced", "The same client attached again.");
    if (before !== undefined) leave(before);
    linger();
    seats.add(seat);
    if (from !== null && isKept(stage, from)) {
      seat.flow.resume(from.offset);
      greet(stage, seat, "resumed", from.offset, inputOf(inputs, seat));
    }
    turnAway(stage, deps);
    stage.sizing.came(seat);
    look();
    delivery.soon();
  };

  return {
    enter,
    leave,
    close,
    live: () => liveOf(stage),
    ...makeActs(stage, clock, typing, works),
    restarted: () => {
      lastWords.stop();
      setProgram(stage, { state: "running" });
      startOver(stage);
      look();
      link.restarted();
    },
  };
};
