import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "./conformance.ts";
import { openSqliteStore } from "./sqlite.ts";

storeConformance("sqlite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-store-"));
  const file = join(folder, "skein.db");
  let store = await openSqliteStore({ file, clock: Date });
  return {
    store,
    async reopen() {
      await store.close();
      store = await openSqliteStore({ file, clock: Date });
      return store;
    },
    async dispose() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
