/** Threads on disk, under CODEX_HOME: what a fake Codex still knows after it was killed. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type FakeItem = { readonly type: string; readonly id: string } & Record<string, unknown>;

export type FakeTurn = {
  readonly id: string;
  items: FakeItem[];
  status: "inProgress" | "completed" | "interrupted" | "failed";
  error: unknown;
};

export type Tokens = {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningOutputTokens: number;
  readonly totalTokens: number;
};

export type StoredThread = {
  readonly id: string;
  name: string | null;
  cwd: string;
  model: string;
  /** As the newest turn asked; null: never. */
  effort: string | null;
  approvalPolicy: unknown;
  sandbox: string;
  total: Tokens;
  turns: FakeTurn[];
  /** What was said by the person, oldest first, and tool results after the last of it: what the model would see. */
  said: string[];
};

export const noTokens: Tokens = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 0,
  reasoningOutputTokens: 0,
  totalTokens: 0,
};

export type Store = ReturnType<typeof makeStore>;

/** One that is dead and not buried yet holds no lock: the kernel took it with its life. */
const isNoZombie = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return true;
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return isNoZombie(pid);
  } catch {
    return false;
  }
};

/** Whole or not at all: who reads meanwhile, and who comes after a kill -9, finds the old text or the new one. */
const replaceFile = (path: string, text: string): void => {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
};

export const makeStore = (home: string) => {
  const folder = join(home, "sessions");
  const locks = join(home, "thread-writer-locks");
  const file = (id: string) => join(folder, `${id}.json`);
  const rollout = (id: string) => join(folder, `rollout-${id}.jsonl`);
  return {
    rollout,
    save: (thread: StoredThread): void => {
      mkdirSync(folder, { recursive: true });
      replaceFile(file(thread.id), JSON.stringify(thread));
      const { total } = thread;
      const info = {
        total_token_usage: {
          input_tokens: total.inputTokens,
          cached_input_tokens: total.cachedInputTokens,
          cache_write_input_tokens: total.cacheWriteInputTokens,
          output_tokens: total.outputTokens,
          reasoning_output_tokens: total.reasoningOutputTokens,
        },
      };
      const line = { type: "event_msg", payload: { type: "token_count", info } };
      replaceFile(rollout(thread.id), `${JSON.stringify(line)}\n`);
    },
    /** A turn that ran when its server was killed comes back as interrupted. null: there is no such thread. */
    load: (id: string): StoredThread | null => {
      try {
        const thread = JSON.parse(readFileSync(file(id), "utf8")) as StoredThread;
        for (const turn of thread.turns)
          if (turn.status === "inProgress") turn.status = "interrupted";
        return thread;
      } catch {
        return null;
      }
    },
    /** One writer for each thread. false: another living server has it. */
    lock: (id: string): boolean => {
      mkdirSync(locks, { recursive: true });
      const path = join(locks, id);
      try {
        const holder = Number(readFileSync(path, "utf8"));
        if (holder !== process.pid && isRunning(holder)) return false;
      } catch {
        // Nobody has it.
      }
      writeFileSync(path, String(process.pid));
      return true;
    },
    unlock: (id: string): void => rmSync(join(locks, id), { force: true }),
  };
};
