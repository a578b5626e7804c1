/**
 * What a project says to agents in its AGENTS.md files. Codex 0.169.0 reads none of an untrusted folder, and all of ours are
 * (surroundings.ts), so they are given with each prompt; it passes on what it has passed on before no second time.
 */
import { posix } from "node:path";
import type { Host } from "@skein/sdk";
import { withAbove } from "./surroundings.ts";

/** As Codex has it for the folders that it trusts. */
const maxBytes = 32 * 1024;
const names = ["AGENTS.override.md", "AGENTS.md"];

/** From the folder that holds `.git` down to this one; this one alone where none does. */
const foldersOf = async (host: Host, folder: string): Promise<readonly string[]> => {
  const above = withAbove(folder);
  const git = await Promise.all(above.map((each) => host.folder(posix.join(each, ".git"))));
  const root = git.findIndex((found) => found !== "missing");
  return root === -1 ? [folder] : above.slice(0, root + 1).toReversed();
};

/** null for what is no file: a FIFO of that name would be waited for without end. */
const readOne = async ({ files }: Host, folder: string): Promise<Uint8Array | null> => {
  const found = await Promise.all(
    names.map((name) => files.read(posix.join(folder, name), { maxBytes }).catch(() => null)),
  );
  return found.find((text) => text !== null) ?? null;
};

/** null where the project says nothing. Rejects when its host does not answer. */
export const projectWords = async (host: Host, folder: string): Promise<string | null> => {
  const folders = await foldersOf(host, folder);
  const texts = await Promise.all(folders.map((each) => readOne(host, each)));
  const said: string[] = [];
  let left = maxBytes;
  for (const [index, each] of folders.entries()) {
    const text = texts[index]?.subarray(0, left) ?? new Uint8Array();
    const words = new TextDecoder().decode(text);
    if (words.trim() === "") continue;
    left -= text.byteLength;
    said.push(`AGENTS.md of ${each}:\n\n${words}`);
  }
  return said.length === 0 ? null : said.join("\n\n");
};
