import { readFileSync } from "node:fs";
import { stderr } from "node:process";
import { installIsCurrent, npmAgrees, writeStamp } from "./installed.mjs";
import { node, root } from "./places.mjs";
import { run, step } from "./step.mjs";

const say = (line) => stderr.write(`skein: ${line}\n`);

/**
 * Brings node_modules to what the lockfile says, Node 26 included. Answers false when it could not, having said why.
 * `npm ci` and never `npm install`: it cannot change the lockfile, and it needs no Node of a certain age to resolve.
 */
export const installPackages = async () => {
  if (installIsCurrent()) return true;
  if (!npmAgrees()) {
    const code = await step("installing the packages (npm ci)", "npm", [
      "ci",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ]);
    if (code !== 0) return false;
  }
  if (!(await ensureNode())) return false;
  writeStamp();
  return true;
};

const wantedVersion = () =>
  JSON.parse(readFileSync(`${root}/package.json`, "utf8")).devDependencies.node;

const hasNode = async () =>
  (await run(node, ["--version"])).output.trim() === `v${wantedVersion()}`;

/**
 * The package `node` fetches its binary in an install script. Where npm was told to run none (`ignore-scripts`, or a
 * policy that does not know `allowScripts` of package.json) it is run here, for this one package.
 */
const ensureNode = async () => {
  if (await hasNode()) return true;
  const repair = ["rebuild", "node", "--ignore-scripts=false", "--loglevel=error"];
  await step(`fetching Node ${wantedVersion()} (npm rebuild node)`, "npm", repair);
  if (await hasNode()) return true;
  say(
    `Node ${wantedVersion()} is not in node_modules: the install script of the package 'node' did not run`,
  );
  say(
    "allow it (npm config get ignore-scripts; npm help install-scripts), then: npm rebuild node --foreground-scripts",
  );
  return false;
};
