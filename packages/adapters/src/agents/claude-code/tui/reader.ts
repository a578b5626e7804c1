/**
 * Reads the spool of the hooks and the transcript through one fold, each in its own order. Between the two only this order
 * is kept: a prompt's line in the transcript is read after all that the hooks had told by then.
 */
import { posix } from "node:path";
import type { Fact, SessionContext, SpoolLine } from "@skein/sdk";
import { makeJournal, type Journal, type Mark } from "../../lines/journal.ts";
import { onHook } from "./hooks.ts";
import { hooksFile, payloadFile, readHookLine, spoolDir } from "./spool.ts";
import { toCheckpoint, type State } from "./state.ts";
import type { Order, Settings, Step } from "./step.ts";
import { onLine } from "./transcript.ts";
import { unclaimed } from "./turns.ts";
import { readHook, readPlaced, type Hook } from "./wire.ts";

/** A prompt of a megabyte, with every character of it escaped. */
const maxPayloadBytes = 8 * 1024 * 1024;

type Source = NonNullable<Mark["source"]>;

export type Reader = {
  state(): State;
  /** A change of ours. Recorded with the next report. */
  change(next: (state: State) => State): void;
  /** A step that nothing we read brought about. */
  take(step: (state: State, settings: Settings) => Step, source: Source): Promise<void>;
  tell(facts: readonly Fact[]): Promise<void>;
  /** Reads until `stop`. Rejects when the generation is over, or something cannot be read. */
  read(): Promise<void>;
  /** Resolves when all that stands in both files now has been read (true), or when `ms` are over (false). */
  caughtUp(ms: number): Promise<boolean>;
  /** Resolves when `passes` is so, or after `ms`; looked at after every change. */
  until(passes: (state: State) => boolean, ms?: number): Promise<void>;
  stop(): void;
  flushed(): Promise<void>;
};

type Deps = {
  readonly context: SessionContext;
  readonly begin: State;
  readonly settings: () => Settings;
  readonly settle: (facts: readonly Fact[]) => Promise<readonly Fact[]>;
  readonly carryOut: (order: Order) => void;
  /** A request was read: its input is needed again when it is answered. */
  readonly keep: (name: string, hook: Extract<Hook, { hook: "permission" }>) => void;
};

/** Bytes of a file; 0: there is none. */
const sizeOf = async ({ backend }: SessionContext, path: string): Promise<number> => {
  const entries = (await backend.host.files.list(posix.dirname(path))) ?? [];
  return entries.find((one) => one.name === posix.basename(path))?.bytes ?? 0;
};

/** Who waits for the state to become so. */
const makeWaiters = (backend: SessionContext["backend"]) => {
  const waiters = new Set<() => void>();
  return {
    wake: (): void => {
      for (const look of waiters) look();
    },
    /** `ms`: it is not waited for any longer; default: for ever. */
    until(passes: () => boolean, ms?: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = (): void => {
        waiters.delete(look);
        cancel();
        resolve();
      };
      const look = (): void => {
        if (passes()) done();
      };
      const cancel = ms === undefined ? (): void => undefined : backend.clock.after(ms, done);
      waiters.add(look);
      look();
      return promise;
    },
  };
};

/** The payload as the hook left it; a hook that could not write it has said nothing. */
const readPayload = async (
  { backend }: SessionContext,
  spool: string,
  name: string,
): Promise<string> => {
  const path = payloadFile(spool, name);
  const bytes = await backend.host.files.read(path, { maxBytes: maxPayloadBytes });
  return bytes === null ? "" : Buffer.from(bytes).toString("utf8");
};

/** What both readers share: the state, who waits for it, and the way to the record. */
type Fold = {
  readonly deps: Deps;
  readonly journal: Journal;
  readonly waiters: ReturnType<typeof makeWaiters>;
  readonly ending: AbortSignal;
  /** Hooks that were read, oldest first: what they were told is removed when it is no longer needed. */
  readonly read: string[];
  state: State;
};

