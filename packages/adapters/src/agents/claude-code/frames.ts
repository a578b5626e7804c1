/** What we write to Claude Code (2.1.197), one JSON a line. Never anything else: a line that is no JSON ends it. */
import { createHash } from "node:crypto";
import type { Json } from "./wire.ts";

/** A frame of at most so many bytes (PIPE_BUF), newline included, is written whole or not at all. */
export const atomicBytes = 4096;

export const isAtomic = (frame: string): boolean => Buffer.byteLength(frame) < atomicBytes;

/** The same name gives the same UUID (RFC 9562, version 5), so that what was done before a crash is known again after it. */
export const uuidOf = (name: string): string => {
  const hash = createHash("sha1").update(`skein/claude-code/${name}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join("-");
};

/**
 * `later`: a prompt never joins a turn that the agent started by itself. `next`: words for the turn in progress, taken at
 * its next tool boundary.
 */
export const userFrame = (uuid: string, text: string, priority: "later" | "next"): string =>
  JSON.stringify({
    type: "user",
    uuid,
    session_id: "",
    parent_tool_use_id: null,
    priority,
    message: { role: "user", content: [{ type: "text", text }] },
  });

const control = (id: string, request: Json): string =>
  JSON.stringify({ type: "control_request", request_id: id, request });

export const initializeId = "skein-initialize";
export const initializeFrame = control(initializeId, { subtype: "initialize" });

export const interruptFrame = (turn: string): string =>
  control(`skein-interrupt-${turn}`, { subtype: "interrupt" });

const answer = (request: string, response: Json): string =>
  JSON.stringify({
    type: "control_response",
    response: { subtype: "success", request_id: request, response },
  });

/** `grants` hold for this process only (destination `session`). */
export const allowFrame = (request: string, input: Json, grants: readonly Json[] = []): string =>
  answer(request, {
    behavior: "allow",
    updatedInput: input,
    ...(grants.length === 0 ? {} : { updatedPermissions: grants }),
  });

/** The message is told to the model. */
export const denyFrame = (request: string, message: string): string =>
  answer(request, { behavior: "deny", message, interrupt: false });
