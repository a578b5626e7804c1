/**
 * Makes the checkout ready for one purpose and ends; the caller then runs the real thing (`setup && exec ...` in
 * package.json), so that no process of ours stands between a signal and its receiver.
 *
 * Plain JavaScript without dependencies: it runs on whatever Node (20 or later) the machine has, before anything is
 * installed. When all is in place it prints nothing and takes some ten milliseconds; otherwise one line for each step,
 * with its time, on stderr. Exit 0: ready. Exit 1: it is not, and the last line says what to do.
 */
import { argv, exit, stderr } from "node:process";
import { bundleIsStale } from "./setup/freshness.mjs";
import { installIsCurrent } from "./setup/installed.mjs";
import { makeReady } from "./setup/ready.mjs";
import { PURPOSES, missingTools } from "./setup/tools.mjs";

const underLock = argv.includes("--under-lock");
const purpose = argv.slice(2).find((word) => !word.startsWith("--")) ?? "";
const needs = PURPOSES[purpose];

if (needs === undefined) {
  stderr.write(`skein: unknown purpose '${purpose}'. Known: ${Object.keys(PURPOSES).join(", ")}\n`);
  exit(1);
}

const ready =
  missingTools(needs.tools).length === 0 &&
  installIsCurrent() &&
  !(needs.bundle && bundleIsStale());

exit(ready ? 0 : await makeReady(purpose, needs, underLock));