const become = (fold: Fold, next: State): void => {
  if (next === fold.state) return;
  fold.state = next;
  fold.waiters.wake();
};

const markOf = ({ state, deps }: Fold, source: Source): Mark => ({
  source,
  checkpoint: () => toCheckpoint(state, deps.context.generation),
});

const apply = async (fold: Fold, { state, facts, orders }: Step, source: Source): Promise<void> => {
  become(fold, state);
  for (const order of orders) fold.deps.carryOut(order);
  if (facts.length > 0) await fold.journal.add(facts, markOf(fold, source));
};

/** Until all that the hooks have told by now is read. They wait for nothing that the transcript brings but the end of a turn. */
const hooksUpTo = async (fold: Fold, limitMs?: number): Promise<void> => {
  const { context } = fold.deps;
  const { attempt } = fold.state;
  const size = await sizeOf(context, hooksFile(spoolDir(context.dir, attempt)));
  const isRead = (): boolean =>
    fold.ending.aborted || fold.state.attempt !== attempt || fold.state.hooks >= size;
  await fold.waiters.until(isRead, limitMs);
};

/** Aborts once `isOther`, or when all reading ends. */
const until = (fold: Fold, isOther: () => boolean): AbortSignal => {
  const moved = new AbortController();
  void fold.waiters.until(() => fold.ending.aborted || isOther()).then(() => moved.abort());
  return moved.signal;
};

/**
 * Where a resumed conversation's own part begins: behind all that stands in its transcript, as long as no other hook has come
 * (one that came may be about a line that stands there already). null: there is nothing to pass over.
 */
const historyOf = async (fold: Fold, spool: string, next: State): Promise<State["file"]> => {
  const { context } = fold.deps;
  const { file, hooks } = next;
  if (file === null || !file.passing || file.path === fold.state.file?.path) return null;
  // In this order: a prompt's hook comes before its line.
  const size = await sizeOf(context, file.path);
  if ((await sizeOf(context, hooksFile(spool))) > hooks) return null;
  return { ...file, offset: size };
};

/** So many hooks later what one was told is surely recorded. */
const keptPayloads = 50;

const tidy = async ({ deps, read, state }: Fold, spool: string, name: string): Promise<void> => {
  read.push(name);
  const oldest = read.length > keptPayloads ? read.shift() : undefined;
  if (oldest === undefined || oldest in state.asks) return;
  const { files } = deps.context.backend.host;
  await files
    .remove(payloadFile(spool, oldest))
    .catch((error: unknown) =>
      deps.context.log("info", "what a hook was told stays", { error: String(error) }),
    );
};

/** What a prompt asks whose turn has not begun for us, because the one before is still being read, would end with that. */
const untilItsTurn = (fold: Fold, promptId: string | null): Promise<void> =>
  fold.waiters.until(
    () => fold.ending.aborted || !fold.state.next.some((one) => one.promptId === promptId),
  );

const takeHook = async (fold: Fold, spool: string, { text, end }: SpoolLine): Promise<void> => {
  const { deps } = fold;
  const line = readHookLine(text);
  if (line === null) return become(fold, { ...fold.state, hooks: end });
  const hook = readHook(line.event, await readPayload(deps.context, spool, line.name));
  if (hook.hook === "permission") {
    deps.keep(line.name, hook);
    await untilItsTurn(fold, hook.promptId);
  }
  const step = onHook({ ...fold.state, hooks: end }, line.name, hook, deps.settings());
  const history = hook.hook === "start" ? await historyOf(fold, spool, step.state) : null;
  const state = history === null ? step.state : { ...step.state, file: history, young: false };
  await apply(fold, { ...step, state }, "hook");
  await tidy(fold, spool, line.name);
};

/** One spool after the other: a start that is tried again has a new one. */
const readHooks = async (fold: Fold): Promise<void> => {
  const { context } = fold.deps;
  while (!fold.ending.aborted) {
    const { attempt, hooks } = fold.state;
    const spool = spoolDir(context.dir, attempt);
    const isOther = (): boolean => fold.state.attempt !== attempt;
    const signal = until(fold, isOther);
    for await (const line of context.backend.host.files.follow(hooksFile(spool), hooks, signal)) {
      if (signal.aborted) break;
      await takeHook(fold, spool, line);
    }
  }
};

