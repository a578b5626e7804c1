/** Folders and programs, as a person means them. */
import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { SYSTEM_PATH } from "@skein/sdk";

export const lookAtFolder = async (
  path: string,
): Promise<"directory" | "file" | "missing" | "unreadable"> => {
  try {
    if (!(await stat(path)).isDirectory()) return "file";
    await access(path, constants.R_OK | constants.X_OK);
    return "directory";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    return (await readdir(path).catch(() => null)) === null ? "unreadable" : "directory";
  }
};

const isProgram = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

/** A name with a slash is a path; any other is looked for in the folders of PATH, where relative ones do not count. */
export const findProgram = async (command: string, path = SYSTEM_PATH): Promise<string | null> => {
  if (command === "") return null;
  if (command.includes("/")) return (await isProgram(command)) ? resolve(command) : null;
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(folder, command);
    if (await isProgram(candidate)) return candidate;
  }
  return null;
};
