/** An editor, as far as `skein acp` can tell: a client of the Agent Client Protocol over pipes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

export type Json = Record<string, unknown>;

type Update = { readonly sessionId: string; readonly update: Json };

export type Editor = {
  readonly updates: readonly Update[];
  /** Rejects with the agent's error: its message, and the code in `cause`. */
  call(method: string, params: Json): Promise<Json>;
  notify(method: string, params: Json): void;
  /** A line as it is. */
  write(line: string): void;
  /** The next permission that is asked, past or to come; answer it with an option's id, or null for cancelled. */
  asked(): Promise<{ readonly params: Json; readonly answer: (optionId: string | null) => void }>;
  /** The first update, past or to come, that passes. */
  until(what: string, test: (update: Json) => boolean): Promise<Json>;
  /** What was said in a session, chunks joined. */
  said(kind: string, session?: string): string;
  /** What it has written to stderr so far. */
  complaints(): string;
  /** Closes its stdin and gives its exit code. */
  leave(): Promise<number | null>;
};

const patienceMs = 20_000;

/** Gives each of what comes once, to whoever waits or will wait for it. */
const makeInbox = <T>(what: string) => {
  const come: T[] = [];
  const waiting: ((one: T) => void)[] = [];
  return {
    put: (one: T): void => {
      const next = waiting.shift();
      if (next === undefined) come.push(one);
      else next(one);
    },
    take: (): Promise<T> =>
      new Promise((resolve, reject) => {
        const first = come.shift();
        if (first !== undefined) return resolve(first);
        const late = setTimeout(() => reject(new Error(`no ${what} came`)), patienceMs);
        waiting.push((one) => {
          clearTimeout(late);
          resolve(one);
        });
      }),
  };
};

export const openEditor = (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Editor => {
  const child = spawn(process.execPath, [MAIN, "acp", ...words], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (bytes: Buffer) => (complaints += bytes.toString()));
  const updates: Update[] = [];
  const pending = new Map<unknown, (message: Json) => void>();
  const permissions = makeInbox<Json>("permission request");
  const listeners = new Set<() => void>();
  let ids = 0;

  const write = (line: string): void => void child.stdin.write(`${line}\n`);
  const send = (message: Json): void => write(JSON.stringify({ jsonrpc: "2.0", ...message }));

  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Json;
    if (message["method"] === "session/update") {
      updates.push(message["params"] as Update);
      for (const look of listeners) look();
    } else if (message["method"] === "session/request_permission") permissions.put(message);
    else pending.get(message["id"])?.(message);
  });

  return {
    updates,
    write,
    notify: (method, params) => send({ method, params }),
    call: async (method, params) => {
      const id = ++ids;
      const { promise, resolve, reject } = Promise.withResolvers<Json>();
      const late = setTimeout(
        () => reject(new Error(`${method} was not answered; it said: ${complaints}`)),
        patienceMs,
      );
      pending.set(id, resolve);
      send({ id, method, params });
      const { error, result } = await promise.finally(() => clearTimeout(late));
      if (error === undefined) return result as Json;
      const { code, message } = error as { code: number; message: string };
      throw new Error(message, { cause: code });
    },
    asked: async () => {
      const { id, params } = await permissions.take();
      const outcome = (optionId: string | null): Json =>
        optionId === null ? { outcome: "cancelled" } : { outcome: "selected", optionId };
      return {
        params: params as Json,
        answer: (optionId) => send({ id, result: { outcome: outcome(optionId) } }),
      };
    },
    until: async (what, test) => {
      const { promise, resolve, reject } = Promise.withResolvers<Json>();
      const late = setTimeout(() => reject(new Error(`not told: ${what}`)), patienceMs);
      const look = (): void => {
        const found = updates.find(({ update }) => test(update));
        if (found !== undefined) resolve(found.update);
      };
      listeners.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(late);
        listeners.delete(look);
      });
    },
    said: (kind, session) =>
      updates
        .filter(({ sessionId }) => session === undefined || sessionId === session)
        .filter(({ update }) => update["sessionUpdate"] === kind)
        .map(({ update }) => (update["content"] as { text: string }).text)
        .join(""),
    complaints: () => complaints,
    leave: async () => {
      child.stdin.end();
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
};
