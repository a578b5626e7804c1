/** How Codex 0.169.0 tells of a turn that fails, with one retry allowed (as the tests' config.toml has it). */
import { setTimeout as sleep } from "node:timers/promises";
import type { FakeTurn } from "./store.ts";
import { emit, type Thread } from "./thread.ts";

const CUT_TEXT =
  "stream disconnected before completion: Transport error: network error: error decoding response body";
const offlineMs = 20;

/** `status` null: the stream broke. */
export const makeErrorWord = (turn: FakeTurn, status: number | null, willRetry: boolean) => {
  const http = status === 500 ? null : status;
  const detail = status === null ? CUT_TEXT : `unexpected status ${status}`;
  return {
    error: {
      message: "Reconnecting... 1/1",
      codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: http } },
      additionalDetails: detail,
      misalignment: null,
    },
    willRetry,
    turnId: turn.id,
  };
};

const described = (status: number | null, text: string): { message: string; info: unknown } => {
  switch (status) {
    case null:
      return { message: CUT_TEXT, info: "other" };
    case 400:
      return { message: JSON.stringify({ error: { message: text, code: null } }), info: "other" };
    case 404:
      return { message: text, info: "modelNotFound" };
    case 429:
      return {
        message: "exceeded retry limit, last status: 429 Too Many Requests",
        info: { responseTooManyFailedAttempts: { httpStatusCode: 429 } },
      };
    case 500:
      return { message: "We’re currently experiencing high demand.", info: "internalServerError" };
    default:
      return {
        message: `unexpected status ${status}: ${text}`,
        info: { httpConnectionFailed: { httpStatusCode: status } },
      };
  }
};

const unretried = [400, 404, 429];

export const failTurn = (thread: Thread, turn: FakeTurn, status: number | null, text: string) => {
  if (status !== null && !unretried.includes(status))
    emit(thread, "error", makeErrorWord(turn, status, true));
  const { message, info } = described(status, text);
  const error = { message, codexErrorInfo: info, additionalDetails: null, misalignment: null };
  turn.status = "failed";
  turn.error = error;
  emit(thread, "error", { error, willRetry: false, turnId: turn.id });
  return { done: true, results: [] };
};

/** Without a login and a network it never ends by itself. */
export const retryOffline = async (
  thread: Thread,
  turn: FakeTurn,
  signal: AbortSignal,
): Promise<never> => {
  for (;;) {
    emit(thread, "error", {
      error: {
        message: "Reconnecting... waiting for network",
        codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: null } },
        additionalDetails: "Connection failed: error sending request",
        misalignment: null,
      },
      willRetry: true,
      turnId: turn.id,
    });
    await sleep(offlineMs, undefined, { signal });
  }
};
