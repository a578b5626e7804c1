/** A store in memory for the engine's own tests: what was committed, and a switch that makes the next commits fail. */
import { storeFailure, type Batch, type Row, type Store, type StoreFailure } from "../ports.ts";

type MemoryStore = Pick<
  Store,
  "commit" | "head" | "streamHead" | "row" | "rows" | "claimed" | "receipt" | "reported"
> & {
  readonly batches: Batch[];
  /** The next commit fails with this. */
  failNext(failure: StoreFailure): void;
  /** Commits wait until the returned function is called. */
  hold(): () => void;
};

const ownerOf = (batches: readonly Batch[], space: string, key: string): string | null => {
  let owner: string | null = null;
  for (const batch of batches) {
    for (const claim of batch.releases)
      if (claim.space === space && claim.key === key) owner = null;
    for (const claim of batch.claims)
      if (claim.space === space && claim.key === key) owner = claim.owner;
  }
  return owner;
};

export const makeMemoryStore = (): MemoryStore => {
  const batches: Batch[] = [];
  let failure: StoreFailure | null = null;
  let gate: Promise<void> | null = null;
  const events = () => batches.flatMap((batch) => batch.events);
  const rows = (): Map<string, Row> =>
    new Map(batches.flatMap((batch) => batch.rows).map((row) => [`${row.kind} ${row.id}`, row]));
  return {
    batches,
    failNext: (next) => (failure = next),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    commit: async (batch) => {
      if (gate !== null) await gate;
      if (failure !== null) {
        const thrown = failure;
        failure = null;
        throw thrown;
      }
      const told = new Set(events().map((event) => `${event.stream} ${event.clientId}`));
      const twice = batch.events.find(
        ({ stream, clientId }) => clientId !== null && told.has(`${stream} ${clientId}`),
      );
      if (twice !== undefined)
        throw storeFailure("told twice", { kind: "conflict", stream: twice.stream });
      const released = [...batches, { ...batch, claims: [] }];
      const taken = batch.claims.find(({ space, key, owner }) => {
        const holder = ownerOf(released, space, key);
        return holder !== null && holder !== owner;
      });
      if (taken !== undefined) throw storeFailure("taken", { kind: "claimed", claim: taken });
      const position = events().length + 1;
      batches.push(batch);
      return { position };
    },
    head: async () => events().length,
    streamHead: async (stream) => events().filter((event) => event.stream === stream).length,
    row: async (kind, id) => rows().get(`${kind} ${id}`) ?? null,
    rows: async ({ kind, parent }) => ({
      rows: [...rows().values()].filter(
        (row) => row.kind === kind && (parent === undefined || row.parent === parent) && row.live,
      ),
      next: null,
    }),
    claimed: async (space, key) => ownerOf(batches, space, key),
    receipt: async (key) =>
      batches.flatMap((batch) => batch.receipts).find((one) => one.key === key) ?? null,
    reported: async (stream, clientIds) =>
      new Map(
        events()
          .filter(
            (event) =>
              event.stream === stream &&
              event.clientId !== null &&
              clientIds.includes(event.clientId),
          )
          .map((event) => [event.clientId!, event.seq]),
      ),
  };
};
