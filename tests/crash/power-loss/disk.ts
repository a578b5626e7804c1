/**
 * A disk that forgets what was not synced. The strict reading of POSIX: bytes of a file are kept by a sync of that file, its
 * name (made, renamed, removed) by a sync of the folder it lies in, and neither by the other.
 *
 * What is memory-mapped (SQLite's -shm) is not seen here and need not be: SQLite makes that file anew at the first opening.
 */
import { dirname } from "node:path";
import type { Chance } from "../chance.ts";
import type { Step } from "./trace.ts";

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

type Inode = { synced: Buffer; pending: Change[] };

type Naming =
  | { readonly to: string; readonly inode: Inode | "folder" }
  | { readonly gone: string }
  | { readonly from: string; readonly to: string; readonly inode: Inode };

/** Whole files by path, as a power cut leaves them. */
export type Image = ReadonlyMap<string, Buffer>;

type Disk = {
  /** Steps in order; `said` changes nothing. */
  apply(step: Step): void;
  /** What is surely there: synced bytes under synced names. */
  image(): Image;
  /** As well some of what was not synced: any of the writes, whole or torn at 512 bytes, and the first few of the namings. */
  luckyImage(chance: Chance): Image;
};

const SECTOR = 512;

const changed = (before: Buffer, change: Change): Buffer => {
  if ("size" in change) return resized(before, change.size);
  const end = change.at + change.bytes.length;
  const after = end > before.length ? resized(before, end) : before;
  change.bytes.copy(after, change.at);
  return after;
};

const resized = (before: Buffer, size: number): Buffer => {
  const after = Buffer.alloc(size);
  before.copy(after, 0, 0, Math.min(size, before.length));
  return after;
};

const some = (pending: readonly Change[], chance: Chance): Change[] => {
  const share = chance.next();
  return pending
    .filter(() => chance.next() < share)
    .map((change) => {
      if ("size" in change || chance.next() < 0.8) return change;
      const sectors = Math.ceil(change.bytes.length / SECTOR);
      return {
        at: change.at,
        bytes: change.bytes.subarray(0, chance.between(0, sectors) * SECTOR),
      };
    });
};

export const makeDisk = (folder: string): Disk => {
  /** Names as the running program sees them, and as they are after a power cut. */
  const names = new Map<string, Inode | "folder">([[folder, "folder"]]);
  const kept = new Map<string, Inode | "folder">([[folder, "folder"]]);
  const waiting = new Map<string, Naming[]>();
  const open = new Map<number, { readonly path: string; readonly inode: Inode | "folder" }>();

  const name = (naming: Naming): void => {
    take(names, naming);
    const path = "gone" in naming ? naming.gone : naming.to;
    const list = waiting.get(dirname(path)) ?? [];
    list.push(naming);
    waiting.set(dirname(path), list);
  };

  const opened = ({ fd, path, made, emptied }: Extract<Step, { step: "open" }>): void => {
    let inode = names.get(path);
    if (inode === undefined) {
      if (!made) throw new Error(`${path} was opened but never made.`);
      inode = { synced: Buffer.alloc(0), pending: [] };
      name({ to: path, inode });
    }
    if (emptied && inode !== "folder") inode.pending.push({ size: 0 });
    open.set(fd, { path, inode });
  };

  const fileOf = (fd: number): Inode => {
    const inode = open.get(fd)?.inode;
    if (inode === undefined || inode === "folder") throw new Error(`${fd} is no open file.`);
    return inode;
  };

  const synced = (fd: number): void => {
    const found = open.get(fd);
    if (found === undefined) throw new Error(`${fd} is not open.`);
    const { inode, path } = found;
    if (inode === "folder") {
      for (const naming of waiting.get(path) ?? []) take(kept, naming);
      waiting.delete(path);
    } else {
      for (const change of inode.pending) inode.synced = changed(inode.synced, change);
      inode.pending = [];
    }
  };

  const renamed = (from: string, to: string): void => {
    const inode = names.get(from);
    if (inode === undefined || inode === "folder" || dirname(from) !== dirname(to))
      throw new Error(`The replay cannot rename ${from}.`);
    name({ from, to, inode });
  };

  return {
    apply: (step) => {
      switch (step.step) {
        case "open":
          return opened(step);
        case "close":
          return void open.delete(step.fd);
        case "write":
          return void fileOf(step.fd).pending.push({ at: step.at, bytes: step.bytes });
        case "truncate":
          return void fileOf(step.fd).pending.push({ size: step.size });
        case "sync":
          return synced(step.fd);
        case "rename":
          return renamed(step.from, step.to);
        case "unlink":
          return name({ gone: step.path });
        case "mkdir":
          return name({ to: step.path, inode: "folder" });
        case "said":
      }
    },
    image: () => imageOf(kept, ({ synced: bytes }) => bytes),
    luckyImage: (chance) => {
      const lucky = new Map(kept);
      for (const list of waiting.values())
        for (const naming of list.slice(0, chance.between(0, list.length))) take(lucky, naming);
      return imageOf(lucky, ({ synced: bytes, pending }) =>
        some(pending, chance).reduce(changed, Buffer.from(bytes)),
      );
    },
  };
};

const take = (names: Map<string, Inode | "folder">, naming: Naming): void => {
  if ("gone" in naming) return void names.delete(naming.gone);
  if ("from" in naming) names.delete(naming.from);
  names.set(naming.to, naming.inode);
};

/** A file is reached only through folders that are there. */
const imageOf = (
  names: ReadonlyMap<string, Inode | "folder">,
  bytes: (inode: Inode) => Buffer,
): Image => {
  const image = new Map<string, Buffer>();
  for (const [path, inode] of names) {
    if (inode !== "folder" && names.get(dirname(path)) === "folder") image.set(path, bytes(inode));
  }
  return image;
};
