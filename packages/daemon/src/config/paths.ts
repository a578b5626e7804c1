/** Where things lie in the state folder. */
import { join } from "node:path";
import { STATE_FOLDER } from "@skein/contract";

export type Paths = ReturnType<typeof pathsOf>;

export const pathsOf = (home: string) => ({
  home,
  database: join(home, STATE_FOLDER.database),
  config: join(home, STATE_FOLDER.config),
  run: join(home, "run"),
  socket: join(home, STATE_FOLDER.socket),
  /** Which daemon runs: for people and for the CLI's messages; the lock is what counts. */
  about: join(home, "run", "daemon.json"),
  spool: join(home, STATE_FOLDER.spool),
  logs: join(home, STATE_FOLDER.logs),
  log: join(home, STATE_FOLDER.logs, "daemon.log"),
  /** A backend's own folder: sockets, servers that its sessions share. */
  backend: (id: string) => join(home, "backends", id),
  /** What a session in a container keeps from one of its lives to the next: its HOME. */
  container: (id: string) => join(home, "containers", id),
  snapshots: join(home, "snapshots"),
  session: (id: string) => join(home, STATE_FOLDER.spool, id),
  generation: (id: string, generation: number) =>
    join(home, STATE_FOLDER.spool, id, String(generation)),
});
