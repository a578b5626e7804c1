/** What a route of the gateway for sandboxes is given, and gives. */
import type { Client } from "@skein/client/light";
import type { Fields } from "./shapes.ts";

export type Ask = {
  readonly client: Client;
  readonly fields: Fields;
  readonly signal: AbortSignal;
  readonly now: () => number;
};

export type Answer = Readonly<Record<string, unknown>>;

/** Rejects with a Refusal, or as the client does. */
export type ShortRoute = (ask: Ask) => Promise<Answer>;
