/** What a daemon finds when it begins, and what it does now and then to keep the store in order. */
import { LIMITS, LOCAL_HOST } from "@skein/contract";
import { eachRow } from "../each-row.ts";
import type { Health } from "../health.ts";
import type { Effect, Store } from "../engine/ports.ts";
import type { WaitingEffect } from "./ports.ts";

type Log = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

export type Left = {
  /** The hosts that were added, by name, each with Skein's folder there. */
  readonly hosts: readonly { readonly name: string; readonly home: string }[];
  readonly sessions: readonly string[];
  readonly waiting: readonly WaitingEffect[];
};

const RECEIPTS_KEPT_MS = 7 * 24 * 3_600_000;

const recordedHosts = async (store: Store): Promise<Left["hosts"]> => {
  const { rows } = await store.rows({ kind: "host", limit: LIMITS.hosts });
  return rows
    .map((row) => JSON.parse(row.state) as { readonly name: string; readonly home: string })
    .filter(({ name }) => name !== LOCAL_HOST);
};

/** Hosts, sessions that may have a process, and effects that were not finished. */
export const whatWasLeft = async (store: Store): Promise<Left> => {
  const sessions: string[] = [];
  const query = { kind: "session", live: "all", attached: true, limit: LIMITS.pageMax } as const;
  for await (const { id } of eachRow((page) => store.rows({ ...query, ...page })))
    sessions.push(id);
  const waiting = (await store.effects()).map(
    ({ payload, leasedAt, id, session, generation, kind }) => ({
      effect: { ...(JSON.parse(payload) as object), id, session, generation, kind } as Effect,
      leased: leasedAt !== null,
    }),
  );
  return { hosts: await recordedHosts(store), sessions, waiting };
};

/** A command can be repeated safely for a week. Never rejects: what cannot be forgotten now is forgotten later. */
export const forgetReceipts = async (store: Store, now: number, log: Log): Promise<void> => {
  try {
    const pruned = await store.pruneReceipts(now - RECEIPTS_KEPT_MS);
    if (pruned > 0) log("info", "old receipts were forgotten", { pruned });
  } catch (error) {
    log("warn", "old receipts could not be forgotten", { error: String(error) });
  }
};

/** Long, and off the main path; what was found is told by `skein status` and `skein doctor`. */
export const checkStore = async (store: Store, health: Health, log: Log): Promise<void> => {
  const damage = await store.check();
  if (damage.length === 0) return health.set("store", true, "looked through after a crash: whole");
  log("error", "the database is damaged", { damage });
  health.set(
    "store",
    false,
    `damaged: ${damage[0]}. Stop the daemon and restore the newest file of snapshots/.`,
  );
};
