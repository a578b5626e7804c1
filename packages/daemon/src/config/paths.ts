/** Where things lie in the state folder. */
import { join } from "node:path";

export type Paths = ReturnType<typeof pathsOf>;

export const pathsOf = (home: string) => ({
  home,
  database: join(home, "skein.db"),
  config: join(home, "config.json5"),
  run: join(home, "run"),
  socket: join(home, "run", "skein.sock"),
  /** Which daemon runs: for people and for the CLI's messages; the lock is what counts. */
  about: join(home, "run", "daemon.json"),
  spool: join(home, "spool"),
  logs: join(home, "logs"),
  log: join(home, "logs", "daemon.log"),
  /** A backend's own folder: sockets, servers that its sessions share. */
  backend: (id: string) => join(home, "backends", id),
  snapshots: join(home, "snapshots"),
  session: (id: string) => join(home, "spool", id),
  generation: (id: string, generation: number) => join(home, "spool", id, String(generation)),
});
