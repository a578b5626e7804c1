/** Facts told by others: each client id once, each with its seq. */
import type { Lane } from "./lane.ts";
import type { Store } from "./ports.ts";

export type ToldFact = { readonly type: string; readonly data: unknown; readonly clientId: string };
export type AppendedFact = {
  readonly clientId: string;
  readonly seq: number;
  readonly repeated: boolean;
};

/**
 * Which of the facts were told before, with their seq. Those on their way to the disk are always known; the disk itself is asked
 * only in a lane where one has come twice: until then its own index refuses what is there already, which costs nothing when,
 * as nearly always, nothing is. Then the commit fails for this lane alone, and its facts are told again with a look first.
 */
export const knownFacts = async (
  store: Pick<Store, "reported">,
  lane: Lane,
  facts: readonly ToldFact[],
): Promise<ReadonlyMap<string, number>> => {
  const clientIds = facts.map((fact) => fact.clientId);
  // Before the disk is asked: what is on its way there may arrive meanwhile, and would be found in neither place.
  const underWay = clientIds.flatMap((id): [string, number][] => {
    const seq = lane.pending.get(id);
    return seq === undefined ? [] : [[id, seq]];
  });
  if (!lane.careful) return new Map(underWay);
  const reported = await store.reported(lane.stream, clientIds);
  return underWay.length === 0 ? reported : new Map([...underWay, ...reported]);
};

/** What is new among the facts, and the answer to all of them. */
export const sortFacts = (
  lane: Lane,
  facts: readonly ToldFact[],
  known: ReadonlyMap<string, number>,
): { readonly fresh: readonly ToldFact[]; readonly answer: readonly AppendedFact[] } => {
  const given = new Map<string, number>();
  const fresh: ToldFact[] = [];
  const answer = facts.map((fact) => {
    const { clientId } = fact;
    const before = known.get(clientId) ?? given.get(clientId);
    if (before !== undefined) return { clientId, seq: before, repeated: true };
    fresh.push(fact);
    const seq = lane.seq + fresh.length;
    given.set(clientId, seq);
    return { clientId, seq, repeated: false };
  });
  return { fresh, answer };
};
