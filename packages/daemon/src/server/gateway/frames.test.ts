import type { Writable } from "node:stream";
import * as ws from "ws";
import { expect, test } from "vitest";
import { refuse } from "@skein/contract";
import { encodeTexts, encodeWatchFrame, gatewayError } from "./frames.ts";

/** ws exports it, its types do not. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean }) => Writable;
};

/** Reads frames the way a client does. */
const received = (bytes: Buffer): string[] => {
  const texts: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on("message", (data: Buffer) => texts.push(data.toString()));
  receiver.on("error", (error: Error) => {
    throw error;
  });
  receiver.write(bytes);
  return texts;
};

test("messages of every length class come out as they went in, in order", () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
  const texts = lengths.map((length) => "x".repeat(length));
  expect(received(encodeTexts(texts)).map((text) => text.length)).toEqual(lengths);
});

test("lengths are counted in bytes, not in characters", () => {
  const texts = ["é".repeat(63), "😀".repeat(40_000), "a", "\u0000"];
  expect(received(encodeTexts(texts))).toEqual(texts);
});

test("a watch's frame is encoded once for all who know the watch by the same name", () => {
  const frame = {
    frame: "caught-up",
    text: '{"frame":"caught-up","position":7}',
    position: 7,
  } as const;
  const one = encodeWatchFrame(frame, "w1");
  expect(encodeWatchFrame(frame, "w1")).toBe(one);
  expect(encodeWatchFrame(frame, "w2")).not.toBe(one);
  expect(JSON.parse(received(one)[0] as string)).toEqual({
    type: "event",
    event: "skein.watch",
    payload: { watch: "w1", frame: "caught-up", position: 7 },
  });
});

test("a problem keeps its code, its remedy and whether it is worth another try", () => {
  const { problem } = refuse("queue_full", "full", "wait", { most: 3 });
  expect(gatewayError(problem)).toEqual({
    code: "UNAVAILABLE",
    message: "full",
    retryable: true,
    details: { code: "queue_full", remedy: "wait", most: 3 },
  });
});
