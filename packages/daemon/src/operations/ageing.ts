/**
 * Sessions that were left alone for long. Time is looked at here, and decided by each session in its own lane: one that got a
 * prompt a moment ago stays.
 */
import { eachRow } from "../each-row.ts";
import type { Engine } from "../engine/engine.ts";
import type { Store } from "../engine/ports.ts";
import { readSessionRow, sessionKind } from "../engine/session-kind.ts";

type AgeingDeps = {
  readonly engine: Engine;
  readonly store: Store;
  readonly now: () => number;
  /** 0: nothing is ever deleted. */
  readonly deleteAfterMs: number;
  readonly log: (level: "info" | "warn", message: string, fields?: Record<string, unknown>) => void;
};

const PAGE = 500;

/** Names of those that have been quiet for long enough to be asked, oldest first. */
const quiet = async ({ store, now, deleteAfterMs }: AgeingDeps): Promise<string[]> => {
  const ids: string[] = [];
  const query = { kind: "session", order: "oldest", limit: PAGE } as const;
  for await (const row of eachRow((page) => store.rows({ ...query, ...page }))) {
    const { id, activeAt } = readSessionRow(row).view;
    if (now() - Date.parse(activeAt) >= deleteAfterMs) ids.push(id);
  }
  return ids;
};

/** Never rejects: what cannot be deleted now is asked again next time. */
export const letAge = async (deps: AgeingDeps): Promise<void> => {
  const { engine, deleteAfterMs, log } = deps;
  if (deleteAfterMs === 0) return;
  try {
    let deleted = 0;
    for (const id of await quiet(deps)) {
      const gone = await engine.dispatch(
        sessionKind,
        id,
        { type: "age", deleteAfterMs },
        { actor: "skein", answer: ({ view }) => view.deletedAt !== null },
      );
      if (gone) deleted += 1;
    }
    if (deleted > 0) log("info", "old sessions were deleted", { deleted });
  } catch (error) {
    log("warn", "old sessions could not be looked at", { error: String(error) });
  }
};
