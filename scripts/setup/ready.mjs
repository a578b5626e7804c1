import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { execPath, stderr } from "node:process";
import { installSystemTools } from "./apt.mjs";
import { bundleIsStale } from "./freshness.mjs";
import { installPackages } from "./packages.mjs";
import { cache, node, root } from "./places.mjs";
import { run, step } from "./step.mjs";

/** Longest wait for another set-up of this checkout; a first install on a slow line takes minutes. */
const LOCK_SECONDS = 900;
/** What flock answers when the lock is taken; no other exit code of the set-up. */
const TAKEN = 75;

const say = (line) => stderr.write(`skein: ${line}\n`);

/**
 * The slow path, one at a time in one checkout. The lock is the kernel's (flock), so it ends with its holder, however
 * that one ends. Everything is looked at again once the lock is ours: the one before us may have done it all.
 */
export const makeReady = async (purpose, needs, underLock) => {
  if (underLock) return prepare(purpose, needs);
  mkdirSync(cache, { recursive: true });
  if ((await run("flock", ["--version"])).code !== 0) {
    say("flock is missing, so two set-ups at once in this checkout are not kept apart");
    return prepare(purpose, needs);
  }
  const again = [execPath, `${root}/scripts/setup.mjs`, purpose, "--under-lock"];
  const code = await locked(["-n", "-E", String(TAKEN)], again);
  if (code !== TAKEN) return code;
  say("another set-up is running in this checkout; waiting for it");
  const second = await locked(["-w", String(LOCK_SECONDS), "-E", String(TAKEN)], again);
  if (second !== TAKEN) return second;
  say(
    `the other set-up still runs after ${LOCK_SECONDS / 60} minutes. End it, then run this again`,
  );
  return 1;
};

const locked = (options, command) =>
  new Promise((resolve) => {
    const child = spawn("flock", [...options, `${cache}/setup.lock`, ...command], {
      stdio: "inherit",
    });
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });

const prepare = async (purpose, needs) => {
  if (!(await installSystemTools(needs.tools))) {
    say(needs.strict ? `'${purpose}' cannot run without` : `'${purpose}' goes on without`);
    if (needs.strict) return 1;
  }
  if (!(await installPackages())) return 1;
  if (!needs.bundle || !bundleIsStale()) return 0;
  return (await step("building dist/skein.js", node, ["scripts/bundle.ts"])) === 0 ? 0 : 1;
};
