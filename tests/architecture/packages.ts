import { readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { filesBelow, root } from "./source.ts";
import type { House, Package } from "./walls.ts";

type PackageJson = {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

const readJson = (path: string): PackageJson =>
  JSON.parse(readFileSync(`${root}/${path}`, "utf8")) as PackageJson;

/** Reads what the package.json files say about doors and dependencies. */
export const readHouse = (): House => ({
  packages: new Map(
    filesBelow("packages")
      .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))
      .map((path) => {
        const json = readJson(path);
        return [json.name, toPackage(path.replace("/package.json", ""), json)];
      }),
  ),
  testTools: Object.keys(readJson("package.json").devDependencies ?? {}),
});

const toPackage = (folder: string, json: PackageJson): Package => ({
  folder,
  doors: new Map(
    Object.entries(json.exports ?? {}).map(([door, file]) => [
      join(json.name, door),
      join(folder, file),
    ]),
  ),
  declared: Object.keys({ ...json.dependencies, ...json.devDependencies }),
});
