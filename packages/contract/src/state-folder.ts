/** What lies where in the state folder, for those who must agree on it: the daemon, and the programs beside it. */
export const STATE_FOLDER = {
  socket: "run/skein.sock",
  config: "config.json5",
  database: "skein.db",
  spool: "spool",
  logs: "logs",
} as const;
