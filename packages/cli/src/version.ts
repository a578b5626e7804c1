/**
 * The version is written once, in the package.json that names the `skein` program. It is looked for upwards from this
 * code, so that sources, bundle and an installed package find the same one.
 */
import { readFileSync } from "node:fs";

const HIGHEST = 8;

export const readVersion = (from: string = import.meta.url): string => {
  let folder = new URL(".", from);
  for (let step = 0; step < HIGHEST; step += 1) {
    const version = versionIn(new URL("package.json", folder));
    if (version !== undefined) return version;
    folder = new URL("..", folder);
  }
  return "unknown";
};

const versionIn = (file: URL): string | undefined => {
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as {
      version?: string;
      bin?: Record<string, string>;
    };
    return read.bin?.["skein"] === undefined ? undefined : read.version;
  } catch {
    return undefined; // no such file here: one folder up
  }
};
