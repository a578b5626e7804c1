/** What the parts of the suite share: values to write, and a store for each test that is gone after it. */
import { onTestFinished } from "vitest";
import { emptyBatch, isStoreFailure } from "../../engine/ports.ts";
import type {
  Batch,
  ItemRow,
  PendingEffect,
  PendingEvent,
  Receipt,
  Row,
  Store,
  StoreFailure,
} from "../../engine/ports.ts";

export type UnderTest = {
  readonly store: Store;
  /** Closes it and opens the same one again. */
  reopen(): Promise<Store>;
  /** Closes what is open and removes all. */
  dispose(): Promise<void>;
};

/** A new, empty one. */
export type Make = () => Promise<UnderTest>;

export const open = async (make: Make): Promise<UnderTest> => {
  const made = await make();
  onTestFinished(() => made.dispose());
  return made;
};

export const openStore = async (make: Make): Promise<Store> => (await open(make)).store;

export const batch = (part: Partial<Batch>): Batch => ({ ...emptyBatch, ...part });

export const event = (stream: string, seq: number, more: Partial<PendingEvent> = {}) => ({
  stream,
  seq,
  at: 1_700_000_000_000 + seq,
  type: "session.reported",
  data: `{"n":${seq}}`,
  clientId: null,
  ...more,
});

/** The events of one stream, from..to. */
export const run = (stream: string, from: number, to: number): PendingEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(stream, from + index));

export const row = (id: string, more: Partial<Row> = {}): Row => ({
  kind: "session",
  id,
  stream: id,
  state: `{"id":"${id}"}`,
  label: null,
  status: "idle",
  parent: null,
  secret: null,
  owner: null,
  live: true,
  attached: false,
  createdAt: 1_000,
  ...more,
});

export const item = (session: string, order: number, more: Partial<ItemRow> = {}): ItemRow => ({
  session,
  id: `item-${order}`,
  order,
  kind: "message",
  item: `{"order":${order}}`,
  ...more,
});

export const receipt = (key: string, at: number): Receipt => ({
  key,
  operation: "sessions.send",
  digest: "d",
  result: `{"key":"${key}"}`,
  at,
});

export const effect = (id: string, more: Partial<PendingEffect> = {}): PendingEffect => ({
  id,
  session: "s1",
  generation: 1,
  kind: "agent.start",
  payload: "{}",
  ...more,
});

/** The failure of something that must fail. */
export const failureOf = async (work: Promise<unknown>): Promise<StoreFailure> => {
  const outcome = await work.then(
    () => "it did not fail",
    (error: unknown) => error,
  );
  if (!isStoreFailure(outcome)) throw new Error(`not a StoreFailure: ${String(outcome)}`);
  return outcome;
};
