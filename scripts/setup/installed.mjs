import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:process";
import { node, root } from "./places.mjs";

const STAMP = `${root}/node_modules/.skein-install`;

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/** What was installed, for which machine. A checkout shared by two machines is installed anew for each. */
const wantedStamp = () =>
  `${createHash("sha256")
    .update(readFileSync(`${root}/package-lock.json`))
    .digest("hex")} ${platform}-${arch}\n`;

export const writeStamp = () => {
  mkdirSync(`${root}/node_modules`, { recursive: true });
  writeFileSync(STAMP, wantedStamp());
};

/** True when node_modules is what the lockfile asks for and holds Node 26. Cheap: asked at every start. */
export const installIsCurrent = () => existsSync(node) && read(STAMP) === wantedStamp();

/**
 * True when npm's own record of what it installed agrees with the lockfile: someone ran npm by hand. Such an install is
 * adopted and not made again. npm writes this record last, so an install that was cut short has none.
 */
export const npmAgrees = () => {
  const record = read(`${root}/node_modules/.package-lock.json`);
  if (record === undefined) return false;
  let installed, wanted;
  try {
    installed = JSON.parse(record).packages;
    wanted = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8")).packages;
  } catch {
    return false;
  }
  const same = (a, b) => a !== undefined && a.version === b.version && a.integrity === b.integrity;
  // Not asked of: the links to our own packages, and what the package `node` fetched for itself in its install script.
  const isAsked = (path) =>
    path.startsWith("node_modules/") && !path.startsWith("node_modules/node/");
  const maybeAbsent = (entry) => entry.optional || entry.devOptional || entry.peer;
  return (
    Object.entries(wanted).every(
      ([path, entry]) =>
        !isAsked(path) ||
        same(installed[path], entry) ||
        (!(path in installed) && maybeAbsent(entry)),
    ) && Object.keys(installed).every((path) => !isAsked(path) || path in wanted)
  );
};
