/** Why a session could not be started, as one fact. Texts of the vendor as of Codex 0.169.0. */
import { isAdapterFailure, type Fact } from "@skein/sdk";
import type { ErrorCode } from "@skein/contract";
import { isRpcFailure } from "./rpc.ts";

export type StartFailure = Extract<Fact, { fact: "start-failed" }>;

export const startFailed = (code: ErrorCode, message: string, remedy: string): StartFailure => ({
  fact: "start-failed",
  code,
  message,
  remedy,
});

const REFUSALS: readonly {
  readonly says: RegExp;
  readonly message: (text: string) => string;
  readonly remedy: string;
}[] = [
  {
    // The server itself goes on with defaults and only warns; the thread is refused.
    says: /^failed to load configuration: /,
    message: (text) =>
      `Codex cannot read its configuration: ${text.replace(/^failed to load configuration: /, "")}.`,
    remedy: "Correct config.toml in CODEX_HOME, then resume the session.",
  },
  {
    says: /already has an active writer/,
    message: () => "Another Codex process has this conversation open.",
    remedy: "Close it there (a terminal, an editor), then resume the session.",
  },
  {
    says: /no rollout found/,
    message: () => "Codex no longer has this conversation on disk.",
    remedy: "Start a new session; what was said stays readable here.",
  },
];

export const startFailureOf = (error: unknown): StartFailure => {
  if (isAdapterFailure(error)) {
    const { code, remedy } = error.failure;
    return startFailed(code, error.message, remedy);
  }
  const text = isRpcFailure(error) ? error.rpc.message : String(error);
  const known = REFUSALS.find(({ says }) => says.test(text));
  if (known !== undefined)
    return startFailed("backend_unavailable", known.message(text), known.remedy);
  return startFailed(
    "backend_unavailable",
    `Codex could not open the conversation: ${text}`,
    "Run `codex` in the same folder and read what it says.",
  );
};

export const isLostThread = (error: unknown): boolean =>
  isRpcFailure(error) && /no rollout found|thread not found|not loaded/i.test(error.rpc.message);
