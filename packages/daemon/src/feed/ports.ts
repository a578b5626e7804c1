/**
 * How watchers hang on the feed. The feed knows nothing of sockets; whoever carries frames (server/) implements a sink.
 */
import type { Approval, Delta, Session } from "@skein/contract";
import type { StoredEvent } from "../engine/ports.ts";

/** A frame, encoded once and shared by every watcher that gets the same one: identity can be used to cache what a carrier makes of it. */
export type EncodedFrame = {
  readonly frame: "snapshot" | "events" | "caught-up" | "deltas" | "lagged" | "going-away";
  /** JSON text of the contract's WatchFrame. */
  readonly text: string;
  /** After this frame the watcher has seen everything up to here; null for deltas. */
  readonly position: number | null;
};

export type WatchSink = {
  /** Takes a frame; must not throw. Returns false when the carrier's buffer is full: the feed then waits for `ready`. */
  send(frame: EncodedFrame): boolean;
  /** Calls back once when the carrier can take more. */
  ready(callback: () => void): void;
  /** The feed has ended this watch (lagged, going-away): nothing is sent after it. */
  end(): void;
};

/** Someone to whom there are no streams but some, more of them as time goes. The same id means the same streams. */
export type WatchOwner = { readonly id: string; readonly has: (stream: string) => boolean };

export type WatchRequest = {
  /** Absent: begin with a snapshot. */
  readonly after: number | undefined;
  /** Session ids (resolved); undefined: all. */
  readonly sessions: readonly string[] | undefined;
  /** Whose streams alone; absent: everyone's. */
  readonly owner?: WatchOwner;
  /** Types, or their beginnings up to a dot; undefined: all. */
  readonly types: readonly string[] | undefined;
  readonly live: boolean;
};

export type Watch = {
  /** Ends the watch; nothing is sent after it returns. Safe to call twice. */
  close(): void;
};

export type Feed = {
  /** Must be called with every commit, in order. Never throws, never waits: big fan-outs are done in slices of the loop. */
  publish(events: readonly StoredEvent[]): void;
  /** Live words: coalesced by session, item and kind, LIMITS.deltaCoalesceMs. Dropped for a watcher that is behind. */
  live(delta: Delta): void;
  /** Drops what waits of an item's deltas: its settled text is being published. */
  settle(session: string, item: string): void;
  /**
   * Rejects with a Refusal (cursor_ahead, cursor_compacted). Resolves once the watch hangs: snapshot (without `after`), then events in
   * order without gap or duplicate, then caught-up, then live.
   */
  watch(request: WatchRequest, sink: WatchSink): Promise<Watch>;
  /** How many hang now. */
  readonly watchers: number;
  /** Tells every watcher where to resume, then ends them. */
  close(): Promise<void>;
};

/** What the feed reads from. */
export type FeedSource = {
  head(): Promise<number>;
  events(query: {
    readonly after: number;
    readonly stream?: string;
    readonly limit: number;
  }): Promise<readonly StoredEvent[]>;
  /** The views as of now, with the position they show; only these sessions when named, only this owner's when there is one. */
  snapshot(
    sessions: readonly string[] | undefined,
    owner: string | undefined,
  ): Promise<{
    readonly position: number;
    readonly sessions: readonly Session[];
    readonly approvals: readonly Approval[];
    /** Whether there is more than fits. */
    readonly truncated: boolean;
  }>;
};
