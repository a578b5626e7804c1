import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "rolldown/utils";

/** A file as the rules see it. `path` is relative to the checkout, with `/`. */
export type Source = { readonly path: string; readonly text: string };

/** What is wrong, where, and which law says so. */
export type Finding = {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  readonly law: string;
};

/** A node of the ESTree that the parser makes; the rules ask for what they need. */
export type Node = {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
};

type Parsed = {
  readonly program: Node;
  readonly comments: readonly { readonly value: string; readonly start: number }[];
};

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

const SKIPPED = new Set(["node_modules", "dist", "coverage"]);

/** Every file below a folder of the checkout, but for what tools made. A folder that does not exist holds none. */
export const filesBelow = (folder: string): string[] => {
  let entries;
  try {
    entries = readdirSync(`${root}/${folder}`, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return entry.isFile() ? [path] : [];
    const isHidden = entry.name.startsWith(".") && entry.name !== ".ci";
    return SKIPPED.has(entry.name) || isHidden ? [] : filesBelow(path);
  });
};

export const readSource = (path: string): Source => ({
  path,
  text: readFileSync(`${root}/${path}`, "utf8"),
});

export const isTypeScript = (path: string): boolean => /\.tsx?$/.test(path);

export const isGenerated = (path: string): boolean => path.includes("/generated/");

/** Code that only tests run: it may use the test tools, and nothing else may import it. */
export const isTestCode = (path: string): boolean =>
  /\.(test|testkit)\.tsx?$/.test(path) ||
  /(^|\/)(conformance|testkit|fixtures|scenarios)(\/|\.ts$)/.test(path);

/** Throws on a syntax error: a file that cannot be read cannot be judged. */
export const parse = ({ path, text }: Source): Parsed => {
  const result = parseSync(path, text);
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  return { program: result.program as unknown as Node, comments: result.comments };
};

const isNode = (value: unknown): value is Node =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { type?: unknown }).type === "string";

/** Every node below one, itself first, each with its parent. */
export function* nodes(
  node: Node,
  parent?: Node,
): Generator<{ node: Node; parent: Node | undefined }> {
  yield { node, parent };
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) yield* nodes(child, node);
}

/** The name of an Identifier, the value of a string literal, else undefined. */
export const wordOf = (value: unknown): string | undefined => {
  if (!isNode(value)) return undefined;
  if (value.type === "Identifier") return value["name"] as string;
  return value.type === "Literal" && typeof value["value"] === "string"
    ? value["value"]
    : undefined;
};

export const lineAt = (text: string, offset: number): number =>
  text.slice(0, offset).split("\n").length;

export const print = (finding: Finding): string =>
  `${finding.path}:${finding.line} ${finding.what}\n    law: ${finding.law}`;
