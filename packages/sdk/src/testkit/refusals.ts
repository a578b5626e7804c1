/** What a driver may be told, in tests: by the daemon that its generation is over, by the host that it cannot look. */
import { refuse } from "@skein/contract";
import { adapterFailure } from "../failure.ts";

export const generationIsOver = () =>
  refuse("invalid_input", "That generation is over.", "Nothing is to be done.");

export const tooManyFiles = () =>
  adapterFailure("Too many files are open.", {
    kind: "unavailable",
    code: "internal",
    remedy: "Close some.",
    retryable: true,
  });
