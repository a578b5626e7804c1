/** Frames as bytes: RFC 6455 text frames, unmasked, unfragmented, uncompressed; gateway protocol 4 inside. */
import { ERRORS, type GatewayError, type Problem } from "@skein/contract";
import type { EncodedFrame } from "../../feed/ports.ts";

const TEXT = 0x81;
const PING = 0x89;

/** Bytes that the header of a server's frame takes. */
const headerBytes = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

const writeHeader = (target: Buffer, at: number, length: number): number => {
  target[at] = TEXT;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    target[at + 1] = 126;
    target.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(0, at + 2);
  target.writeUInt32BE(length, at + 6);
  return at + 10;
};

/** Several messages as one run of bytes, so that they leave in one write. */
export const encodeTexts = (texts: readonly string[]): Buffer => {
  let size = 0;
  const lengths: number[] = [];
  for (const text of texts) {
    const length = Buffer.byteLength(text);
    lengths.push(length);
    size += headerBytes(length) + length;
  }
  const target = Buffer.allocUnsafe(size);
  let at = 0;
  for (let index = 0; index < texts.length; index++) {
    const length = lengths[index] as number;
    at = writeHeader(target, at, length);
    target.write(texts[index] as string, at, length);
    at += length;
  }
  return target;
};

const encodeText = (text: string): Buffer => encodeTexts([text]);

/** A `tick` and a ping in one write, the same for every connection. */
export const encodePulse = (now: number): Buffer =>
  Buffer.concat([
    encodeText(JSON.stringify({ type: "event", event: "tick", payload: { ts: now } })),
    Buffer.from([PING, 0]),
  ]);

/** What a frame of a watch looks like on the wire, made once for each name a watch has: most are called w1. */
const watchEncodings = new WeakMap<EncodedFrame, Map<string, Buffer>>();

export const encodeWatchFrame = (frame: EncodedFrame, watch: string): Buffer => {
  let known = watchEncodings.get(frame);
  if (known === undefined) watchEncodings.set(frame, (known = new Map()));
  let bytes = known.get(watch);
  if (bytes === undefined) {
    // The frame is a JSON object with at least one key: its opening brace makes room for the watch's name.
    bytes = encodeText(
      `{"type":"event","event":"skein.watch","payload":{"watch":"${watch}",${frame.text.slice(1)}}`,
    );
    known.set(watch, bytes);
  }
  return bytes;
};

export const resultText = (id: string, payload: unknown): string =>
  `{"type":"res","id":${JSON.stringify(id)},"ok":true,"payload":${JSON.stringify(payload) ?? "null"}}`;

export const errorText = (id: string, error: GatewayError): string =>
  JSON.stringify({ type: "res", id, ok: false, error });

export const eventText = (event: string, payload: unknown): string =>
  JSON.stringify({ type: "event", event, payload });

const LEGACY_CODES: Readonly<Record<string, string>> = { forbidden: "MISSING_SCOPE" };

/** A problem in the words of protocol 4: the class on top, the contract's own code and the remedy in `details`. */
export const gatewayError = (value: Problem): GatewayError => {
  const { gateway, retryable } = ERRORS[value.code];
  const missingScope = value.details?.["missingScope"] !== undefined;
  const wait = value.details?.["retryAfterMs"];
  return {
    code: gateway,
    message: value.message,
    details: {
      ...value.details,
      code: missingScope ? LEGACY_CODES[value.code] : value.code,
      remedy: value.remedy,
    },
    ...(retryable ? { retryable } : {}),
    ...(typeof wait === "number" ? { retryAfterMs: Math.ceil(wait) } : {}),
  };
};
