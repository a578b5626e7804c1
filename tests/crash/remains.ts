/**
 * What is left of a state folder once every session is deleted and the daemon has ended: looked at from outside, in the
 * file system, the process table and the database, never by asking the daemon.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { everyProcess } from "../scenarios/processes.ts";

/** Each of these must give no row. */
const EMPTY: Readonly<Record<string, string>> = {
  "an effect that was never settled": "SELECT id, kind FROM effects",
  "a name that is still held": "SELECT key, owner FROM claims",
  "a session that is still live":
    "SELECT id, status FROM rows WHERE kind = 'session' AND (live = 1 OR attached = 1)",
  "an open approval": "SELECT id FROM rows WHERE kind = 'approval' AND live = 1",
  "a gap in the log": "SELECT position FROM events WHERE position > (SELECT count(*) FROM events)",
  "a gap in a stream":
    "SELECT stream FROM events GROUP BY stream HAVING max(seq) <> count(*) OR min(seq) <> 1",
  "a client id that is there twice":
    "SELECT client_id FROM events WHERE client_id IS NOT NULL GROUP BY client_id HAVING count(*) > 1",
};

/** Also while a daemon runs. */
export const unsettledEffects = (home: string): number => {
  const db = new DatabaseSync(join(home, "skein.db"), { readOnly: true });
  try {
    return Number(db.prepare("SELECT count(*) AS count FROM effects").get()?.["count"]);
  } finally {
    db.close();
  }
};

const inDatabase = (home: string): string[] => {
  const db = new DatabaseSync(join(home, "skein.db"), { readOnly: true });
  try {
    const faults: string[] = [];
    for (const [what, query] of Object.entries(EMPTY))
      for (const row of db.prepare(`${query} LIMIT 5`).all())
        faults.push(`${what}: ${Object.values(row).join(" ")}`);
    for (const row of db.prepare("PRAGMA integrity_check").all()) {
      const said = String(Object.values(row)[0]);
      if (said !== "ok") faults.push(`integrity: ${said}`);
    }
    return faults;
  } finally {
    db.close();
  }
};

/** Every path below a folder. */
const below = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
    : [];

export const processFaults = async (home: string): Promise<string[]> =>
  (await everyProcess(home)).map(
    ({ pid, session, generation, args }) =>
      `process ${pid} of ${session ?? "the daemon"} ${generation}: ${args.join(" ").slice(0, 200)}`,
  );

export const spoolFaults = (home: string): string[] =>
  below(join(home, "spool")).map((path) => `left in the spool: ${path}`);

const fifoFaults = (home: string): string[] =>
  below(home)
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFIFO())
    .map((path) => `a FIFO is left: ${path}`);

/** Empty: nothing is. Call it when the daemon has ended. */
export const remainsOf = async (home: string): Promise<string[]> => [
  ...(await processFaults(home)),
  ...spoolFaults(home),
  ...fifoFaults(home),
  ...inDatabase(home),
];
