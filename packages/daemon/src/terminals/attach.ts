/**
 * Who looks at which terminal of a host. What a terminal has had of each client's input outlives the looking: it ends with the
 * terminal.
 */
import {
  LIMITS,
  type Terminal,
  type TerminalAttach,
  type TerminalCloseReason,
} from "@skein/contract";
import type { Clock } from "@skein/sdk";
import type { Ends } from "./ends.ts";
import { makeInputs, type Inputs } from "./inputs.ts";
import { historyOf } from "./pictures.ts";
import { makeFlow, type Line, type Live, type Seat } from "./seat.ts";
import { makeShow, type Show } from "./show.ts";
import type { Size } from "./size.ts";
import type { Tmux } from "./tmux.ts";

export type Viewer = {
  ack(offset: number): void;
  /** What a viewer who may only look does beyond looking closes it. */
  resize(size: Size): void;
  claim(): void;
  input(kind: "input" | "paste", seq: number, bytes: Uint8Array): void;
  /** It is gone. Safe to call twice. */
  left(): void;
};

export type AttachRequest = {
  readonly terminal: string;
  /** Who asks: two callers with the same client id are two clients. */
  readonly who: string;
  readonly client: string;
  readonly mayType: boolean;
  readonly ask: TerminalAttach;
  readonly describe: (live: Live) => Terminal;
};

export type Attachments = {
  /** null: so many look at it already. */
  attach(request: AttachRequest, line: Line): Viewer | null;
  /** A program was started in it. */
  opened(terminal: string): void;
  /** It is being closed on purpose, until `closed` or `stays` is called. */
  closing(terminal: string): void;
  stays(terminal: string): void;
  /** Sends its viewers away and forgets it. */
  closed(terminal: string, reason: TerminalCloseReason, message: string): void;
  viewers(terminal: string): number;
  /** Sends everyone away. */
  stop(reason: TerminalCloseReason, message: string): void;
};

const wanted = ({ columns, rows }: TerminalAttach): Size | null =>
  columns === undefined || rows === undefined ? null : { columns, rows };

const seatOf = ({ who, client, mayType, ask, describe }: AttachRequest, line: Line): Seat => ({
  line,
  key: `${who} ${client}`,
  client,
  mayType,
  describe,
  history: historyOf(ask.history),
  wants: wanted(ask),
  typedAt: 0,
  greeted: false,
  flow: makeFlow((frame, taken) => line.bytes(frame, taken)),
});

const viewerOf = (show: Show, seat: Seat): Viewer => {
  const typing = <T extends unknown[]>(run: (...args: T) => void) => {
    return (...args: T): void => {
      if (seat.mayType) run(...args);
      else seat.line.close("bad.frame", "This client may look, not type.");
    };
  };
  return {
    ack: (offset) => show.ack(seat, offset),
    resize: typing((size) => show.resize(seat, size)),
    claim: typing(() => show.claim(seat)),
    input: typing((kind, seq, bytes) => show.input(seat, kind, seq, bytes)),
    left: () => show.leave(seat),
  };
};

export const makeAttachments = (deps: {
  readonly tmux: Tmux;
  readonly ends: Ends;
  readonly clock: Clock;
  readonly paste: (terminal: string, text: string) => Promise<void>;
}): Attachments => {
  const shows = new Map<string, Show>();
  const inputs = new Map<string, Inputs>();
  const closing = new Set<string>();

  const showOf = (id: string): Show => {
    const known = shows.get(id);
    if (known !== undefined) return known;
    const had = inputs.get(id) ?? makeInputs();
    inputs.set(id, had);
    const show: Show = makeShow({
      ...deps,
      id,
      inputs: had,
      paste: (text) => deps.paste(id, text),
      isClosing: () => closing.has(id),
      over: (reason) => {
        if (shows.get(id) === show) shows.delete(id);
        if (reason === "terminal.gone") inputs.delete(id);
      },
    });
    shows.set(id, show);
    return show;
  };

  return {
    attach: (request, line) => {
      const show = showOf(request.terminal);
      if (show.live().viewers >= LIMITS.terminalViewers) return null;
      const { stream, from } = request.ask;
      const seat = seatOf(request, line);
      show.enter(
        seat,
        stream === undefined || from === undefined ? null : { stream, offset: from },
      );
      return viewerOf(show, seat);
    },
    opened: (id) => shows.get(id)?.restarted(),
    closing: (id) => void closing.add(id),
    stays: (id) => void closing.delete(id),
    closed: (id, reason, message) => {
      closing.delete(id);
      inputs.delete(id);
      shows.get(id)?.close(reason, message);
    },
    viewers: (id) => shows.get(id)?.live().viewers ?? 0,
    stop: (reason, message) => {
      for (const show of shows.values()) show.close(reason, message);
    },
  };
};
