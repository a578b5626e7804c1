/** What the writer writes and the checker expects: the n-th commit is always the same. */
import { emptyBatch, type Batch } from "../../../packages/daemon/src/engine/ports.ts";
import { MIGRATIONS } from "../../../packages/daemon/src/store/migrate.ts";
import type { Migration } from "../../../packages/daemon/src/store/migrations/migration.ts";

export const STREAM = "ses_power";
export const ROWS = 96;
const ROWS_A_COMMIT = 12;
const BODY = "x".repeat(1_500);

const clientIdOf = (commit: number): string => `fact-${commit}`;

/** Which rows the commit writes over: scattered, so that old pages change all the time. */
export const rowsOf = (commit: number): number[] =>
  Array.from({ length: ROWS_A_COMMIT }, (_, index) => (commit * 7 + index * 8) % ROWS);

export const rowState = (row: number, commit: number): string =>
  JSON.stringify({ row, commit, body: BODY });

export const batchOf = (commit: number): Batch => ({
  ...emptyBatch,
  events: [
    {
      stream: STREAM,
      seq: commit,
      at: 1_700_000_000_000 + commit,
      type: "session.reported",
      data: JSON.stringify({ commit }),
      clientId: clientIdOf(commit),
    },
  ],
  rows: [...new Set(rowsOf(commit))].map((row) => ({
    kind: "session" as const,
    id: `ses_${row}`,
    stream: `ses_${row}`,
    state: rowState(row, commit),
    label: `row-${row}`,
    status: "idle",
    parent: null,
    secret: null,
    owner: null,
    live: true,
    attached: false,
    createdAt: 1_700_000_000_000 + row,
  })),
});

/** A later version of the schema, so that an upgrade with its snapshot lies among the cut points. */
export const UPGRADED: readonly Migration[] = [
  ...MIGRATIONS,
  {
    version: MIGRATIONS.length + 1,
    name: "power-loss",
    up: (db) => {
      db.exec("CREATE TABLE power_loss (id INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT");
      db.exec("INSERT INTO power_loss (state) SELECT state FROM rows");
    },
  },
];

/** Commits before the first end of the store, after the reopening, and after the upgrade. */
export const COMMITS = { first: 130, second: 60, upgraded: 50 } as const;
export const TOTAL = COMMITS.first + COMMITS.second + COMMITS.upgraded;
