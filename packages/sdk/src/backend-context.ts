import type { Clock } from "./clock.ts";
import type { Host } from "./host.ts";
import type { Terminals } from "./terminal.ts";

/** What is common to all sessions of a backend on a host. */
export type BackendContext = {
  readonly host: Host;
  /** Terminals on that host. */
  readonly terminals: Terminals;
  readonly clock: Clock;
  /** Program and leading arguments, from the configuration or as PATH finds it; null when there is none. */
  readonly command: readonly [string, ...string[]] | null;
  /** The whole environment that the agent gets: an allow-list of the daemon's own and what the configuration adds. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder of the backend's own in the state folder of the host (sockets, shared servers); made, 0700, by whoever uses it. */
  readonly dir: string;
  /** The state folder on that host. What an agent runs unasked must not reach into it: the daemon's socket and every agent's stdin lie there. */
  readonly home: string;
  /** Skein's own, as the agent may be told. */
  readonly version: string;
  readonly timing: {
    /** Start and handshake of an agent may take this long, milliseconds. */
    readonly startMs: number;
    /** Between SIGTERM (or the vendor's own goodbye) and SIGKILL. */
    readonly graceMs: number;
  };
  log(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields?: Record<string, unknown>,
  ): void;
};
