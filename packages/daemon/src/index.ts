/** The daemon's door. */
export {
  checkConfig,
  checkDatabase,
  startDaemon,
  type AlreadyRunning,
  type Daemon,
  type DaemonOptions,
} from "./main.ts";
