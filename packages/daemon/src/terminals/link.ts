/**
 * A terminal's line to tmux while somebody looks: found again after every break. Gone is only what tmux surely does not hold;
 * while tmux or the host does not answer, the line waits and says so.
 */
import type { Clock } from "@skein/sdk";
import { openControl, type Control } from "./control.ts";
import type { End, Ends } from "./ends.ts";
import { findPane, type Pane } from "./panes.ts";
import type { Tmux } from "./tmux.ts";

export type LinkEvents = {
  /** A new client of tmux listens. What was output before is known by a snapshot only. */
  readonly up: (control: Control, pane: Pane) => void;
  /** It listens no longer; another may come. */
  readonly down: () => void;
  readonly output: (bytes: Uint8Array) => Promise<void> | void;
  /** Output was left out. */
  readonly lost: () => void;
  readonly ended: (end: End) => void;
  readonly unknown: (reason: string) => void;
  /** tmux answers again, and nothing was lost. */
  readonly answers: () => void;
  readonly gone: () => void;
};

export type Link = {
  /** Looks again for the end of the program: another one was started. */
  restarted(): void;
  close(): void;
};

const RETRY_MS = [100, 300, 1_000, 3_000, 5_000] as const;
const PING_MS = 5_000;

/** A tmux that is stopped says nothing at all: asked now and then, its silence is noticed. Returns what stops it. */
const watchSilence = (clock: Clock, control: Control, events: LinkEvents): (() => void) => {
  let cancel = (): void => {};
  const later = (): void => {
    cancel = clock.after(PING_MS, () => {
      cancel = clock.after(PING_MS, () => events.unknown("tmux does not answer"));
      control.ask("display-message -p ok", 1, (replies) => {
        if (replies === null) return;
        cancel();
        events.answers();
        later();
      });
    });
  };
  later();
  return () => cancel();
};

/** `heard` is called when tmux says something. */
const openWatched = async (
  tmux: Tmux,
  pane: Pane,
  { output, lost }: LinkEvents,
  heard: () => void,
): Promise<Control> => {
  const control = await openControl(tmux, pane, {
    output: (bytes) => (heard(), output(bytes)),
    paused: lost,
  });
  const ask: Control["ask"] = (line, count, done) =>
    control.ask(line, count, (replies) => {
      if (replies !== null) heard();
      done(replies);
    });
  return { ...control, ask };
};

export const makeLink = (
  deps: { readonly tmux: Tmux; readonly ends: Ends; readonly clock: Clock; readonly id: string },
  events: LinkEvents,
): Link => {
  const { tmux, ends, clock, id } = deps;
  let closed = false;
  let tries = 0;
  let cancel = (): void => {};
  let control: Control | null = null;
  let watching = new AbortController();

  const watchEnd = (): void => {
    watching.abort();
    watching = new AbortController();
    const { signal } = watching;
    ends.wait(id, signal).then(
      (end) => (signal.aborted ? undefined : events.ended(end)),
      () => undefined,
    );
  };

  const later = (reason: string): void => {
    if (closed) return;
    events.unknown(reason);
    cancel = clock.after(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]!, () => void connect());
    tries += 1;
  };

  const connect = async (): Promise<void> => {
    const found = await findPane(tmux, id);
    if (closed) return;
    if ("is" in found) return later(found.failure.message);
    if (found.pane === null) return events.gone();
    try {
      // One that ends before it has said anything would be started again and again.
      let isHeard = false;
      const mine = await openWatched(tmux, found.pane, events, () => {
        if (!isHeard) tries = 0;
        isHeard = true;
      });
      if (closed) return mine.close();
      control = mine;
      void mine.ended.then(({ reason }) => {
        if (control === mine) control = null;
        cancel();
        if (closed) return;
        events.down();
        if (isHeard) void connect();
        else later(reason || "tmux ends the connection at once");
      });
      events.up(mine, found.pane);
      watchEnd();
      cancel = watchSilence(clock, mine, events);
    } catch (error) {
      later((error as Error).message);
    }
  };
  void connect();

  return {
    restarted: watchEnd,
    close: () => {
      closed = true;
      cancel();
      watching.abort();
      control?.close();
    },
  };
};
