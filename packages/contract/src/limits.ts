/**
 * Every limit of the house, in one file. Bytes are UTF-8 bytes, times are milliseconds.
 * A limit that a person may want to change is in the configuration; these are what keeps one caller from harming the rest.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const LIMITS = {
  // requests
  /** JSON writes a control character in six bytes: a prompt of nothing else fits, too, with all that goes beside it. */
  httpBodyBytes: 7 * MiB,
  httpHeaderTimeoutMs: 10_000,
  httpRequestTimeoutMs: 30_000,
  jsonDepth: 64,
  connections: 16_384,
  unauthenticatedConnections: 256,
  socketPreAuthBytes: 64 * KiB,
  socketPreAuthMs: 5_000,
  socketFrameBytes: 25 * MiB,
  socketBufferedBytes: 50 * MiB,
  socketInFlight: 1_024,
  tickIntervalMs: 30_000,
  /** sun_path has 108 bytes on Linux and 104 on macOS, the closing NUL included. */
  socketPathBytes: 103,
  // authentication
  authFailures: 10,
  authLockoutMs: 5 * 60_000,
  loginCodeMs: 60_000,
  cookieMs: 30 * 24 * 3_600_000,
  tokens: 1_000,
  tokenChars: 256,
  // sessions
  nameChars: 64,
  descriptionChars: 2_000,
  tags: 32,
  tagChars: 64,
  promptBytes: 1 * MiB,
  queuedPrompts: 100,
  /** Of all prompts of a session that wait. */
  queuedBytes: 4 * MiB,
  openApprovals: 64,
  goalChars: 16_384,
  goalTurns: 10_000,
  goalTurnsDefault: 50,
  itemTextBytes: 1 * MiB,
  itemOutputBytes: 256 * KiB,
  wireLineBytes: 16 * MiB,
  arguments: 256,
  argumentChars: 32_768,
  // hosts
  hosts: 256,

  // terminals
  terminals: 1_000,
  terminalColumns: 1_000,
  terminalRows: 500,
  terminalHistory: 10_000,
  /** Recent output that is kept for each terminal that is looked at: what a client can resume from, and catch up by. */
  terminalRingBytes: 1 * MiB,
  /** Sent to one client beyond what it has acknowledged. */
  terminalUnackedBytes: 512 * KiB,
  /** A client acknowledges at least so often. */
  terminalAckBytes: 64 * KiB,
  /** Scrollback lines of a snapshot, unless the client asks for another number; and its size, the oldest lines left out. */
  terminalSnapshotLines: 2_000,
  terminalSnapshotBytes: 2 * MiB,
  terminalInputBytes: 64 * KiB,
  terminalPasteBytes: 1 * MiB,
  /** Input of all clients of a terminal that it has not taken yet, each piece with its bookkeeping. */
  terminalTypingBytes: 8 * MiB,
  /** Sent to one client and not taken by its socket: above a snapshot and terminalUnackedBytes. */
  terminalBufferedBytes: 8 * MiB,
  terminalTitleChars: 256,
  terminalViewers: 64,
  /** Clients of a terminal whose last input number is remembered. */
  terminalClients: 1_024,
  /** Output that follows on output is gathered for so long. */
  terminalCoalesceMs: 4,
  /** How long a terminal that nobody looks at any more is still listened to, so that a client can resume. */
  terminalLingerMs: 30_000,
  // paging and waiting
  pageDefault: 50,
  pageMax: 500,
  waitSessions: 100,
  waitMs: 24 * 3_600_000,
  // events
  appendEvents: 1_000,
  appendDataBytes: 64 * KiB,
  watchesPerConnection: 64,
  watchQueueBytes: 1 * MiB,
  watchQueueEvents: 10_000,
  watchSessions: 1_000,
  /** Sessions, and approvals, in one snapshot: it must fit into one frame. */
  snapshotRows: 5_000,
  deltaCoalesceMs: 40,
  laneInputs: 10_000,
  // the daemon's life
  drainMs: 5_000,
} as const;
