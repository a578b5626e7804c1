/**
 * Any history, against a model in memory: batches that are good, refused or without effect, with reopenings between them.
 * After each step the store must say exactly what the model says.
 */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Batch, Row, Store } from "../../engine/ports.ts";
import { isStoreFailure } from "../../engine/ports.ts";
import { batch, effect, event, item, receipt, row } from "./kit.ts";
import type { Make } from "./kit.ts";

const NAMES = ["a", "b", "c"] as const;
const name = fc.constantFrom(...NAMES);

/** A step as fast-check draws it; seqs and new ids come from the model when it is taken. */
type Step =
  | { readonly kind: "reopen" }
  | {
      readonly kind: "commit";
      readonly events: readonly { stream: string; clash: boolean; report: number }[];
      readonly rows: readonly { id: string; status: string; live: boolean; state: number }[];
      readonly items: readonly { id: string; body: number }[];
      readonly claims: readonly { key: string; owner: string }[];
      readonly releases: readonly { key: string; owner: string }[];
      readonly effects: number;
      readonly lease: number;
      readonly settle: number;
    };

const few = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 3 });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" } as const) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      events: few(
        fc.record({
          stream: name,
          clash: fc.integer({ max: 19, min: 0 }).map((drawn) => drawn === 0),
          report: fc.integer({ min: 0, max: 8 }),
        }),
      ),
      rows: few(
        fc.record({
          id: name,
          status: fc.constantFrom("idle", "working"),
          live: fc.boolean(),
          state: fc.nat(9),
        }),
      ),
      items: few(fc.record({ id: name, body: fc.nat(9) })),
      claims: few(fc.record({ key: name, owner: name })),
      releases: few(fc.record({ key: name, owner: name })),
      effects: fc.nat(2),
      lease: fc.nat(5),
      settle: fc.nat(5),
    }),
  },
);

type Model = {
  events: { stream: string; seq: number; clientId: string | null }[];
  rows: Map<string, Row>;
  items: Map<string, { order: number; item: string }>;
  claims: Map<string, string>;
  receipts: Set<string>;
  effects: Map<string, number | null>;
  made: number;
};

const emptyModel = (): Model => ({
  events: [],
  rows: new Map(),
  items: new Map(),
  claims: new Map(),
  receipts: new Set(),
  effects: new Map(),
  made: 0,
});

const headOf = (model: Model, stream: string): number =>
  model.events.filter((known) => known.stream === stream).length;

/** The batch of a step: numbered so that it continues the model, but for the clashes that it asks for. */
const batchOf = (step: Step & { kind: "commit" }, model: Model): Batch => {
  const heads = new Map<string, number>();
  const serial = model.made;
  const events = step.events.map(({ stream, clash, report }) => {
    const seq = (heads.get(stream) ?? headOf(model, stream)) + 1;
    heads.set(stream, seq);
    // A clash repeats the seq before; at the very first it is none.
    return event(stream, clash && seq > 1 ? seq - 1 : seq, {
      clientId: report === 0 ? "again" : report < 3 ? `r${serial}-${seq}` : null,
    });
  });
  const open = [...model.effects.keys()];
  const chosen = (index: number): string[] => open.slice(index, index + 1);
  return batch({
    events,
    rows: step.rows.map(({ id, status, live, state }) =>
      row(id, { status, live, state: String(state), createdAt: NAMES.indexOf(id as "a") }),
    ),
    items: step.items.map(({ id, body }, index) =>
      item("a", serial * 10 + index, { id, item: String(body) }),
    ),
    releases: step.releases.map((claim) => ({ space: "n", ...claim })),
    claims: step.claims.map((claim) => ({ space: "n", ...claim })),
    receipts: [receipt(`k${serial}`, serial)],
    effects: Array.from({ length: step.effects }, (_, index) =>
      effect(`e${String(serial).padStart(4, "0")}-${index}`),
    ),
    leases: chosen(step.lease).map((id) => ({ id, at: serial })),
    settled: chosen(step.settle),
  });
};

