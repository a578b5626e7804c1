import { dirname, join } from "node:path/posix";
import { fits, lawOf, roomOf, type Law } from "./rooms.ts";
import { isTestCode, lineAt, nodes, parse, wordOf, type Finding, type Source } from "./source.ts";

type Import = {
  readonly specifier: string;
  readonly line: number;
  readonly kind: "static" | "type" | "dynamic";
};

/** What the package.json files say. */
export type House = {
  /** Package name -> its folder below packages/, its doors (specifier -> file) and the packages that it declares. */
  readonly packages: ReadonlyMap<string, Package>;
  /** Test tools, declared at the root. */
  readonly testTools: readonly string[];
};
export type Package = {
  readonly folder: string;
  readonly doors: ReadonlyMap<string, string>;
  readonly declared: readonly string[];
};

/** Every import of a file: static, `import type`, `import("x").T`, re-exports, dynamic. */
export const importsOf = (source: Source): Import[] => {
  const found: Import[] = [];
  const add = (value: unknown, start: number, kind: Import["kind"]) =>
    found.push({
      specifier: wordOf(value) ?? "(computed)",
      line: lineAt(source.text, start),
      kind,
    });
  for (const { node } of nodes(parse(source).program)) {
    const isType = node["importKind"] === "type" || node["exportKind"] === "type";
    if (node.type === "ImportDeclaration")
      add(node["source"], node.start, isType ? "type" : "static");
    else if (/^Export(All|Named)Declaration$/.test(node.type) && node["source"] != null)
      add(node["source"], node.start, isType ? "type" : "static");
    else if (node.type === "ImportExpression") add(node["source"], node.start, "dynamic");
    else if (node.type === "TSImportType")
      add(node["source"] ?? node["argument"], node.start, "type");
  }
  return found;
};

/** Every import of one file that crosses a wall. */
export const crossings = (source: Source, house: House): Finding[] => {
  const room = roomOf(source.path);
  if (room === undefined) return [];
  const law = lawOf(room);
  if (law === undefined) {
    const remedy = "every room has its line in tests/architecture/rooms.ts";
    return [
      { path: source.path, line: 1, what: `lies in '${room}', a room without a law`, law: remedy },
    ];
  }
  return importsOf(source).flatMap((found) => {
    const law_ = refusal(source.path, room, law, found, house);
    if (law_ === undefined) return [];
    const what = `imports "${found.specifier}" (${found.kind})`;
    return [{ path: source.path, line: found.line, what, law: law_ }];
  });
};

/** The law that an import breaks, or undefined when it may. */
const refusal = (
  path: string,
  room: string,
  law: Law,
  found: Import,
  house: House,
): string | undefined => {
  const { specifier } = found;
  const isTest = isTestCode(path);
  if (specifier === "(computed)") return law.vendors === "declared" ? undefined : law.law;
  if (specifier.startsWith("node:")) return law.node || isTest ? undefined : law.law;
  if (specifier.startsWith(".")) {
    const target = join(dirname(path), specifier);
    if (packageFolder(target) !== packageFolder(path))
      return "another package is entered by its door, never by its files";
    if (isTestCode(target) && !isTest) return "only tests import test code";
    return intoRoom(room, law, roomOf(target), found, isTest);
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const ours = house.packages.get(name);
  if (ours === undefined) return vendor(path, law, name, isTest, house);
  const door = ours.doors.get(specifier);
  if (door === undefined)
    return `'${specifier}' is not a door: the exports of ${name} do not name it`;
  return (
    intoRoom(room, law, roomOf(door), found, isTest) ??
    (declared(path, name, house) ? undefined : `${name} is not in this package's package.json`)
  );
};

const intoRoom = (
  room: string,
  law: Law,
  target: string | undefined,
  found: Import,
  isTest: boolean,
) => {
  if (target === undefined) return "code of a package imports nothing from outside packages/";
  if (target === room || law.may.some((pattern) => fits(pattern, target))) return undefined;
  if (isTest && target === "sdk/testkit") return undefined;
  if (found.kind === "dynamic" && law.mayLazily?.some((pattern) => fits(pattern, target)))
    return undefined;
  return law.law;
};

const vendor = (
  path: string,
  law: Law,
  name: string,
  isTest: boolean,
  house: House,
): string | undefined => {
  if (isTest && house.testTools.includes(name)) return undefined;
  if (law.vendors !== "declared" && !law.vendors.includes(name)) return law.law;
  const known = declared(path, name, house) || (isTest && house.testTools.includes(name));
  return known
    ? undefined
    : `'${name}' is not in this package's package.json (it would be found by luck)`;
};

const declared = (path: string, name: string, house: House): boolean => {
  const own = [...house.packages.entries()].find(([, each]) => path.startsWith(`${each.folder}/`));
  return own !== undefined && (own[0] === name || own[1].declared.includes(name));
};

const packageFolder = (path: string): string => path.split("/").slice(0, 2).join("/");
