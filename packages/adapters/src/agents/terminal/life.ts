/**
 * One life of a program in its session's terminal: its output followed, its end awaited. The terminal is tmux's, so the program
 * goes on whatever becomes of this daemon.
 */
import { LIMITS, type Program } from "@skein/contract";
import {
  pause,
  isAdapterFailure,
  isStale,
  terminalOf,
  type Exit,
  type Fact,
  type Owner,
  type SessionContext,
} from "@skein/sdk";
import { followOutput } from "./output.ts";
import { type Output, type Watching } from "./quiet.ts";
import { readiness, type Ready } from "./ready.ts";
import { fromCheckpoint, toCheckpoint, type State } from "./state.ts";

export type Ended = Pick<Exit, "exitCode" | "signal">;

export type Life = {
  readonly context: SessionContext;
  readonly program: Program;
  readonly owner: Owner;
  readonly id: string;
  state: State;
  /** Aborted when the life is over or let go. */
  readonly leaving: AbortController;
  output: Output | null;
  /** Ends the watching of the turn as it is, for another one. */
  watch: AbortController | null;
  /** The watching of the turn; never rejects. */
  watching: Promise<void>;
  /** How the program ended; resolves never when the life was let go. */
  readonly ended: PromiseWithResolvers<Ended>;
  starting: boolean;
  stopping: boolean;
  over: boolean;
  interrupting: boolean;
  readonly ready: Ready;
};

/** Sessions of this backend have a program; the door looks. */
const NONE: Program = { argv: ["false"], quietMs: 2_000 };

export const makeLife = (context: SessionContext): Life => {
  const { session, generation } = context;
  const program = session.program ?? NONE;
  return {
    context,
    program,
    owner: { session: session.id, generation },
    id: terminalOf(session.id),
    state: fromCheckpoint(context.checkpoint),
    leaving: new AbortController(),
    output: null,
    watch: null,
    watching: Promise.resolve(),
    ended: Promise.withResolvers<Ended>(),
    starting: false,
    stopping: false,
    over: false,
    interrupting: false,
    ready: readiness(program, () => {
      const text =
        "The pattern of the ready line takes too long; from now on quiet alone ends a turn.";
      tell({ context }, [{ fact: "notice", level: "warning", text }]).catch(() => undefined);
    }),
  };
};

/** What is seen on a screen is reported as such. */
export const tell = (
  { context, state }: { readonly context: SessionContext; readonly state?: State },
  facts: readonly Fact[],
): Promise<void> =>
  context.report({
    facts,
    source: "screen",
    ...(state === undefined ? {} : { checkpoint: toCheckpoint(state) }),
  });

export const watchingOf = (life: Life, signal: AbortSignal): Watching => {
  const { terminals, clock } = life.context.backend;
  return {
    terminals,
    id: life.id,
    clock,
    output: life.output!,
    history: LIMITS.terminalHistory,
    signal,
  };
};

const RETRY_MS = 1_000;

/** Waits for its end, however often tmux or the host does not answer meanwhile. */
const awaitEnd = async (life: Life): Promise<void> => {
  const { terminals, clock } = life.context.backend;
  const { signal } = life.leaving;
  while (!signal.aborted) {
    try {
      const ended = await terminals.ended(life.id, signal);
      life.ended.resolve(ended);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isAdapterFailure(error)) throw error;
      await pause(clock, RETRY_MS, signal);
    }
  }
};

/** Takes the program in hand that runs in the terminal. */
export const follow = (life: Life): void => {
  if (life.output !== null) return;
  const { terminals, clock } = life.context.backend;
  const { signal } = life.leaving;
  life.output = followOutput(terminals, life.id, clock, signal);
  awaitEnd(life).catch((error: unknown) =>
    life.context.log("error", "the end of a program cannot be awaited", { error: String(error) }),
  );
};

const reasonOf = (life: Life, { exitCode, signal }: Ended, unwitnessed: boolean): string => {
  const name = life.program.argv[0] ?? "";
  if (life.stopping) return "stopped on request";
  if (signal !== null) return `${name} was killed by ${signal}.`;
  if (exitCode !== null) return `${name} ended with exit code ${exitCode}.`;
  return unwitnessed ? `${name} ended while nobody watched.` : `${name} ended.`;
};

/** The last fact, told once; what the program left running is gone by then. `words`: what it still showed of a turn. */
export const finish = async (
  life: Life,
  ended: Ended,
  unwitnessed: boolean,
  words: readonly Fact[] = [],
): Promise<void> => {
  if (life.over || life.leaving.signal.aborted) return;
  life.over = true;
  life.leaving.abort();
  const { context } = life;
  await context.backend.host.sweep(life.owner).catch((error: unknown) => {
    if (!isAdapterFailure(error)) throw error;
    context.log("error", error.message, { remedy: error.failure.remedy });
  });
  const { exitCode, signal } = ended;
  const reason = reasonOf(life, ended, unwitnessed);
  const expected = life.stopping;
  const last: Fact = { fact: "exited", exitCode, signal, expected, unwitnessed, reason };
  try {
    // Words are read off a screen; that a process is dead is not.
    if (words.length > 0) await tell(life, words);
    await context.report({ facts: [last], checkpoint: toCheckpoint(life.state) });
  } catch (error) {
    if (!isStale(error)) throw error;
    context.log("info", "its end was not recorded", { error: String(error) });
  }
};
