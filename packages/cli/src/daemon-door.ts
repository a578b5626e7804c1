/** What `skein up` needs of the daemon's door, which is loaded only then. */
import type { Backend, Problem } from "@skein/contract";

export type RunningDaemon = {
  readonly address: string | null;
  readonly socketPath: string;
  readonly loginUrl: string | null;
  readonly backends: readonly Backend[];
  /** Resolves when it has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
};

export type AlreadyRunning = {
  readonly alreadyRunning: {
    /** 0: it has not said yet. */
    readonly pid: number;
    readonly address: string | null;
    readonly home: string;
  };
};

export type NamedAgents = Readonly<
  Record<
    string,
    { readonly command: readonly string[] | null; readonly env: Readonly<Record<string, string>> }
  >
>;

type DaemonDoor = {
  startDaemon(options: {
    readonly home: string;
    readonly version: string;
    readonly port?: number;
    readonly env: Readonly<Record<string, string | undefined>>;
  }): Promise<RunningDaemon | AlreadyRunning>;
  /** What is wrong with the configuration of a state folder; null when nothing is. For `skein doctor`. */
  checkConfig?(home: string): Problem | null;
  /** The agents of this machine that it names a program or an environment for, by id; none when it cannot be read. For `skein doctor`. */
  namedAgents?(home: string): NamedAgents;
  /** What is wrong with its database, by a look that changes nothing; null when nothing is. For `skein doctor`, while no daemon runs. */
  checkDatabase?(home: string, signal: AbortSignal): Promise<Problem | null>;
};

export type LoadDaemon = () => Promise<DaemonDoor>;
