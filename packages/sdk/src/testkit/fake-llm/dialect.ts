import type { Conversation } from "./conversation.ts";
import type { Block } from "./plan.ts";

/** A parsed JSON object from a client; nothing about its fields is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One server-sent event. Only deltas are paced and counted; a truncated answer lacks its closing events. */
export interface Frame {
  /** Empty: the event has no name line. */
  readonly event: string;
  /** A string goes out as it is. */
  readonly data: JsonObject | string;
  readonly isDelta?: true;
  readonly isClosing?: true;
}

/**
 * One vendor's API: how to read a conversation out of a request and how to say an answer. Pure: the server owns the
 * socket and the time. Another API is one more file like `anthropic-messages.ts` and one line in `server.ts`.
 */
export interface Dialect {
  readonly api: string;
  /** Is this the request for a turn? The path comes without its query. */
  readonly isTurn: (method: string, path: string) => boolean;
  /** The answer to a small request beside the turns; undefined when it is none of this API's. */
  readonly answerAside: (method: string, path: string, body: JsonObject) => JsonObject | undefined;
  /** Must not throw whatever the body holds: what is not understood is left out. The path comes without its query. */
  readonly readConversation: (body: JsonObject, path: string) => Conversation;
  readonly streamFrames: (blocks: readonly Block[], conversation: Conversation) => Iterable<Frame>;
  /** The same answer for a client that did not ask for a stream. */
  readonly wholeAnswer: (blocks: readonly Block[], conversation: Conversation) => JsonObject;
  readonly failureBody: (status: number, text: string) => JsonObject;
}

// Readers for values of unknown shape: each gives an empty value for what is not there.

export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

export function asObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

export function asString(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The text of a content field, which every vendor allows to be a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return asObjects(content)
    .map((part) => asString(part["text"]))
    .filter((text) => text !== "")
    .join("\n");
}
