/** Items of a turn: in progress, then whole. */
import { randomUUID } from "node:crypto";
import type { FakeItem, FakeTurn } from "./store.ts";
import { emit, type Thread } from "./thread.ts";

export const itemId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll("-", "")}`;

export const startItem = (thread: Thread, item: FakeItem): void => {
  const { active } = thread;
  if (active === null) return;
  active.running.set(item.id, { ...item, completedAtMs: null });
  emit(thread, "item/started", { item: { ...item, completedAtMs: null }, turnId: active.turn.id });
};

export const completeItem = (thread: Thread, turn: FakeTurn, item: FakeItem): void => {
  const done = { ...item, completedAtMs: 1 };
  thread.active?.running.delete(item.id);
  turn.items.push(done);
  emit(thread, "item/completed", { item: done, turnId: turn.id });
};
