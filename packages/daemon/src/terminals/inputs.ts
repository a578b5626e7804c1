/**
 * Which input of which client a terminal has had, and what became of it: so that what is sent again after a reconnect is typed
 * once, and answered as it was. Lives as long as the terminal does in this daemon; of the clients that came longest ago the oldest
 * are forgotten, and so are a client's oldest refusals.
 */
import { LIMITS } from "@skein/contract";
import type { Refusal } from "./told.ts";

/** null: it was typed. */
export type Outcome = Refusal | null;

export type Inputs = {
  /** The last number that this client has spent; null: it has sent nothing here. */
  last(client: string): number | null;
  /** All up to this one was typed; null: it has sent nothing here. */
  typed(client: string): number | null;
  /**
   * new: it is to be typed, and `settle` is called once. had: it was here before. gap: one before it is missing. `tell` is called
   * once with what became of it, at once when that is known; with the same number again nobody else is told.
   */
  take(client: string, seq: number, tell: (outcome: Outcome) => void): "new" | "had" | "gap";
  settle(client: string, seq: number, outcome: Outcome): void;
};

/** Of one client. Runs of them are rare: what is refused is refused for a while, and then the client waits. */
const MOST_REFUSED = 1_024;

type Had = {
  last: number;
  /** Of those up to this one nothing is known. */
  forgotten: number;
  /** The first one that was not typed. */
  untyped: number;
  readonly open: Map<number, (outcome: Outcome) => void>;
  readonly refused: Map<number, Refusal>;
};

const refuse = (had: Had, seq: number, why: Refusal): void => {
  had.untyped = Math.min(had.untyped, seq);
  had.refused.set(seq, why);
  if (had.refused.size <= MOST_REFUSED) return;
  const oldest = had.refused.keys().next().value as number;
  had.refused.delete(oldest);
  had.forgotten = Math.max(had.forgotten, oldest);
};

/** Of what is known: whether it was typed, or why not. */
const outcomeOf = ({ refused, forgotten }: Had, seq: number): Outcome =>
  refused.get(seq) ?? (seq <= forgotten ? "unsure" : null);

export const makeInputs = (): Inputs => {
  const clients = new Map<string, Had>();
  const hadOf = (client: string, seq: number): Had =>
    clients.get(client) ?? {
      last: seq - 1,
      forgotten: seq - 1,
      untyped: Infinity,
      open: new Map(),
      refused: new Map(),
    };
  return {
    last: (client) => clients.get(client)?.last ?? null,
    typed: (client) => {
      const had = clients.get(client);
      if (had === undefined) return null;
      // They came in order: the first is the least.
      const [open = Infinity] = had.open.keys();
      return Math.min(had.last, had.untyped - 1, open - 1);
    },
    take: (client, seq, tell) => {
      const had = hadOf(client, seq);
      if (seq > had.last + 1) return "gap";
      if (seq <= had.last) {
        if (had.open.has(seq)) had.open.set(seq, tell);
        else tell(outcomeOf(had, seq));
        return "had";
      }
      had.last = seq;
      had.open.set(seq, tell);
      clients.delete(client);
      clients.set(client, had);
      if (clients.size > LIMITS.terminalClients)
        clients.delete(clients.keys().next().value as string);
      return "new";
    },
    settle: (client, seq, outcome) => {
      const had = clients.get(client);
      const tell = had?.open.get(seq);
      if (had === undefined || tell === undefined) return;
      had.open.delete(seq);
      if (outcome !== null) refuse(had, seq, outcome);
      tell(outcome);
    },
  };
};
