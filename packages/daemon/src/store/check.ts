/** Looks through the whole file for damage: seconds for a large one, in which nobody waits. */
import { inThread } from "./thread.ts";

const LOOK = `
  const db = new DatabaseSync(file, { readOnly: true });
  const found = db.prepare("PRAGMA integrity_check(100)").all().map((row) => String(Object.values(row)[0]));
  db.close();
  return found.filter((line) => line !== "ok");
`;

/** SQLite's result codes for a file that it cannot read at all. */
const DAMAGED = [11, 26];

/** What SQLite says about each fault, at most a hundred; rejects when it could not look. */
export const checkIntegrity = async (
  file: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  try {
    return await inThread<readonly string[]>(LOOK, file, signal);
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
    if (error instanceof Error && DAMAGED.includes(code)) return [error.message];
    throw error;
  }
};
