import {
  isGenerated,
  lineAt,
  nodes,
  parse,
  wordOf,
  type Finding,
  type Node,
  type Source,
} from "./source.ts";

/** Rules of the house style that a reader of one file can check. Each takes a file and answers what breaks the rule. */

const MOST_LINES = 800;

export const tooLong = ({ path, text }: Source): Finding[] => {
  const lines = text.trimEnd().split("\n").length;
  if (lines <= MOST_LINES || isGenerated(path)) return [];
  const law = `no file has more than ${MOST_LINES} lines; where it grew past that, two jobs met: part them`;
  return [{ path, line: lines, what: `has ${lines} lines`, law }];
};

/** The share of files over 500 lines and the median, for all files together. */
export const lengths = (
  counts: readonly number[],
): { readonly median: number; readonly p95: number } => {
  const sorted = counts.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
};

const finder =
  (
    law: string,
    judge: (node: Node, parent: Node | undefined, path: string) => string | undefined,
  ) =>
  (source: Source): Finding[] =>
    [...nodes(parse(source).program)].flatMap(({ node, parent }) => {
      const what = judge(node, parent, source.path);
      return what === undefined
        ? []
        : [{ path: source.path, line: lineAt(source.text, node.start), what, law }];
    });

export const usesAny = finder("no any: unknown, and a check where it comes in", (node) =>
  node.type === "TSAnyKeyword" ? "says any" : undefined,
);

export const silencesTypes = (source: Source): Finding[] =>
  parse(source)
    .comments.filter(({ value }) => /@ts-(ignore|nocheck)/.test(value))
    .map(({ start }) => ({
      path: source.path,
      line: lineAt(source.text, start),
      what: "silences the type checker",
      law: "no @ts-ignore and no @ts-nocheck: the type is wrong, or the code is",
    }));

export const exportsDefault = finder(
  "no default export: a thing has one name everywhere",
  (node, _, path) => {
    if (path.endsWith(".config.ts")) return undefined;
    if (node.type === "ExportDefaultDeclaration") return "exports a default";
    return node.type === "ExportSpecifier" && wordOf(node["exported"]) === "default"
      ? "exports a default"
      : undefined;
  },
);

const TEST_WORDS = new Set(["test", "it", "describe", "suite", "bench", "context", "ctx"]);
const PASSED_OVER = new Set(["skip", "skipIf", "runIf", "only", "todo", "fails"]);

const rootWord = (node: unknown): string | undefined => {
  const inner = (node as Node | undefined)?.["object"] ?? (node as Node | undefined)?.["callee"];
  return inner === undefined ? wordOf(node) : rootWord(inner);
};

export const passesOver = finder(
  "no test is skipped, marked only or left to do: it runs, or it is not there",
  (node) => {
    if (node.type !== "MemberExpression") return undefined;
    const word = wordOf(node["property"]) ?? "";
    return PASSED_OVER.has(word) && TEST_WORDS.has(rootWord(node["object"]) ?? "")
      ? `has a .${word}`
      : undefined;
  },
);

const NAMES_LAW =
  "one word per thing, that says what it is: no Manager, Service, Helper, Utils, Common, V2";
const EMPTY_WORDS =
  /(Manager|Service|Helpers?|Utils?|Utilities|Common|V\d+)$|^(manager|service|helpers?|utils?|common)$/;
const EMPTY_FILES =
  /^(.*-)?(managers?|services?|helpers?|utils?|utilities|common|misc|shared|v\d+)$/i;
const DECLARATIONS = new Set(
  "VariableDeclarator FunctionDeclaration ClassDeclaration TSTypeAliasDeclaration TSInterfaceDeclaration".split(
    " ",
  ),
);

export const emptyNames = finder(NAMES_LAW, (node) => {
  const name = DECLARATIONS.has(node.type) ? wordOf(node["id"]) : undefined;
  return name !== undefined && EMPTY_WORDS.test(name) ? `declares '${name}'` : undefined;
});

export const emptyFileNames = ({ path }: Pick<Source, "path">): Finding[] =>
  path
    .split("/")
    .map((word) => word.replace(/\..*$/, ""))
    .filter((word) => EMPTY_FILES.test(word))
    .map((word) => ({ path, line: 1, what: `is called '${word}'`, law: NAMES_LAW }));

const mayReadSurroundings = (path: string): boolean =>
  !path.startsWith("packages/") ||
  path.endsWith(".test.ts") ||
  /^packages\/(daemon|cli)\/src\/main\.ts$/.test(path) ||
  /^packages\/contract\/src\/schema\/write\.ts$/.test(path) ||
  /\/testkit\/(.+\/)?main\.ts$/.test(path);

export const readsSurroundings = finder(
  "only main.ts files and scripts read process.env and process.argv; the rest gets values handed in",
  (node, _, path) => {
    if (mayReadSurroundings(path)) return undefined;
    const object = wordOf(node["object"]);
    const word = wordOf(node["property"]) ?? "";
    if (node.type === "MemberExpression" && object === "process" && /^(env|argv)$/.test(word))
      return `reads process.${word}`;
    if (
      node.type !== "ImportDeclaration" ||
      !/^(node:)?process$/.test(wordOf(node["source"]) ?? "")
    )
      return undefined;
    const taken = (node["specifiers"] as Node[]).map((each) => wordOf(each["imported"]) ?? "");
    return taken.some((name) => /^(env|argv)$/.test(name))
      ? "imports env or argv of node:process"
      : undefined;
  },
);

/** Scratch and working folders of a developer's machine. A plain word before the slash makes it another path. */
const SOMEONES_FOLDER = /(^|[^\w.~/-])\/(work|var\/tmp)\//;

/** `checkout` is where this checkout lies now: its own address belongs into no file either. */
export const namesWorkplace = ({ path, text }: Source, checkout: string): Finding[] => {
  const isTelling = checkout.split("/").length > 2;
  return text.split("\n").flatMap((line, index) =>
    SOMEONES_FOLDER.test(line) || (isTelling && line.includes(`${checkout}/`))
      ? [
          {
            path,
            line: index + 1,
            what: "names a folder of someone's machine",
            law: "the project knows no machine it was made on",
          },
        ]
      : [],
  );
};
