/** The daemon's door. */
export {
  checkConfig,
  checkDatabase,
  namedAgents,
  startDaemon,
  type AlreadyRunning,
  type Daemon,
  type DaemonOptions,
} from "./main.ts";
