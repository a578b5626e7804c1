/** Opens what a power cut left, with the store itself, and says what is wrong with it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "../../../packages/daemon/src/engine/ports.ts";
import { openSqliteStore } from "../../../packages/daemon/src/store/sqlite.ts";
import { MIGRATIONS } from "../../../packages/daemon/src/store/migrate.ts";
import type { Image } from "./disk.ts";
import { COMMITS, ROWS, STREAM, TOTAL, UPGRADED, rowState, rowsOf } from "./history.ts";

type Verdict = {
  /** Commits that are there. */
  readonly kept: number;
  readonly damage: readonly string[];
};

/** `origin`: where the files lay; `scratch`: where they are laid out again, removed afterwards. */
type LaidOut = { readonly image: Image; readonly origin: string; readonly scratch: string };

const layOut = async <T>(
  { image, origin, scratch }: LaidOut,
  use: (file: string) => T | Promise<T>,
): Promise<T> => {
  const folder = mkdtempSync(join(scratch, "image-"));
  try {
    for (const [path, bytes] of image) {
      const file = join(folder, relative(origin, path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    return await use(join(folder, "skein.db"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const examine = (laid: LaidOut): Promise<Verdict> => layOut(laid, look);

/** The schema that the disk holds, before anything opens it that would upgrade it. */
export const schemaOf = (laid: LaidOut): Promise<number> =>
  layOut(laid, (file) => {
    const db = new DatabaseSync(file);
    try {
      return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
    } finally {
      db.close();
    }
  });

const look = async (file: string): Promise<Verdict> => {
  let store: Store;
  try {
    // What is looked at is thrown away: it need not be synced.
    store = await openSqliteStore({
      file,
      clock: Date,
      synchronous: "NORMAL",
      migrations: UPGRADED,
    });
  } catch (error) {
    return { kept: 0, damage: [`it does not open: ${String(error)}`] };
  }
  try {
    const kept = await store.head();
    const damage = [
      ...(await store.check()),
      ...(await logDamage(store, kept)),
      ...(await rowDamage(store, kept)),
    ];
    return { kept, damage };
  } catch (error) {
    return { kept: 0, damage: [`it cannot be read: ${String(error)}`] };
  } finally {
    await store.close();
  }
};

/** Every commit up to the head is there, once, in order. */
const logDamage = async (store: Store, kept: number): Promise<string[]> => {
  const events = await store.events({ after: 0, stream: STREAM, limit: TOTAL + 1 });
  const wrong = events.findIndex(
    ({ seq, position }, index) => seq !== index + 1 || position !== seq,
  );
  if (events.length !== kept) return [`${kept} commits, but ${events.length} events`];
  return wrong === -1 ? [] : [`event ${wrong + 1} is out of its place`];
};

/** Each row is as its newest commit left it: no commit is there in part. */
const rowDamage = async (store: Store, kept: number): Promise<string[]> => {
  const newest = new Map<number, number>();
  for (let commit = 1; commit <= kept; commit++)
    for (const row of rowsOf(commit)) newest.set(row, commit);
  const damage: string[] = [];
  for (let row = 0; row < ROWS; row++) {
    const found = await store.row("session", `ses_${row}`);
    const commit = newest.get(row);
    const expected = commit === undefined ? null : rowState(row, commit);
    if ((found?.state ?? null) !== expected)
      damage.push(`row ${row} is not that of commit ${commit}`);
  }
  return damage;
};

/** An upgrade that is on the disk has its snapshot beside it: whole, of the version before. */
export const snapshotDamage = async ({ image, origin, scratch }: LaidOut): Promise<string[]> => {
  const folder = join(origin, "snapshots");
  const finished = [...image].filter(([path]) => dirname(path) === folder && path.endsWith(".db"));
  if (finished.length === 0) return ["the upgrade is there, its snapshot is not"];
  const damage: string[] = [];
  for (const [, bytes] of finished) {
    const alone = new Map([[join(folder, "skein.db"), bytes]]);
    const laid = { image: alone, origin: folder, scratch };
    const schema = await schemaOf(laid);
    const verdict = await examine(laid);
    if (schema !== MIGRATIONS.length) damage.push(`the snapshot has schema ${schema}`);
    if (verdict.kept !== COMMITS.first + COMMITS.second) damage.push("the snapshot is not whole");
    damage.push(...verdict.damage.map((line) => `the snapshot: ${line}`));
  }
  return damage;
};
