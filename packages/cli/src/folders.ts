/** Folders that are wanted, made one step at a time: with `recursive`, Node 26.10 tries for ever where nothing can be made (/proc). */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Makes what is missing of a path, for everyone to read as the umask says, or with a mode. Throws what the system says. */
export const makeFolders = (path: string, mode = 0o777): void => {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.toReversed()) mkdirSync(folder, { mode });
};
