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
   * Rejects with an AdapterFailure when what is there cannot be read: that is no end.
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

/**
 * A process that lives as long as the daemon's hold on it: a client of tmux, a stream to a socket. It is ended by `close`, by
 * a cut link and by the end of the daemon.
 */
export type Pipe = {
  /** Resolves when the process, or the link to it, has taken the bytes: who waits for that cannot flood it. Rejects once it has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** What it writes to stdout, as it comes. The reader sets the pace: the process is held up, nothing is buffered without limit. One reader, whose own each piece is. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves once: how it ended, and the last 8 KiB of its stderr. `linkLost`: the link went, of the process nothing is known. */
  readonly ended: Promise<Exit & { readonly errors: string; readonly linkLost: boolean }>;
  /** Ends it. Safe to call twice. */
  close(): void;
};

export type FileEntry = {
  readonly name: string;
  readonly kind: "file" | "directory" | "other";
  readonly bytes: number;
  /** Milliseconds since 1970, by the host's clock. */
  readonly modifiedAt: number;
};

/** Files there, by absolute path. Each rejects with an AdapterFailure for what a person can mend (no permission, disk full, host out of reach). */
export type Files = {
  /** At most `maxBytes` from byte `from` (default 0; negative: so many from the end); null: there is none, or it is no file. */
  read(
    path: string,
    options: { readonly maxBytes: number; readonly from?: number },
  ): Promise<Uint8Array | null>;
  /** Whole or not at all (a new file, then renamed over the old one); folders above it are made, 0700. */
  write(path: string, text: string, mode: number): Promise<void>;
  /** null: no folder, or unreadable. At most 10,000 entries. */
  list(path: string): Promise<readonly FileEntry[] | null>;
  /**
   * Whole lines of a file from byte `from`, and those that are appended to it, until the signal aborts. A file that is not
   * there yet is waited for. The reader sets the pace. A cut link is waited out: no gap, no duplicate.
   */
  follow(path: string, from: number, signal: AbortSignal): AsyncIterable<SpoolLine>;
  /** With all that lies below. No error when it is not there. */
  remove(path: string): Promise<void>;
};

/** Whether a host answers. `local` always does. */
export type Reach =
  | { readonly state: "reachable" }
  /** ISO 8601. For a person; null: nothing can be done but wait. */
  | {
      readonly state: "unreachable";
      readonly since: string;
      readonly reason: string;
      readonly remedy: string | null;
    };

/**
 * While a host is out of reach: `start`, `run`, `open` and the like reject with an AdapterFailure of kind `unavailable` and code
 * `host_unreachable`; a Detached waits: `lines` goes on where it was, `write` waits and delivers exactly once, `exited` stays
 * open, `liveness` is `unknown`.
 */
export type Host = {
  readonly id: string;
  /** The state folder there, absolute: $SKEIN_HOME here, a folder of this daemon's own on another machine. */
  readonly home: string;
  reach(): Reach;
  /** Calls `changed` at every change of `reach`; the returned function ends that. */
  onReach(changed: (reach: Reach) => void): () => void;
  /** The environment that a login there has (not only what is exported to non-interactive shells). Kept for some minutes. */
  environment(): Promise<Readonly<Record<string, string | undefined>>>;
  readonly files: Files;
  /** Starts an attached process, by argv. Rejects with an AdapterFailure when it cannot be started. */
  open(
    argv: readonly [string, ...string[]],
    options: { readonly env: Readonly<Record<string, string>>; readonly folder?: string },
  ): Promise<Pipe>;
  /** A path of a unix socket on this machine that leads to the socket `path` there, now; asked again after a connection broke. */
  socket(path: string): Promise<string>;
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
  /** The spool of a process that is dead: what it wrote after byte `from`. Rejects as `lines` does. */
  spool(dir: string, from: number): AsyncIterable<SpoolLine>;
  /** Whose process it may be: so that it cannot be mistaken for a later one. null: it is dead. Rejects when that cannot be told now. */
  process(pid: number): Promise<ProcessRef | null>;
  /** Those of these pids that are gone, or dead and not buried. Rejects when that cannot be told now. */
  ended(pids: readonly number[]): Promise<ReadonlySet<number>>;
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
