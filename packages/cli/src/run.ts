/**
 * One run of the command line in this process: streams, signals, exit code.
 *
 * Everything that fails ends here, as one sentence and a remedy on stderr. A reader that closes the pipe early
 * (`skein logs x | head`) ends the program quietly.
 */
import { asTyped } from "./as-typed.ts";
import { makeCalls, type Calls } from "./calls.ts";
import type { Cli } from "./cli.ts";
import type { LoadDaemon } from "./daemon-door.ts";
import { EXIT, fail, toFailure } from "./failure.ts";
import { visible } from "./format/escape.ts";
import { makePaint } from "./format/paint.ts";
import { findPlace, stateFolder, type Env, type Place } from "./place.ts";
import { translated } from "./sandbox.ts";
import { makeTransport } from "./transport.ts";
import { readVersion } from "./version.ts";

type Run = {
  readonly words: readonly string[];
  readonly self: readonly [string, string];
  readonly env: Env;
  /** What a person typed to call this program, when that was not `skein`: `./skein` in a clone. */
  readonly calledAs?: string | undefined;
  readonly loadDaemon: LoadDaemon;
};

/** A path that a shell would have to be told to take as one word is not repeated. */
const commandOf = ({ calledAs }: Run): string =>
  calledAs !== undefined && /^[\w.@+/-]+$/.test(calledAs) ? calledAs : "skein";

export const runHere = async (given: Run): Promise<void> => {
  const { words } = given;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.refused);
  });
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      // A second one ends the program at once, as if nothing had been said here.
      ending.abort(Object.assign(new Error(`stopped by ${name}`), { signal: name }));
    });
  try {
    process.exitCode = await dispatch(given, ending.signal);
  } catch (error) {
    process.exitCode = ending.signal.aborted ? EXIT.interrupted : complain(error, given);
  }
  // A connection that was left behind must not keep the shell waiting.
  if (words[0] !== "up") process.stdout.write("", () => process.exit());
};

const dispatch = async (given: Run, signal: AbortSignal): Promise<number> => {
  const [first] = given.words;
  if (first === "--version" || first === "-V") {
    process.stdout.write(`${readVersion()}\n`);
    return EXIT.done;
  }
  const { runProgram } = await import("./program.ts");
  return runProgram(given.words, () => makeCli(given, signal), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
};

const complain = (error: unknown, given: Run): number => {
  const { exit, code, message, remedy } = toFailure(error).failure;
  const paint = makePaint(isColoured(process.stderr, given.env));
  const suffix = code === "usage" ? "" : paint.dim(` [${visible(code)}]`);
  process.stderr.write(`${paint.red("skein:")} ${visible(message)}${suffix}\n`);
  if (remedy !== "") process.stderr.write(`  ${visible(asTyped(remedy, commandOf(given)))}\n`);
  return exit;
};

/** One that was removed under the shell has no path any more. */
const currentFolder = (): string => {
  try {
    return process.cwd();
  } catch {
    throw fail(
      EXIT.refused,
      "folder_not_found",
      "The current folder is gone.",
      "Change to one that exists, then run it again.",
    );
  }
};

const makeCli = (given: Run, signal: AbortSignal): Cli => {
  const { env, self, loadDaemon } = given;
  const cwd = currentFolder();
  const home = stateFolder(env, cwd);
  // Not before a verb wants it: one that needs no daemon does not mind what is wrong with its address.
  let known: (Calls & { readonly place: Place }) | undefined;
  const link = () => (known ??= connect(env, home, signal));
  const { stdout, stderr } = process;
  return {
    call: (name, input, options) => link().call(name, input, options),
    watch: (input, lost, left) => link().watch(input, lost, left),
    get place() {
      return link().place;
    },
    print: (text) => stdout.write(`${text}\n`),
    tell,
    paint: makePaint(isColoured(stdout, env)),
    paintErrors: makePaint(isColoured(stderr, env)),
    width: stdout.isTTY ? stdout.columns : undefined,
    isWatched: stderr.isTTY && env["TERM"] !== "dumb",
    env,
    cwd,
    home,
    version: readVersion(),
    // Reading process.stdin opens it: not before a verb asks.
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    signal,
    now: Date.now,
    key: () => process.getBuiltinModule("node:crypto").randomUUID(),
    self,
    command: commandOf(given),
    loadDaemon,
  };
};

/** Throws a Failure for an environment that makes no sense. */
const connect = (env: Env, home: string, signal: AbortSignal) => {
  const place = findPlace(env, home);
  const shared = place.kind === "url" ? (place.gateway?.shared ?? null) : null;
  const calls = makeCalls(makeTransport(place), { place, signal, tell });
  return { place, ...translated(calls, shared) };
};

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

const isColoured = (stream: NodeJS.WriteStream, env: Env): boolean =>
  stream.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
