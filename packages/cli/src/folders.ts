/** Folders that are wanted, made one step at a time: with `recursive`, Node 26.10 tries for ever where nothing can be made (/proc). */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** No error when it is there: of several programs that begin at once each finds it missing, and one makes it. */
export const makeOne = (folder: string, mode: number): void => {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (!isThere || !statSync(folder).isDirectory()) throw error;
  }
};

/** Makes what is missing of a path, for everyone to read as the umask says, or with a mode. Throws what the system says. */
export const makeFolders = (path: string, mode = 0o777): void => {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.toReversed()) makeOne(folder, mode);
};
