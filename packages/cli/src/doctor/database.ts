/** Whether a daemon could use what is recorded. A daemon that runs looks by itself, and tells it as its health. */
import { stat } from "node:fs/promises";
import type { LoadDaemon } from "../daemon-door.ts";
import { inHome } from "../place.ts";
import { broken, ok, type Finding } from "./finding.ts";

/** null: there is none yet. */
export const checkDatabase = async (
  home: string,
  loadDaemon: LoadDaemon,
  signal: AbortSignal,
): Promise<Finding | null> => {
  const path = inHome.database(home);
  if ((await stat(path).catch(() => null)) === null) return null;
  const { checkDatabase: check } = await loadDaemon();
  if (check === undefined) return null;
  const problem = await check(home, signal);
  return problem === null
    ? ok("database", `${path}, whole`)
    : broken("database", problem.message, problem.remedy);
};
