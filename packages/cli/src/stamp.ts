/**
 * Texts that are written into a person's folders (units, skills) carry a stamp: the version of the text, and the hash of all
 * of it. So it can be told whether the text that lies there is still as it was written, and only then is it replaced.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT, fail } from "./failure.ts";
import { makeFolders } from "./folders.ts";

const STAMP = /skein-stamp: v(\d{1,6}) sha256:([0-9a-f]{64})/;
const EMPTY = "0".repeat(64);
const MOST_BYTES = 1_048_576;

/** Stands in a text where its stamp shall be: in a comment, or in a field. */
export const stampPlace = (version: number): string => `skein-stamp: v${version} sha256:${EMPTY}`;

const hashOf = (text: string): string =>
  createHash("sha256")
    .update(text.replace(STAMP, (stamp) => `${stamp.slice(0, -EMPTY.length)}${EMPTY}`))
    .digest("hex");

/** The text with its stamp; it must have a place for one. */
export const stamped = (text: string): string => {
  if (!STAMP.test(text)) throw new Error("a text without a place for its stamp");
  return text.replace(EMPTY, hashOf(text));
};

/**
 * What lies there. same: the very text. older: one that was written by another version or for other choices, and that nobody
 * changed. changed: ours once. foreign: never ours.
 */
export type Found = "absent" | "same" | "older" | "changed" | "foreign";

export const compare = (found: string | null, wanted: string): Found => {
  if (found === null) return "absent";
  if (found === wanted) return "same";
  const stamp = STAMP.exec(found);
  if (stamp === null) return "foreign";
  return stamp[2] === hashOf(found) ? "older" : "changed";
};

export const versionOf = (text: string): number | null => {
  const version = STAMP.exec(text)?.[1];
  return version === undefined ? null : Number(version);
};

/** null: there is none. Throws a Failure when it cannot be read. */
export const readText = (path: string): string | null => {
  try {
    if (statSync(path).size > MOST_BYTES) return "";
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw fail(
      EXIT.refused,
      "file_unreadable",
      `${path} cannot be read: ${message}`,
      "Give yourself the right to read it, or move it away.",
    );
  }
};

/** Whole or not at all: readers see the old text or the new one. Throws a Failure. */
export const writeText = (path: string, text: string): void => {
  const half = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    makeFolders(dirname(path));
    writeFileSync(half, text, { mode: 0o644, flag: "wx" });
    renameSync(half, path);
  } catch (error) {
    clear(half);
    throw fail(
      EXIT.refused,
      "file_not_writable",
      `${path} cannot be written: ${(error as Error).message}`,
      "Give yourself the right to write there, then try again.",
    );
  }
};

const clear = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing can be made, nothing was.
  }
};

/** Throws a Failure for a text that a person made or changed, unless they want it gone. */
export const mustBeOurs = (found: Found, path: string, force: boolean): void => {
  if (force || (found !== "changed" && found !== "foreign")) return;
  const why = found === "changed" ? "was changed after skein wrote it" : "was not written by skein";
  throw fail(
    EXIT.refused,
    "file_not_ours",
    `${path} ${why}.`,
    "It is left as it is. With --force it is replaced, or removed; keep a copy of what you need.",
  );
};
