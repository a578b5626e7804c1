/**
 * Long work on the database, on a thread and a connection of its own, so that the loop goes on meanwhile.
 * The work is text, not a file beside this one: it must also be there in the single published bundle.
 */
import { Worker } from "node:worker_threads";

const AROUND = (work: string): string => `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  try {
    parentPort.postMessage({ result: ((file) => { ${work} })(workerData) });
  } catch (error) {
    parentPort.postMessage({ error: { message: error.message, errcode: error.errcode } });
  }
`;

type Answer<T> =
  | { readonly result: T }
  | { readonly error: { readonly message: string; readonly errcode: number | undefined } };

/** Rejects with what SQLite threw there (its `errcode` kept), or when the signal ends it first. */
export const inThread = <T>(work: string, file: string, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(AROUND(work), { eval: true, workerData: file });
    const stop = (): void => void worker.terminate();
    signal.addEventListener("abort", stop, { once: true });
    worker.once("message", (answer: Answer<T>) => {
      if ("result" in answer) return resolve(answer.result);
      const { message, errcode } = answer.error;
      reject(Object.assign(new Error(message), { errcode }));
    });
    worker.once("error", reject);
    worker.once("exit", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("The work on the database ended early."));
    });
    if (signal.aborted) stop();
  });