/** What must come of a batch: a changed copy, or null when it must be refused. */
const apply = (model: Model, written: Batch): Model | null => {
  const next: Model = {
    events: [...model.events],
    rows: new Map(model.rows),
    items: new Map(model.items),
    claims: new Map(model.claims),
    receipts: new Set(model.receipts),
    effects: new Map(model.effects),
    made: model.made,
  };
  for (const { stream, seq, clientId } of written.events) {
    const same = next.events.filter((known) => known.stream === stream);
    const repeated = clientId !== null && same.some((known) => known.clientId === clientId);
    if (repeated || same.some((known) => known.seq === seq)) return null;
    next.events.push({ stream, seq, clientId });
  }
  for (const each of written.rows) next.rows.set(each.id, each);
  for (const { id, order, item: body } of written.items)
    next.items.set(id, { order: next.items.get(id)?.order ?? order, item: body });
  for (const { key, owner } of written.releases)
    if (next.claims.get(key) === owner) next.claims.delete(key);
  for (const { key, owner } of written.claims) {
    if ((next.claims.get(key) ?? owner) !== owner) return null;
    next.claims.set(key, owner);
  }
  for (const { key } of written.receipts) next.receipts.add(key);
  for (const { id } of written.effects) next.effects.set(id, null);
  for (const { id, at } of written.leases) next.effects.set(id, at);
  for (const id of written.settled) next.effects.delete(id);
  return next;
};

const mustAgree = async (store: Store, model: Model): Promise<void> => {
  expect(await store.head()).toBe(model.events.length);
  const all = await store.events({ after: 0, limit: 1_000 });
  expect(all.map(({ position, stream, seq }) => ({ position, stream, seq }))).toEqual(
    model.events.map(({ stream, seq }, index) => ({ position: index + 1, stream, seq })),
  );
  const live = [...model.rows.values()].filter((known) => known.live);
  const listed = await store.rows({ kind: "session", order: "oldest", limit: 9 });
  expect(listed.rows).toEqual(live.toSorted((a, b) => a.createdAt - b.createdAt));
  const counts: Record<string, number> = {};
  for (const { status } of live) counts[status ?? ""] = (counts[status ?? ""] ?? 0) + 1;
  expect(await store.counts("session")).toEqual(counts);
  const items = await store.items({ session: "a", from: "end", limit: 9 });
  expect(items.rows.map(({ id, order, item: body }) => [id, { order, item: body }])).toEqual(
    [...model.items].toSorted(([, a], [, b]) => a.order - b.order),
  );
  for (const key of NAMES) {
    expect(await store.claimed("n", key)).toBe(model.claims.get(key) ?? null);
    expect(await store.streamHead(key)).toBe(headOf(model, key));
  }
  expect((await store.receipt(`k${model.made}`))?.key).toBe(
    model.receipts.has(`k${model.made}`) ? `k${model.made}` : undefined,
  );
  const open = await store.effects();
  expect(open.map(({ id, leasedAt }) => [id, leasedAt])).toEqual(
    [...model.effects].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
};

const take = async (
  store: Store,
  model: Model,
  step: Step & { kind: "commit" },
): Promise<Model> => {
  const written = batchOf(step, model);
  const expected = apply(model, written);
  const outcome = await store.commit(written).catch((error: unknown) => error);
  if (expected === null) {
    expect(isStoreFailure(outcome)).toBe(true);
    return model;
  }
  const first = model.events.length + (written.events.length > 0 ? 1 : 0);
  expect(outcome).toEqual({ position: first });
  return expected;
};

export const model = (make: Make): void => {
  it("agrees with a model over any history", { timeout: 60_000 }, async () => {
    const outcome = await fc.check(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (history) => {
        const under = await make();
        try {
          let { store } = under;
          let known = emptyModel();
          for (const step of history) {
            if (step.kind === "reopen") store = await under.reopen();
            else known = await take(store, known, step);
            await mustAgree(store, known);
            known = { ...known, made: known.made + 1 };
          }
        } finally {
          await under.dispose();
        }
      }),
      { numRuns: 60 },
    );
    expect(fc.defaultReportMessage(outcome)).toBeUndefined();
  });
};
