/**
 * Run under strace: `writer.ts FOLDER FULL|NORMAL`. Says `ack N` once the n-th commit has resolved, so that the trace holds
 * the acknowledgements in order with the writes and syncs.
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS } from "../../../packages/daemon/src/store/migrate.ts";
import type { Migration } from "../../../packages/daemon/src/store/migrations/migration.ts";
import { openSqliteStore } from "../../../packages/daemon/src/store/sqlite.ts";
import { COMMITS, UPGRADED, batchOf } from "./history.ts";

const [folder = "", synchronous = ""] = process.argv.slice(2);
if (synchronous !== "FULL" && synchronous !== "NORMAL") throw new Error("FULL or NORMAL?");

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let commit = 0;
const write = async (count: number, migrations: readonly Migration[]): Promise<void> => {
  const file = join(folder, "skein.db");
  const store = await openSqliteStore({ file, clock: Date, synchronous, migrations });
  for (let left = count; left > 0; left--) {
    commit += 1;
    await store.commit(batchOf(commit));
    writeSync(1, `ack ${commit}\n`);
    // Between two commits the log may be carried over.
    await breathe();
    await breathe();
  }
  await store.close();
};

await write(COMMITS.first, MIGRATIONS);
await write(COMMITS.second, MIGRATIONS);
await write(COMMITS.upgraded, UPGRADED);
