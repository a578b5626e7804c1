/** The part of apply_patch's language that the script words use: add a file, replace lines of a file. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

export type Patch = {
  readonly path: string;
  readonly kind: { readonly type: "add" } | { readonly type: "update"; readonly move_path: null };
  readonly diff: string;
  /** Throws when the file does not hold the lines that shall go. */
  apply(): void;
};

export const parsePatch = (folder: string, text: string): Patch | null => {
  const lines = text.split("\n");
  const head = /^\*\*\* (Add|Update) File: (.*)$/.exec(lines[1] ?? "");
  if (head === null) return null;
  const path = resolve(folder, head[2] ?? "");
  const body = lines.slice(2).filter((line) => /^[+-]/.test(line));
  const added = body.filter((line) => line.startsWith("+")).map((line) => line.slice(1));
  const gone = body.filter((line) => line.startsWith("-")).map((line) => line.slice(1));
  const wanted = `${added.join("\n")}\n`;
  if (head[1] === "Add") {
    const apply = (): void => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, wanted);
    };
    return { path, kind: { type: "add" }, diff: wanted, apply };
  }
  return {
    path,
    kind: { type: "update", move_path: null },
    diff: `@@ -1 +1 @@\n${body.join("\n")}\n`,
    apply: () => {
      const before = readFileSync(path, "utf8");
      if (!before.includes(gone.join("\n")))
        throw new Error(`Failed to find expected lines in ${path}`);
      writeFileSync(path, before.replace(gone.join("\n"), added.join("\n")));
    },
  };
};
