import { spawn } from "node:child_process";
import { stderr } from "node:process";
import { root } from "./places.mjs";

/** What a failed step says at most; npm repeats itself. */
const KEEP_BYTES = 16 * 1024;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs one command (argv, never a shell string) and prints one line for it: what, and how long it took.
 * Its own output is shown only when it fails. Never throws; answers the exit code (127: could not be started).
 */
export const step = async (what, command, args, env = {}) => {
  const began = performance.now();
  stderr.write(`skein: ${what} ...`);
  const { code, output } = await run(command, args, env);
  stderr.write(code === 0 ? ` ${seconds(began)}\n` : ` failed after ${seconds(began)}\n${output}`);
  return code;
};

/** Runs one command silently. Never throws. `output` is the end of what it said on both streams. */
export const run = (command, args, env = {}) =>
  new Promise((resolve) => {
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEEP_BYTES);
    };
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: `${error.message}\n` }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 128, output: signal ? `${output}(${signal})\n` : output }),
    );
  });
