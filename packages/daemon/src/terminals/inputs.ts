/**
 * Which input of which client a terminal has had: so that what is sent again after a reconnect is typed once. Lives as long as
 * the terminal does in this daemon; of the clients that came longest ago the oldest are forgotten.
 */
import { LIMITS } from "@skein/contract";

export type Inputs = {
  /** null: this client has sent nothing here. */
  last(client: string): number | null;
  /** false: it was here before. */
  take(client: string, seq: number): boolean;
};

export const makeInputs = (): Inputs => {
  const last = new Map<string, number>();
  return {
    last: (client) => last.get(client) ?? null,
    take: (client, seq) => {
      const had = last.get(client);
      if (had !== undefined && seq <= had) return false;
      last.delete(client);
      last.set(client, seq);
      if (last.size > LIMITS.terminalClients) last.delete(last.keys().next().value as string);
      return true;
    },
  };
};
