/** The process of one generation: started or found again, read, ended. */
import {
  isAdapterFailure,
  type Detached,
  type Exit,
  type Fact,
  type SessionContext,
} from "@skein/sdk";
import { beginning, fold, type State } from "./translate.ts";
import { readWord } from "./wire.ts";

/** What the next daemon gets back: the words up to `offset` are told. */
type Checkpoint = { readonly offset: number; readonly state: State };

export const makeLife = (context: SessionContext) => {
  const { host, command, env } = context.backend;
  const owner = { session: context.session.id, generation: context.generation };
  const last = context.checkpoint as Checkpoint | null;
  let { offset, state } = last ?? { offset: 0, state: beginning };
  let detached: Detached | null = null;
  let reading: Promise<void> = Promise.resolve();
  let stopping = false;
  /** The end was told, or nobody wants to hear of it any more. */
  let over = false;

  /** Rejects when the generation is over: then nothing more is read, and nothing told. */
  const tell = (facts: readonly Fact[]): Promise<void> =>
    context.report({ facts, checkpoint: { offset, state } satisfies Checkpoint });

  const read = async (lines: ReturnType<Detached["lines"]>): Promise<void> => {
    for await (const line of lines) {
      offset = line.end;
      const word = readWord(line.text);
      if (word === null) continue;
      const next = fold(state, word);
      state = next.state;
      await tell(next.facts);
    }
  };

  const end = async (exit: Exit, unwitnessed: boolean): Promise<void> => {
    if (over) return;
    over = true;
    // What it started must not outlive it.
    await host.sweep(owner);
    const how = exit.signal ?? `exit code ${exit.exitCode ?? "unknown"}`;
    const reason = stopping ? "stopped on request" : `the parrot ended: ${how}`;
    const { exitCode, signal } = exit;
    const fact: Fact = state.ready
      ? { fact: "exited", exitCode, signal, expected: stopping, unwitnessed, reason }
      : stopping
        ? { fact: "exited", exitCode, signal, expected: true, unwitnessed, reason }
        : {
            fact: "start-failed",
            code: "backend_unavailable",
            message: reason,
            remedy: "Try again.",
          };
    // Of a generation that is over nobody wants to hear: that is no failure of what ended it.
    await tell([fact]).catch(() => undefined);
  };

  /** Reads on, and tells the end when it comes. Whatever is refused lets go. */
  const follow = (process: Detached): void => {
    detached = process;
    reading = read(process.lines(offset))
      .then(async () => (over ? undefined : end(await process.exited, false)))
      .catch(async () => {
        over = true;
        await process.close();
      });
  };

  const find = async (): Promise<boolean> => {
    if (detached !== null) return true;
    const running = await host.adopt(context.dir, owner);
    if (running !== null) follow(running);
    return running !== null;
  };

  /** What it still said, then its end. */
  const foundDead = async (): Promise<void> => {
    await read(host.spool(context.dir, offset));
    await end({ exitCode: null, signal: null, witnessed: false }, true);
  };

  const start = async (): Promise<void> => {
    if (over || (await find())) return;
    if (state.ready) return foundDead();
    const { folder } = context.session;
    const argv = [...(command ?? ["parrot"])] as [string, ...string[]];
    follow(await host.start({ dir: context.dir, argv, env, folder, owner }));
  };

  return {
    state: () => state,
    process: () => detached,
    find,
    foundDead,
    start: async (): Promise<void> => {
      try {
        await start();
      } catch (error) {
        if (!isAdapterFailure(error)) throw error;
        const { code, remedy } = error.failure;
        await tell([{ fact: "start-failed", code, message: error.message, remedy }]);
      }
    },
    stop: async (graceMs: number): Promise<void> => {
      stopping = true;
      const found = await find();
      if (found) await detached?.terminate(graceMs);
      await reading;
      await end({ exitCode: null, signal: null, witnessed: false }, false);
      await host.sweep(owner);
    },
    letGo: async (): Promise<void> => {
      over = true;
      await detached?.close();
      await reading;
    },
  };
};
