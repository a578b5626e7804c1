import { isRefusal, type Problem } from "@skein/contract";
import { checkQuickly } from "./check.ts";
import { lookInto } from "./database.ts";
import { damaged } from "./failure.ts";
import { MIGRATIONS, newest } from "./migrate.ts";

/** What would keep a daemon from using this database, or harm it later; null when nothing is found. Read-only: `skein doctor` asks while none runs. */
export const examineDatabase = async (
  file: string,
  signal: AbortSignal,
): Promise<Problem | null> => {
  try {
    if (!lookInto(file, newest(MIGRATIONS))) return null;
    const [fault] = await checkQuickly(file, signal);
    return fault === undefined ? null : damaged(file, fault.trim().replaceAll("\n", " ")).problem;
  } catch (error) {
    if (isRefusal(error)) return error.problem;
    throw error;
  }
};
