/** The program as users run it: `skein up` from the bundle. */
import { spawn } from "node:child_process";
import { request } from "node:http";
import { here } from "./world.ts";

export const skein = here("../skein");

/** Whether the daemon on a unix socket says it is ready. */
const isReady = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    request({ socketPath, path: "/ready", headers: { host: "localhost" } }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on("error", () => resolve(false))
      .end();
  });

const tooLate = 60_000;

/** Milliseconds from the start of the process to the first answered /ready. */
export const startBundle = async (
  home: string,
): Promise<{ readonly readyMs: number; readonly pid: number; kill(): Promise<void> }> => {
  const begin = performance.now();
  const child = spawn(skein, ["up", "--port", "0"], {
    env: { ...process.env, SKEIN_HOME: home },
    stdio: "ignore",
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  while (!(await isReady(`${home}/run/skein.sock`))) {
    if (performance.now() - begin > tooLate || child.exitCode !== null)
      throw new Error("the daemon did not become ready");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const readyMs = performance.now() - begin;
  return {
    readyMs,
    pid: child.pid!,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
};
