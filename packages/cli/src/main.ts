/**
 * The program `skein`. The only file of the command line that reads the process's surroundings: arguments, environment,
 * folder, streams and signals.
 */
import type { LoadDaemon } from "./daemon-door.ts";
import { runHere } from "./run.ts";

const loadDaemon: LoadDaemon = () => import("@skein/daemon");

const [executable = process.execPath, script = "", ...words] = process.argv;
await runHere({ words, self: [executable, script], env: process.env, loadDaemon });
