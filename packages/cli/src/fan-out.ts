/** One thing done to several sessions: each gets it, in order, and one that fails does not keep it from the others. */
import type { Session } from "@skein/contract";
import { printJson, type Cli } from "./cli.ts";
import { EXIT, toFailure } from "./failure.ts";
import { oneLine, visible } from "./format/escape.ts";
import { withProgress } from "./progress.ts";

type FanOut<View> = {
  readonly sessions: readonly Session[];
  /** What is being done, for a person who waits: `stopping`. */
  readonly label: string;
  readonly act: (session: Session) => Promise<View>;
  /** What is told of one that was done. */
  readonly told: (view: View) => string;
  /** Whether one JSON document is printed at the end instead. */
  readonly json: boolean;
  /** What that document is; default: {results, failures}. */
  readonly shape?: (done: Reported<View>) => unknown;
};

/** What `--json` prints of several. */
type Reported<View> = {
  readonly results: View[];
  readonly failures: {
    readonly session: string;
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  }[];
};

/** Resolves with the exit code: of those that failed the gravest. */
export const eachSession = async <View>(cli: Cli, fanOut: FanOut<View>): Promise<number> => {
  const { sessions, label, act, told, json, shape } = fanOut;
  const done: Reported<View> = { results: [], failures: [] };
  let exit: number = EXIT.done;
  for (const session of sessions) {
    const name = oneLine(session.name);
    try {
      const view = await withProgress(cli, `${label} ${name}`, () => act(session));
      done.results.push(view);
      if (!json) cli.print(told(view));
    } catch (error) {
      cli.signal.throwIfAborted();
      const { exit: own, code, message, remedy } = toFailure(error).failure;
      exit = Math.max(exit, own);
      done.failures.push({ session: session.id, code, message, remedy });
      cli.tell(`skein: ${name}: ${visible(message)} [${visible(code)}]\n  ${visible(remedy)}`);
    }
  }
  if (json) printJson(cli, shape === undefined ? done : shape(done));
  return exit;
};

/** A clientId for each of them, made of one: run again with that one, nothing is done twice to any. */
export const keyOf = (key: string, session: Session): string => `${key}:${session.id}`;
