/** docs/dev-sessions.md: every test that it names is there, with the title that it gives. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/dev-sessions.md"), "utf8");
/** The last cell of each row that has three. */
const proofs = page
  .split("\n")
  .map((line) => line.split(" | "))
  .filter((cells) => cells.length === 3 && !cells[0]?.startsWith("| ---"))
  .map((cells) => cells[2]?.replace(/ \|$/, "") ?? "")
  .filter((cell) => cell !== "proven by");

const sources = globSync("{packages,tests}/**/*.ts", {
  cwd: root,
  exclude: (name) => name === "node_modules",
});

/** By its path from the root or below some package, or by its name alone where there is one of that name. */
const find = (name: string): string | undefined => {
  const found = sources.filter((path) => path === name || path.endsWith(`/${name}`));
  if (found.length < 2 || found.includes(name)) return found[0];
  throw new Error(`docs/dev-sessions.md names ${name}: ${found.join(", ")}`);
};

const textOf = (name: string): string => {
  const path = find(name);
  if (path !== undefined) return readFileSync(join(root, path), "utf8");
  if (existsSync(join(root, name))) return "";
  throw new Error(`docs/dev-sessions.md names ${name}, which is not there`);
};

test("names a proof in every line", () => {
  expect(proofs.length).toBeGreaterThan(60);
  expect(proofs.filter((proof) => !/`|itself/.test(proof))).toEqual([]);
});

test("names tests that are there, by titles that they have", () => {
  for (const proof of proofs) {
    const named = [...proof.matchAll(/`((?:[\w.-]+\/)*[\w.-]+\.ts|tests\/\w+)`/g)];
    const text = named.map(([, name = ""]) => textOf(name)).join("\n");
    const titles = [...proof.matchAll(/"([^"]+)"/g), ...proof.matchAll(/(#\d+)/g)];
    const missing = titles.map(([, title = ""]) => title).filter((title) => !text.includes(title));
    expect({ proof, missing }).toEqual({ proof, missing: [] });
  }
});
