/** A real browser without a window, over the DevTools protocol (Chromium 150 and later) on two pipes: no port, nothing to find. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

export type Page = {
  /** Of a page that was loaded, whatever it allows: runs the script in it. */
  run(script: string): Promise<unknown>;
  close(): Promise<void>;
};

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
};

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const NUL = "\0";

/** Messages end with a NUL byte each. */
const makeWire = (into: Writable, from: Readable) => {
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const loads = new Set<() => void>();
  let last = 0;
  let text = "";
  const take = (message: Message): void => {
    if (message.method === "Page.loadEventFired") for (const loaded of loads) loaded();
    if (message.id === undefined) return;
    const { resolve, reject } = waiting.get(message.id)!;
    waiting.delete(message.id);
    if (message.error === undefined) resolve(message.result ?? {});
    else reject(new Error(message.error.message));
  };
  from.setEncoding("utf8").on("data", (part: string) => {
    const messages = (text + part).split(NUL);
    text = messages.pop()!;
    for (const message of messages) take(JSON.parse(message) as Message);
  });
  return {
    ask: (
      method: string,
      params: object,
      sessionId?: unknown,
    ): Promise<Record<string, unknown>> => {
      const answer = Promise.withResolvers<Record<string, unknown>>();
      const id = (last += 1);
      waiting.set(id, answer);
      into.write(JSON.stringify({ id, method, params, sessionId }) + NUL);
      return answer.promise;
    },
    loaded: (): Promise<void> => new Promise((resolve) => loads.add(() => resolve())),
  };
};

/** A profile of its own in `home`; null: it is not on PATH. */
const started = async (program: string, home: string) => {
  const child = spawn(
    program,
    [
      "--headless=new",
      "--remote-debugging-pipe",
      `--user-data-dir=${home}`,
      "--no-first-run",
      "--disable-extensions",
      "--disable-background-networking",
      // A container's root has no other way, and only our own pages are shown.
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const isThere = await Promise.race([
    once(child, "spawn").then(() => true),
    once(child, "error").then(() => false),
  ]);
  return isThere ? child : null;
};

/** Opens a page; null: there is no Chromium on PATH. */
export const openPage = async (url: string): Promise<Page | null> => {
  const home = mkdtempSync(join(tmpdir(), "skein-bench-chromium-"));
  for (const name of NAMES) {
    const child = await started(name, home);
    if (child === null) continue;
    const { ask, loaded } = makeWire(child.stdio[3] as Writable, child.stdio[4] as Readable);
    const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
    await ask("Page.enable", {}, sessionId);
    await ask("Page.setBypassCSP", { enabled: true }, sessionId);
    const there = loaded();
    await ask("Page.navigate", { url }, sessionId);
    await there;
    return {
      run: async (expression) => {
        const params = { expression, awaitPromise: true, returnByValue: true };
        const { result, exceptionDetails } = await ask("Runtime.evaluate", params, sessionId);
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
        return (result as { value?: unknown }).value;
      },
      close: async () => {
        await ask("Browser.close", {}).catch(() => undefined);
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        rmSync(home, { recursive: true, force: true });
      },
    };
  }
  rmSync(home, { recursive: true, force: true });
  return null;
};
