import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stderr } from "node:process";
import { installIsCurrent, npmAgrees, writeStamp } from "./installed.mjs";
import { node, root } from "./places.mjs";
import { run, step } from "./step.mjs";

const say = (line) => stderr.write(`skein: ${line}\n`);

/** There while npm works: a set-up that finds it knows that the one before was cut short, and starts clean. */
const UNFINISHED = `${root}/node_modules/.skein-install-unfinished`;

/**
 * Brings node_modules to what the lockfile says, Node 26 included. Answers false when it could not, having said why.
 *
 * `npm install --no-save`, not `npm ci`: a registry that lacks a tool's builds for other platforms (a mirror often does)
 * leaves them out of the lockfile, and `npm ci` refuses such a lockfile even where no one needs those builds. What
 * `npm ci` would guarantee is checked afterwards: exactly the lockfile's versions and contents, lockfile untouched.
 */
export const installPackages = async () => {
  if (installIsCurrent()) return true;
  if (existsSync(UNFINISHED)) rmSync(`${root}/node_modules`, { recursive: true, force: true });
  if (!npmAgrees() && !(await npmInstall())) return false;
  if (!(await ensureNode())) return false;
  writeStamp();
  return true;
};

const npmInstall = async () => {
  mkdirSync(`${root}/node_modules`, { recursive: true });
  writeFileSync(UNFINISHED, "");
  const args = [
    "install",
    "--no-save",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  if ((await step("installing the packages (npm install)", "npm", args)) !== 0) return false;
  rmSync(UNFINISHED, { force: true });
  if (npmAgrees()) return true;
  say("package.json and package-lock.json disagree. Run: npm install, and commit the lockfile");
  return false;
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
