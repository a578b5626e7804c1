/**
 * Reads the spool of the hooks and the transcript through one fold, each in its own order. Between the two only this order
 * is kept: a prompt's line in the transcript is read after all that the hooks had told by then.
 */
import { posix } from "node:path";
import type { Fact, SessionContext } from "@skein/sdk";
import { makeJournal, type Journal, type Mark } from "../journal.ts";
import { onHook } from "./hooks.ts";
import { hooksFile, payloadFile, readHookLine, spoolDir } from "./spool.ts";
import { toCheckpoint, type State } from "./state.ts";
import type { Order, Settings, Step } from "./step.ts";
import { onTranscript } from "./transcript.ts";
import { readHook, readTranscriptLine, type Hook } from "./wire.ts";

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
  /** Resolves when all that stands in both files now has been read, or when `ms` are over. */
  caughtUp(ms: number): Promise<void>;
  /** Resolves when `passes` is so; looked at after every change. */
  until(passes: (state: State) => boolean): Promise<void>;
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

const makeWaiters = () => {
  const waiters = new Set<() => void>();
  return {
    wake: (): void => {
      for (const look of waiters) look();
    },
    until(passes: () => boolean): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (!passes()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
      return promise;
    },
  };
};

export const pause = ({ clock }: SessionContext["backend"], ms: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(ms, resolve);
  return promise;
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

export const makeReader = (deps: Deps): Reader => {
  const { context } = deps;
  const { files } = context.backend.host;
  const journal: Journal = makeJournal(context, deps.settle);
  const waiters = makeWaiters();
  const ending = new AbortController();
  let state = deps.begin;

  const become = (next: State): void => {
    if (next === state) return;
    state = next;
    waiters.wake();
  };

  const mark = (source: Source): Mark => {
    const now = state;
    return { source, checkpoint: () => toCheckpoint(now, context.generation) };
  };

  const apply = async ({ state: next, facts, orders }: Step, source: Source): Promise<void> => {
    become(next);
    for (const order of orders) deps.carryOut(order);
    if (facts.length > 0) await journal.add(facts, mark(source));
  };

  const hooksUpTo = async (limitMs: number): Promise<void> => {
    const size = await sizeOf(context, hooksFile(spoolDir(context.dir, state.attempt)));
    await Promise.race([waiters.until(() => state.hooks >= size), pause(context.backend, limitMs)]);
  };

  const readHooks = async (): Promise<void> => {
    const spool = spoolDir(context.dir, state.attempt);
    for await (const { text, end } of files.follow(hooksFile(spool), state.hooks, ending.signal)) {
      const line = readHookLine(text);
      const read = { ...state, hooks: end };
      if (line === null) {
        become(read);
        continue;
      }
      const hook = readHook(line.event, await readPayload(context, spool, line.name));
      if (hook.hook === "permission") deps.keep(line.name, hook);
      await apply(onHook({ ...state, hooks: end }, line.name, hook, deps.settings()), "hook");
    }
  };

  const isKnown = (promptId: string): boolean =>
    state.turn?.promptId === promptId || state.next.some((one) => one.promptId === promptId);

  const takeLine = async (path: string, text: string, end: number): Promise<void> => {
    const line = readTranscriptLine(text);
    if (line.line === "prompt" && !isKnown(line.promptId)) await hooksUpTo(hookMs);
    const { file } = state;
    if (file?.path !== path) return;
    const read = { ...state, file: { ...file, offset: end } };
    await apply(onTranscript(read, line, deps.settings()), "transcript");
  };

  /** One file after the other: `/clear` goes on in a new one. */
  const readTranscripts = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await waiters.until(() => state.file !== null || ending.signal.aborted);
      const { file } = state;
      if (file === null) return;
      const moved = new AbortController();
      const isOther = (): boolean => ending.signal.aborted || state.file?.path !== file.path;
      void waiters.until(isOther).then(() => moved.abort());
      for await (const { text, end, cut } of files.follow(file.path, file.offset, moved.signal)) {
        if (isOther()) break;
        await takeLine(file.path, cut ? "" : text, end);
      }
    }
  };

  return {
    state: () => state,
    change: (next) => become(next(state)),
    take: (step, source) => apply(step(state, deps.settings()), source),
    tell: (facts) => journal.add(facts, mark("hook")).then(() => journal.flushed()),
    read: async () => {
      try {
        await Promise.all([readHooks(), readTranscripts()]);
      } finally {
        ending.abort();
        waiters.wake();
      }
    },
    caughtUp: async (ms) => {
      const { file } = state;
      const late = pause(context.backend, ms);
      await hooksUpTo(ms);
      const path = state.file?.path ?? file?.path;
      if (path === undefined) return;
      const size = await sizeOf(context, path);
      const isRead = (): boolean => state.file?.path !== path || state.file.offset >= size;
      await Promise.race([waiters.until(isRead), late]);
    },
    until: (passes) => waiters.until(() => passes(state)),
    stop: () => {
      ending.abort();
      waiters.wake();
    },
    flushed: () => journal.flushed(),
  };
};

/** So long the hooks may be behind the transcript. */
const hookMs = 3_000;
