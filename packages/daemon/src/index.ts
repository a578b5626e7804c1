/** The daemon's door. */
export { startDaemon, type AlreadyRunning, type Daemon, type DaemonOptions } from "./main.ts";
