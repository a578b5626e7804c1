/** The program `skein`: gives the arguments and the environment to the run. */
import type { LoadDaemon } from "./daemon-door.ts";
import { runHere } from "./run.ts";

const loadDaemon: LoadDaemon = () => import("@skein/daemon");

const [executable = process.execPath, script = "", ...words] = process.argv;
// How the launcher was called is not for the daemon and its agents.
const { SKEIN_COMMAND: calledAs, ...env } = process.env;
await runHere({ words, self: [executable, script], env, calledAs, loadDaemon });
