/** Facts told by others: each client id once, each with its seq. */
import type { Lane } from "./lane.ts";
import type { Store } from "./ports.ts";

export type ToldFact = { readonly type: string; readonly data: unknown; readonly clientId: string };
export type AppendedFact = {
  readonly clientId: string;
  readonly seq: number;
  readonly repeated: boolean;
};

/** What is new among the facts, and the answer to all of them. */
export const sortFacts = async (
  store: Pick<Store, "reported">,
  lane: Lane,
  facts: readonly ToldFact[],
): Promise<{ readonly fresh: readonly ToldFact[]; readonly answer: readonly AppendedFact[] }> => {
  const known = await store.reported(
    lane.stream,
    facts.map((fact) => fact.clientId),
  );
  const given = new Map<string, number>();
  const fresh: ToldFact[] = [];
  const answer = facts.map((fact) => {
    const { clientId } = fact;
    const before = known.get(clientId) ?? lane.pending.get(clientId) ?? given.get(clientId);
    if (before !== undefined) return { clientId, seq: before, repeated: true };
    fresh.push(fact);
    const seq = lane.seq + fresh.length;
    given.set(clientId, seq);
    return { clientId, seq, repeated: false };
  });
  return { fresh, answer };
};