const isKnown = ({ turn, next }: State, promptId: string): boolean =>
  turn?.promptId === promptId || next.some((one) => one.promptId === promptId);

/** So long a prompt that was taken behind a person's turn may take to be handed over again. */
const claimMs = 10_000;

/**
 * A prompt that waits in Skein's queue again though the CLI has taken it meanwhile: what follows is read when it has its turn.
 * One that nobody hands over any more (taken back, or others go first) is a turn that began outside.
 */
const untilClaimed = async (fold: Fold, promptId: string): Promise<void> => {
  const isOpen = (): boolean => fold.state.given?.promptId === promptId;
  if (!isOpen()) return;
  await fold.waiters.until(() => !isOpen() || fold.ending.aborted, claimMs);
  if (isOpen() && !fold.ending.aborted)
    await apply(fold, unclaimed(fold.state, promptId, fold.deps.settings().now), "hook");
};

const takeLine = async (fold: Fold, path: string, { text, cut, end }: SpoolLine): Promise<void> => {
  const placed = readPlaced(cut ? "" : text);
  const { line } = placed;
  if (line.line === "prompt" && !isKnown(fold.state, line.promptId)) await hooksUpTo(fold);
  if (line.line === "prompt") await untilClaimed(fold, line.promptId);
  const { file } = fold.state;
  if (file?.path !== path || fold.ending.aborted) return;
  const read = { ...fold.state, file: { ...file, offset: end } };
  await apply(fold, onLine(read, placed, fold.deps.settings()), "transcript");
};

/** One file after the other: `/clear` goes on in a new one. */
const readTranscripts = async (fold: Fold): Promise<void> => {
  const { files } = fold.deps.context.backend.host;
  while (!fold.ending.aborted) {
    await fold.waiters.until(() => fold.state.file !== null || fold.ending.aborted);
    const { file } = fold.state;
    if (file === null) return;
    const signal = until(fold, () => fold.state.file?.path !== file.path);
    for await (const line of files.follow(file.path, file.offset, signal)) {
      if (signal.aborted) break;
      await takeLine(fold, file.path, line);
    }
  }
};

const caughtUp = async (fold: Fold, ms: number): Promise<boolean> => {
  const { context } = fold.deps;
  const { clock } = context.backend;
  const late = clock.monotonic() + ms;
  await hooksUpTo(fold, ms);
  const path = fold.state.file?.path;
  if (path === undefined) return true;
  const size = await sizeOf(context, path);
  const isRead = (): boolean => fold.state.file?.path !== path || fold.state.file.offset >= size;
  await fold.waiters.until(isRead, Math.max(0, late - clock.monotonic()));
  return isRead();
};

export const makeReader = (deps: Deps): Reader => {
  const { context } = deps;
  const ending = new AbortController();
  const fold: Fold = {
    deps,
    journal: makeJournal(context, deps.settle),
    waiters: makeWaiters(context.backend),
    ending: ending.signal,
    read: [],
    state: deps.begin,
  };
  const stop = (): void => {
    ending.abort();
    fold.waiters.wake();
  };
  return {
    state: () => fold.state,
    change: (next) => become(fold, next(fold.state)),
    take: (step, source) => apply(fold, step(fold.state, deps.settings()), source),
    tell: async (facts) => {
      await fold.journal.add(facts, markOf(fold, "hook"));
      await fold.journal.flushed();
    },
    read: async () => {
      try {
        await Promise.all([readHooks(fold), readTranscripts(fold)]);
      } finally {
        stop();
      }
    },
    caughtUp: (ms) => caughtUp(fold, ms),
    until: (passes, ms) => fold.waiters.until(() => passes(fold.state), ms),
    stop,
    flushed: () => fold.journal.flushed(),
  };
};
