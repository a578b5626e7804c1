/** One decision on its way to the disk, and the joining of many into one transaction. */
import type {
  Batch,
  Checkpoint,
  Claim,
  ItemRow,
  PendingEffect,
  PendingEvent,
  Receipt,
  Row,
  TurnRow,
} from "./ports.ts";

/** All that one input changes. Kept until its commit is over, then answered. */
export type Unit = {
  readonly events: readonly PendingEvent[];
  readonly rows: readonly Row[];
  readonly items: readonly ItemRow[];
  readonly turns: readonly TurnRow[];
  readonly receipt: Receipt | null;
  readonly claims: readonly Claim[];
  readonly releases: readonly Claim[];
  readonly effects: readonly PendingEffect[];
  readonly leases: readonly { readonly id: string; readonly at: number }[];
  readonly settled: readonly string[];
  readonly checkpoint: Checkpoint | null;
  /** Called once the unit is synced; must not throw. */
  committed(): void;
  /** Called instead, when it was not; must not throw. */
  failed(error: unknown): void;
};

const newest = <T>(lists: readonly (readonly T[])[], key: (one: T) => string): T[] => {
  const byKey = new Map<string, T>();
  for (const list of lists) {
    for (const one of list) {
      byKey.set(key(one), one);
    }
  }
  return [...byKey.values()];
};

/**
 * The last word on each key counts: one that was taken and given back in the same batch is not taken at all. Whatever was given
 * back is released first, so that the last one to take it finds it free.
 */
const joinClaims = (units: readonly Unit[]): Pick<Batch, "claims" | "releases"> => {
  const releases: Claim[] = [];
  const claims = new Map<string, Claim>();
  const place = ({ space, key }: Claim): string => `${space} ${key}`;
  for (const unit of units) {
    for (const claim of unit.releases) {
      releases.push(claim);
      claims.delete(place(claim));
    }
    for (const claim of unit.claims) claims.set(place(claim), claim);
  }
  return { releases, claims: [...claims.values()] };
};

/** Later units write over earlier ones: only the newest row of a thing goes to the disk. */
export const joinUnits = (units: readonly Unit[]): Batch => ({
  events: units.flatMap((unit) => unit.events),
  rows: newest(
    units.map((unit) => unit.rows),
    (row) => `${row.kind} ${row.id}`,
  ),
  items: newest(
    units.map((unit) => unit.items),
    (item) => `${item.session} ${item.id}`,
  ),
  turns: newest(
    units.map((unit) => unit.turns),
    (turn) => `${turn.session} ${turn.number}`,
  ),
  receipts: units.flatMap((unit) => (unit.receipt === null ? [] : [unit.receipt])),
  ...joinClaims(units),
  effects: units.flatMap((unit) => unit.effects),
  leases: units.flatMap((unit) => unit.leases),
  settled: units.flatMap((unit) => unit.settled),
  checkpoints: newest(
    units.map((unit) => (unit.checkpoint === null ? [] : [unit.checkpoint])),
    (one) => `${one.session} ${one.generation}`,
  ),
});
