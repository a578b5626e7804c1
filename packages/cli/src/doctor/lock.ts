/**
 * Who holds the state folder. The daemon's lock is a record lock on a file of its own, so the kernel knows the holder,
 * also of one that hangs: Linux tells in /proc/locks (proc(5): number, kind, mode, access, pid, major:minor:inode, range).
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { inHome } from "../place.ts";

/** The process that holds a lock in run/; null when nobody does, or where the kernel does not tell. */
export const lockHolder = async (home: string): Promise<number | null> => {
  const run = join(inHome.socket(home), "..");
  const names = await readdir(run, { recursive: true }).catch(() => []);
  const inodes = new Set<number>();
  for (const name of names.filter((each) => each.endsWith(".lock"))) {
    const found = await stat(join(run, name)).catch(() => null);
    if (found?.isFile() === true) inodes.add(found.ino);
  }
  const text = inodes.size === 0 ? "" : await readFile("/proc/locks", "utf8").catch(() => "");
  return holderIn(text, inodes);
};

/** Pure: the first holder of one of these inodes. A line with -> is one who waits for it. */
export const holderIn = (locks: string, inodes: ReadonlySet<number>): number | null => {
  for (const line of locks.split("\n")) {
    const [, pid, inode] =
      /^\d+: +(?!->)\S+ +\S+ +\S+ +(\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? [];
    if (pid !== undefined && pid !== "0" && inodes.has(Number(inode))) return Number(pid);
  }
  return null;
};
