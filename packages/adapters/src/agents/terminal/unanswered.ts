/** tmux or its host does not answer. A link that was cut is not yet known as such then: what waits for it is done on its return. */
import { hostAway, isAdapterFailure, isHostAway } from "@skein/sdk";
import type { Life } from "./life.ts";

export const isUnanswered = (error: unknown): boolean =>
  isHostAway(error) || (isAdapterFailure(error) && error.failure.kind === "timeout");

/** What a deed rejects with, so that it is done again later. */
export const away = ({ context }: Life, error: unknown): unknown =>
  isUnanswered(error) ? hostAway(context.backend.host.id) : error;
