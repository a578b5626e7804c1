/** The daemon's door. */
export {
  checkConfig,
  startDaemon,
  type AlreadyRunning,
  type Daemon,
  type DaemonOptions,
} from "./main.ts";
