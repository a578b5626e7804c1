/**
 * Looks through the whole file for damage, on a thread of its own and a connection of its own: seconds for a large file, in
 * which nobody waits. Gives what SQLite says about each fault, at most a hundred; rejects when it could not look.
 */
import { Worker } from "node:worker_threads";

/** As text, not as a file beside this one: it must also be there in the single published bundle. */
const LOOK = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  const db = new DatabaseSync(workerData, { readOnly: true });
  const found = db.prepare("PRAGMA integrity_check(100)").all().map((row) => String(Object.values(row)[0]));
  db.close();
  parentPort.postMessage(found.filter((line) => line !== "ok"));
`;

export const checkIntegrity = (file: string, signal: AbortSignal): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(LOOK, { eval: true, workerData: file });
    const stop = (): void => void worker.terminate();
    signal.addEventListener("abort", stop, { once: true });
    worker.once("message", (found: readonly string[]) => resolve(found));
    worker.once("error", (error: Error) => resolve([error.message]));
    worker.once("exit", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error(`Checking ${file} ended early.`));
    });
    if (signal.aborted) stop();
  });
