import { linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeStore, noTokens, type StoredThread } from "./store.ts";

const thread = (said: string[]): StoredThread => ({
  id: "thread",
  name: null,
  cwd: "/",
  model: "model",
  effort: null,
  approvalPolicy: "untrusted",
  sandbox: "read-only",
  total: noTokens,
  turns: [],
  said,
});

test("a thread is replaced whole: what was there is never written over", () => {
  const home = mkdtempSync(join(tmpdir(), "skein-fake-codex-"));
  try {
    const store = makeStore(home);
    store.save(thread(["one"]));
    const held = join(home, "held");
    linkSync(join(home, "sessions", "thread.json"), held);
    store.save(thread(["one", "two"]));
    expect(JSON.parse(readFileSync(held, "utf8"))).toMatchObject({ said: ["one"] });
    expect(store.load("thread")?.said).toEqual(["one", "two"]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
