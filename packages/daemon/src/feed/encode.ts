/** Events and frames as JSON text (the contract's WatchFrame), each made once and shared by all who get the same one. */
import type { Delta } from "@skein/contract";
import type { StoredEvent } from "../engine/ports.ts";
import type { EncodedFrame, FeedSource } from "./ports.ts";

/** Ids and types need no escapes, and are by far the most of what is quoted here. */
const PLAIN = /^[\w.:-]*$/;
const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** The stored `data` is JSON text already; everything else is put around it. */
export const encodeEvent = ({ position, stream, seq, at, type, data }: StoredEvent): string =>
  `{"position":${position},"stream":${quote(stream)},"seq":${seq},"at":"${new Date(at).toISOString()}","type":${quote(type)},"data":${data}}`;

export const eventsFrame = (events: readonly string[], position: number): EncodedFrame => ({
  frame: "events",
  text: `{"frame":"events","events":[${events.join(",")}]}`,
  position,
});

export const snapshotFrame = (view: Awaited<ReturnType<FeedSource["snapshot"]>>): EncodedFrame => ({
  frame: "snapshot",
  text: JSON.stringify({ frame: "snapshot", ...view }),
  position: view.position,
});

export const caughtUpFrame = (position: number): EncodedFrame => ({
  frame: "caught-up",
  text: `{"frame":"caught-up","position":${position}}`,
  position,
});

export const deltasFrame = (deltas: readonly Delta[]): EncodedFrame => ({
  frame: "deltas",
  text: JSON.stringify({ frame: "deltas", deltas }),
  position: null,
});

/** The last frame of a watch. */
export const farewellFrame = (
  frame: "lagged" | "going-away",
  resumeFrom: number,
): EncodedFrame => ({
  frame,
  text: `{"frame":"${frame}","resumeFrom":${resumeFrom}}`,
  position: resumeFrom,
});
