/** What a show is made of, and what happens on it. */
import {
  LIMITS,
  TERMINAL_PROTOCOL,
  cleanTitle,
  type TerminalServerFrame,
  type TerminalState,
} from "@skein/contract";
import type { Control } from "./control.ts";
import type { Live, Seat } from "./seat.ts";
import type { Size } from "./size.ts";
import type { Sizing } from "./sizing.ts";
import { unfinished, type Snapshot } from "./snapshot.ts";
import type { Stream } from "./stream.ts";

export type Stage = {
  readonly seats: Set<Seat>;
  readonly stream: Stream;
  sizing: Sizing;
  into: { readonly control: Control; readonly pane: string } | null;
  /** Resolves once tmux takes input, or surely does not for now. */
  readonly ready: PromiseWithResolvers<void>;
  size: Size;
  resizing: boolean;
  title: string;
  program: TerminalState;
  /** What it was before nobody answered. */
  known: TerminalState;
};

export const tell = ({ seats }: Stage, frame: TerminalServerFrame): void => {
  for (const seat of seats) if (seat.greeted) seat.line.text(frame);
};

export const liveOf = ({ size, title, program, seats }: Stage): Live => ({
  size,
  title,
  program,
  viewers: seats.size,
});

const sizeFrame = ({ size, sizing }: Stage): TerminalServerFrame => ({
  type: "size",
  ...size,
  writer: sizing.writer?.client ?? null,
});

export const greet = (
  stage: Stage,
  seat: Seat,
  how: "resumed" | "snapshot",
  offset: number,
  input: { readonly inputSeq: number | null; readonly inputLast: number | null },
): void => {
  seat.greeted = true;
  seat.line.text({
    type: "attached",
    protocol: TERMINAL_PROTOCOL,
    terminal: seat.describe(liveOf(stage)),
    client: seat.client,
    stream: stage.stream.id,
    offset,
    how,
    ...stage.size,
    title: stage.title,
    readOnly: !seat.mayType,
    writer: stage.sizing.writer?.client ?? null,
    ...input,
    program: stage.program,
    limits: {
      unackedBytes: LIMITS.terminalUnackedBytes,
      ackBytes: LIMITS.terminalAckBytes,
      inputBytes: LIMITS.terminalInputBytes,
      pasteBytes: LIMITS.terminalPasteBytes,
    },
  });
};

export const setProgram = (stage: Stage, program: TerminalState): void => {
  if (program.state !== "unknown") stage.known = program;
  if (JSON.stringify(stage.program) === JSON.stringify(program)) return;
  stage.program = program;
  tell(stage, { type: "program", program });
};

export const setTitle = (stage: Stage, given: string): void => {
  const title = cleanTitle(given);
  if (title === stage.title) return;
  stage.title = title;
  tell(stage, { type: "title", title });
};

const wantSnapshots = ({ seats }: Stage): void => {
  for (const seat of seats) seat.flow.wantSnapshot();
};

/** What follows does not join what was. */
export const startOver = (stage: Stage): void => {
  stage.stream.break();
  wantSnapshots(stage);
};

/** Gives the size that its writer wants to the terminal. `done`: a snapshot is due. */
export const applySize = (stage: Stage, done: () => void): void => {
  const { into, size, sizing } = stage;
  const wants = sizing.writer?.wants ?? null;
  if (into === null || wants === null || stage.resizing) return;
  if (wants.columns === size.columns && wants.rows === size.rows) return;
  stage.resizing = true;
  const { columns, rows } = wants;
  into.control.ask(`resize-window -t ${into.pane} -x ${columns} -y ${rows}`, 1, (replies) => {
    stage.resizing = false;
    if (replies?.[0]?.ok !== true) return;
    stage.size = wants;
    tell(stage, sizeFrame(stage));
    wantSnapshots(stage);
    done();
    applySize(stage, done);
  });
};

export const tellWriter = (stage: Stage): void => tell(stage, sizeFrame(stage));

/** In the place of the stream that the snapshot shows. */
export const showSnapshot = (
  stage: Stage,
  snapshot: Snapshot,
  rest: Uint8Array,
  inputOf: (seat: Seat) => Parameters<typeof greet>[4],
): void => {
  const { stream, seats } = stage;
  if (!stream.begun) stream.begin(unfinished(rest));
  const { columns, rows } = snapshot;
  if (columns !== stage.size.columns || rows !== stage.size.rows) {
    stage.size = { columns, rows };
    tell(stage, sizeFrame(stage));
    wantSnapshots(stage);
  }
  setTitle(stage, snapshot.title);
  for (const seat of seats) {
    if (!seat.flow.needsSnapshot || !seat.flow.hasRoom) continue;
    const offset = stream.ring.head;
    if (!seat.greeted) greet(stage, seat, "snapshot", offset, inputOf(seat));
    seat.flow.snapshot(snapshot, offset);
  }
};

/** Gives everyone what there is and they have room for. */
export const deliver = (stage: Stage, now: number): void => {
  const { ring, title } = stage.stream;
  if (title !== null) setTitle(stage, title);
  for (const { flow, line } of stage.seats) {
    const behind = flow.pump(ring, now);
    if (behind === 0) continue;
    line.text({ type: "skipped", from: ring.head - behind, to: ring.head });
    flow.wantSnapshot();
  }
};
