import { lineAt, nodes, parse, wordOf, type Finding, type Node, type Source } from "./source.ts";

const LAW =
  "core is values in, values out: no clock, timers, randomness, promises or globals of a runtime";

/** Names of the outside world. Any mention counts, in types too: a decision that returns a Promise is not pure. */
const IMPURE = new Set(
  (
    "Promise performance process globalThis crypto fetch console Buffer AbortController AbortSignal " +
    "setTimeout setInterval setImmediate queueMicrotask"
  ).split(" "),
);

/** Everything in a file of core that reaches out of it. A name that the file gives to something of its own is its own. */
export const impurities = (source: Source): Finding[] => {
  const { program } = parse(source);
  const own = boundNames(program);
  return [...nodes(program)].flatMap(({ node, parent }) => {
    const what = reachesOut(node, parent, own);
    if (what === undefined) return [];
    return [{ path: source.path, line: lineAt(source.text, node.start), what, law: LAW }];
  });
};

const reachesOut = (node: Node, parent: Node | undefined, own: ReadonlySet<string>) => {
  if (node["async"] === true) return "has an async function";
  if (node.type === "AwaitExpression") return "awaits";
  if (node.type === "MemberExpression") {
    const member = `${wordOf(node["object"])}.${wordOf(node["property"])}`;
    return /^(Math\.random|Temporal\.Now|Date\.now)$/.test(member) ? `uses ${member}` : undefined;
  }
  // Date.parse and new Date(given) turn one value into another; without an argument they read the clock.
  if (/^(New|Call)Expression$/.test(node.type) && wordOf(node["callee"]) === "Date")
    return (node["arguments"] as Node[]).length === 0 ? "reads the clock with Date()" : undefined;
  const word = node.type === "Identifier" ? (wordOf(node) ?? "") : "";
  return IMPURE.has(word) && !own.has(word) && !isOnlyAName(node, parent)
    ? `uses ${word}`
    : undefined;
};

/** Names of variables, parameters and imports anywhere in a file. */
const boundNames = (program: Node): ReadonlySet<string> => {
  const names = new Set<string>();
  const bind = (pattern: unknown): void => {
    if (pattern === null || typeof pattern !== "object") return;
    for (const { node } of nodes(pattern as Node)) {
      const word = node.type === "Identifier" ? wordOf(node) : undefined;
      if (word !== undefined) names.add(word);
    }
  };
  for (const { node } of nodes(program)) {
    if (node.type === "VariableDeclarator") bind(node["id"]);
    if (node.type === "ImportSpecifier") bind(node["local"]);
    if (Array.isArray(node["params"])) node["params"].forEach(bind);
  }
  return names;
};

/** `x.process` and `{ process: 1 }` name a property and do not reach the global. */
const isOnlyAName = (node: Node, parent: Node | undefined): boolean => {
  if (parent === undefined || parent["computed"] === true) return false;
  return parent["property"] === node || (parent["key"] === node && parent["shorthand"] !== true);
};
