/**
 * What leaves on one socket, in order. Answers of one turn of the loop leave together, in one write; a watch's frames
 * leave at once, behind what was waiting, so that whoever slices a fan-out pays for what it sends.
 */
import type { Duplex } from "node:stream";
import { encodeTexts } from "./frames.ts";

export type Outbox = {
  text(json: string): void;
  /** false: the socket has enough; `ready` calls back when it can take more. */
  bytes(frame: Buffer): boolean;
  /** Calls back once, when the socket has been emptied; never when it closed before. */
  ready(callback: () => void): void;
  flush(): void;
  /** Swallows whatever comes after. */
  shut(): void;
  /** Bytes that the peer has not taken yet. */
  pending(): number;
};

export type Turn = { soon(outbox: { flush(): void }): void };

/** Gathers the outboxes that have something to say and lets each speak once, at the end of the turn. */
export const makeTurn = (): Turn => {
  let waiting: { flush(): void }[] = [];
  const flushAll = (): void => {
    const now = waiting;
    waiting = [];
    for (const outbox of now) outbox.flush();
  };
  return {
    soon: (outbox) => {
      if (waiting.push(outbox) === 1) setImmediate(flushAll);
    },
  };
};

export const makeOutbox = (socket: Duplex, turn: Turn): Outbox => {
  let texts: string[] = [];
  let callbacks: (() => void)[] = [];
  let shut = false;
  socket.on("drain", () => {
    const now = callbacks;
    callbacks = [];
    for (const callback of now) callback();
  });

  const outbox: Outbox = {
    text: (json) => {
      if (shut) return;
      if (texts.push(json) === 1) turn.soon(outbox);
    },
    bytes: (frame) => {
      if (shut || !socket.writable) return true;
      if (texts.length > 0) outbox.flush();
      return socket.write(frame);
    },
    ready: (callback) => {
      if (socket.writableNeedDrain) callbacks.push(callback);
      else setImmediate(callback);
    },
    flush: () => {
      if (texts.length === 0) return;
      const now = texts;
      texts = [];
      if (!shut && socket.writable) socket.write(encodeTexts(now));
    },
    shut: () => {
      shut = true;
      texts = [];
    },
    pending: () => socket.writableLength,
  };
  return outbox;
};
