/** Making folders, step by step. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** No error when it is there: another program may have made it a moment ago. Throws what the system says. */
const makeOne = (path: string): void => {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
};

/**
 * Makes a folder and those above it that are missing, for the owner alone. Throws what the system says.
 *
 * Not `mkdir` with `recursive`: Node 26.10 tries for ever where a folder cannot be made though the one above it is there (/proc).
 */
export const makeFolder = (path: string): void => {
  try {
    makeOne(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    makeOne(path);
  }
};

const SHARED = 0o1000;

/**
 * Takes a folder away from everyone but its owner; gives the rights that it had when that changed anything. Throws what the system
 * says, and for one that is meant for everyone, such as /tmp.
 */
export const closeFolder = (path: string): string | null => {
  const { mode } = statSync(path);
  if ((mode & 0o077) === 0) return null;
  if ((mode & SHARED) !== 0) throw new Error("it is meant for everyone");
  chmodSync(path, 0o700);
  return (mode & 0o777).toString(8);
};
