/**
 * What a project says to agents in its AGENTS.md files. Codex 0.169.0 reads none of an untrusted folder, and all of ours are
 * (surroundings.ts), so they are given with each prompt; it passes on what it has passed on before no second time.
 */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { withAbove } from "./surroundings.ts";

/** As Codex has it for the folders that it trusts. */
const maxBytes = 32 * 1024;
const names = ["AGENTS.override.md", "AGENTS.md"];

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** From the folder that holds `.git` down to this one; this one alone where none does. */
const foldersOf = async (folder: string): Promise<readonly string[]> => {
  const above = withAbove(folder);
  for (const [index, each] of above.entries())
    if (await isThere(join(each, ".git"))) return above.slice(0, index + 1).toReversed();
  return [folder];
};

/** null for what is no file: a FIFO of that name would be waited for without end. */
const begin = async (path: string, bytes: number): Promise<string | null> => {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) return null;
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
};

const readOne = async (folder: string, bytes: number): Promise<string | null> => {
  for (const name of names) {
    const text = await begin(join(folder, name), bytes);
    if (text !== null) return text;
  }
  return null;
};

/** null where the project says nothing. Rejects never. */
export const projectWords = async (folder: string): Promise<string | null> => {
  const said: string[] = [];
  let left = maxBytes;
  for (const each of await foldersOf(folder)) {
    const text = left > 0 ? await readOne(each, left).catch(() => null) : null;
    if (text === null || text.trim() === "") continue;
    left -= Buffer.byteLength(text);
    said.push(`AGENTS.md of ${each}:\n\n${text}`);
  }
  return said.length === 0 ? null : said.join("\n\n");
};
