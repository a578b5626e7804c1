/**
 * A watch as server-sent events. Each frame's `id` is its position, so a reader that comes back with Last-Event-ID
 * goes on where it was. A slow reader holds up nobody: the feed waits for `ready`, and ends the watch when its queue is full.
 */
import type { ServerResponse } from "node:http";
import type { EncodedFrame, Watch, WatchSink } from "../feed/ports.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import type { OpenWatch } from "./ports.ts";
import type { Limits, ServerClock } from "./settings.ts";

/** One encoding for all readers of the same frame. */
const encodings = new WeakMap<EncodedFrame, Buffer>();

const encode = (frame: EncodedFrame): Buffer => {
  const known = encodings.get(frame);
  if (known !== undefined) return known;
  const id = frame.position === null ? "" : `id: ${frame.position}\n`;
  // JSON text has no line breaks of its own, so one data line carries it.
  const bytes = Buffer.from(`${id}data: ${frame.text}\n\n`);
  encodings.set(frame, bytes);
  return bytes;
};

const BEAT = ": still here\n\n";
const STALLED_BYTES = 1_048_576;

const begin = (outgoing: ServerResponse): void => {
  if (outgoing.headersSent) return;
  outgoing.writeHead(200, {
    ...SECURITY_HEADERS,
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
  });
  outgoing.write("retry: 1000\n\n");
};

/**
 * Rejects with the feed's Refusal when the watch cannot begin; nothing is sent then. Resolves once it hangs. `over` is called
 * exactly once when it has ended, whoever ended it; the returned function ends it.
 */
export const serveEvents = async (
  deps: { readonly openWatch: OpenWatch; readonly clock: ServerClock; readonly limits: Limits },
  outgoing: ServerResponse,
  input: Parameters<OpenWatch>[0],
  calls: { readonly stillGood: () => Promise<boolean>; readonly over: () => void },
): Promise<() => void> => {
  const { clock, limits } = deps;
  let watch: Watch | null = null;
  let ended = false;
  let cancelBeat = (): void => {};

  const finish = (): void => {
    if (ended) return;
    ended = true;
    cancelBeat();
    watch?.close();
    calls.over();
    if (outgoing.writableFinished || outgoing.destroyed) return;
    outgoing.end();
    // A reader that has stopped reading would keep the connection for ever.
    const cancel = clock.after(limits.drainMs, () => outgoing.destroy());
    outgoing.once("close", cancel);
  };

  const beat = (): void => {
    if (outgoing.writableLength > STALLED_BYTES) return void outgoing.destroy();
    outgoing.write(BEAT);
    cancelBeat = clock.after(limits.tickIntervalMs, beat);
    calls.stillGood().then((good) => (good ? undefined : finish()), finish);
  };

  const sink: WatchSink = {
    send: (frame) => {
      if (ended) return true;
      begin(outgoing);
      return outgoing.write(encode(frame));
    },
    ready: (callback) => void outgoing.once("drain", callback),
    end: finish,
  };

  outgoing.once("close", finish);
  try {
    watch = await deps.openWatch(input, sink);
  } catch (error) {
    outgoing.off("close", finish);
    if (!outgoing.headersSent) {
      if (!ended) calls.over();
      ended = true;
      throw error;
    }
    finish();
    return finish;
  }
  if (ended) {
    watch.close();
    return finish;
  }
  begin(outgoing);
  cancelBeat = clock.after(limits.tickIntervalMs, beat);
  return finish;
};
