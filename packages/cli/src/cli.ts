/** What a verb gets to work with: the daemon, the streams and the surroundings, so that no verb looks for them itself. */
import type { Calls } from "./calls.ts";
import type { LoadDaemon } from "./daemon-door.ts";
import { json } from "./format/escape.ts";
import type { Paint } from "./format/paint.ts";
import type { Env, Place } from "./place.ts";

export type Cli = Calls & {
  /** A line (or several) on stdout. Must be escaped already. */
  readonly print: (text: string) => void;
  /** The same on stderr. */
  readonly tell: (text: string) => void;
  readonly paint: Paint;
  /** Colours for stderr, which may be a terminal when stdout is not. */
  readonly paintErrors: Paint;
  /** Columns of the terminal that stdout is; undefined when it is none. */
  readonly width: number | undefined;
  /** Whether a person sees stderr: progress is shown then. */
  readonly isWatched: boolean;
  readonly env: Env;
  readonly cwd: string;
  /** The state folder. */
  readonly home: string;
  readonly place: Place;
  readonly version: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Aborts at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** A fresh clientId. */
  readonly key: () => string;
  /** How to start this program once more: executable and script. */
  readonly self: readonly [string, string];
  /** What a person types to start it: `skein`, or `./skein` in a clone. */
  readonly command: string;
  readonly loadDaemon: LoadDaemon;
};

/** JSON for programs: one line in a pipe, indented for a person. */
export const printJson = (cli: Cli, value: unknown): void =>
  cli.print(json(value, cli.width === undefined ? undefined : 2));
