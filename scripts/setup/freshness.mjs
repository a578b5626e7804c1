import { existsSync, readdirSync, statSync } from "node:fs";
import { bundle, root } from "./places.mjs";

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The latest change below a folder. Folders count too: a file that was deleted changes its folder. */
const newestBelow = (folder) => {
  let newest = changedAt(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) newest = Math.max(newest, newestBelow(path));
    else if (!entry.name.endsWith(".test.ts")) newest = Math.max(newest, changedAt(path));
  }
  return newest;
};

/** True when dist/skein.js is missing or older than anything that it is made of. */
export const bundleIsStale = () => {
  if (!existsSync(bundle)) return true;
  const built = changedAt(bundle);
  const packages = readdirSync(`${root}/packages`).map((name) => `${root}/packages/${name}`);
  const isNewer = (path) => changedAt(path) > built;
  return (
    isNewer(`${root}/package.json`) ||
    isNewer(`${root}/package-lock.json`) ||
    isNewer(`${root}/scripts/bundle.ts`) ||
    packages.some((folder) => isNewer(`${folder}/package.json`)) ||
    packages.some((folder) => existsSync(`${folder}/src`) && newestBelow(`${folder}/src`) > built)
  );
};
