/**
 * Where processes run. Drivers reach files and processes only through this door, so that what works here works
 * on the far side of ssh and in a container.
 */
export type Liveness = "alive" | "dead" | "unknown";

/** A process that cannot be mistaken for a later one with the same pid. */
export type ProcessRef = {
  readonly pid: number;
  /** The kernel's own word for when it started (Linux: field 22 of /proc/PID/stat). */
  readonly started: string;
};

export type Exit = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** false: it ended while nobody watched, or was started by an earlier daemon; code and signal are not known then. */
  readonly witnessed: boolean;
};

/** Whose process it is. Carried in its environment (SKEIN_HOME, SKEIN_SESSION, SKEIN_GENERATION) and inherited by all it starts. */
export type Owner = { readonly session: string; readonly generation: number };

/** Which of an owner's processes a sweep keeps. `session`: the kernel's, the pid of its leader. */
export type Spare = (
  process: ProcessRef & { readonly session: number; readonly ageMs: number },
) => boolean;

export type RunResult = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
};

export type DetachedSpec = {
  /** 0700 folder of this one generation: holds `in` (FIFO), `out` and `err` (spool). Made if missing. */
  readonly dir: string;
  /** Program and arguments; never a shell string. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment, apart from the owner's marks that the host adds. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly owner: Owner;
};

export type SpoolLine = {
  /** Without its newline. Longer than LIMITS.wireLineBytes: cut there, `cut` says so. */
  readonly text: string;
  readonly cut: boolean;
  /** Offset of the byte after its newline: read on from here and nothing is read twice. */
  readonly end: number;
};

/**
 * A process that outlives the daemon: its own process group, stdin a FIFO opened read-write (it never sees end-of-file),
 * stdout and stderr appended to the spool. Letting go of the handle (`close`) never harms the process.
 */
export type Detached = {
  readonly process: ProcessRef;
  /**
   * Writes one line (the newline is added) in order with other calls. Resolves when the kernel has taken all of it.
   * A frame of at most 4096 bytes is written whole or not at all (PIPE_BUF); a larger one can be cut by a crash of the daemon.
   * Rejects with an AdapterFailure when the process is dead.
   */
  write(line: string): Promise<void>;
  /**
   * Whole lines of stdout from byte `from`, as they come; ends after the last line when the process is dead, or when closed.
   * A last line without newline is given only once the process is dead. The reader sets the pace. One reader at a time.
   */
  lines(from: number): AsyncIterable<SpoolLine>;
  /** The newest `bytes` of stderr, as text. */
  errors(bytes: number): Promise<string>;
  /** Resolves once, when the process is dead. Never rejects. */
  readonly exited: Promise<Exit>;
  liveness(): Promise<Liveness>;
  /** Sends a signal to the process alone (not the group). No error when it is dead. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /**
   * Ends it: SIGTERM to its group, SIGKILL after `graceMs`, then SIGKILL to everything that carries its owner's marks,
   * in whatever group. Resolves when none of them is left. 0: kill at once.
   */
  terminate(graceMs: number): Promise<Exit>;
  /** Lets go: stops reading, closes descriptors; the process goes on. Safe to call twice. */
  close(): Promise<void>;
};

export type Host = {
  readonly id: string;
  folder(path: string): Promise<"directory" | "file" | "missing" | "unreadable">;
  /** Absolute path of a program as PATH finds it (a path with a slash is checked as it is); null when there is none. */
  which(command: string, path?: string): Promise<string | null>;
  /** A short command, by argv. Output beyond `maxBytes` (default 1 MiB) is dropped. Killed with its group at `timeoutMs`. Rejects only when it cannot be started. */
  run(
    argv: readonly [string, ...string[]],
    options: {
      readonly env: Readonly<Record<string, string>>;
      readonly folder?: string;
      readonly timeoutMs: number;
      readonly input?: string;
      readonly maxBytes?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<RunResult>;
  /** Starts a detached process. Rejects with an AdapterFailure (folder missing, program missing, no permission); leaves nothing behind then. */
  start(spec: DetachedSpec): Promise<Detached>;
  /** The handle on a process that an earlier daemon started; null when none of that owner runs as leader of its group. The spool can still be read with `spool`. */
  adopt(dir: string, owner: Owner): Promise<Detached | null>;
  /** The spool of a process that is dead: what it wrote after byte `from`. */
  spool(dir: string, from: number): AsyncIterable<SpoolLine>;
  /** Every owner that has processes here now, by their marks (of this SKEIN_HOME). */
  owners(): Promise<readonly { readonly owner: Owner; readonly pids: readonly number[] }[]>;
  /**
   * Kills everything that carries the owner's marks, but for what `spare` keeps; resolves with how many there were, when
   * none is left.
   */
  sweep(owner: Owner, spare?: Spare): Promise<number>;
  /** Removes a generation's folder (FIFO and spool). No error when it is not there. */
  remove(dir: string): Promise<void>;
};
