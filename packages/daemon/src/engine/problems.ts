/** What a caller is told when an input could not be recorded. */
import { asRefusal, refuse } from "@skein/contract";
import { heldProblem } from "@skein/core";
import { isStoreFailure } from "./ports.ts";

export const shuttingDown = () =>
  refuse(
    "shutting_down",
    "The daemon is stopping.",
    "Start it again with `skein up`, then repeat.",
  );

/** A StoreFailure as a Refusal; anything else as it is. */
export const asProblem = (error: unknown): unknown => {
  if (!isStoreFailure(error)) return error;
  if (error.store.kind === "full") {
    return refuse(
      "storage_full",
      "The disk is full; nothing was recorded.",
      "Free some space where the state folder lies, then repeat: no restart is needed.",
    );
  }
  if (error.store.kind === "claimed") {
    const name = error.store.claim.key;
    const held = heldProblem(name);
    if (held !== null) return asRefusal(held);
    return refuse(
      "name_taken",
      `The name ${name} is in use.`,
      "Choose another name, or leave it out to get one.",
      { name },
    );
  }
  return refuse(
    "storage_failed",
    "The disk failed; nothing was recorded.",
    `Look at the log with \`skein doctor\`, then start the daemon again. (${error.message})`,
  );
};
