/** --json: on stdout the contract's view and nothing else, for every verb that has one. */
import { operations, type OperationName } from "@skein/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { id } from "./fixtures.ts";
import { skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, temporaryHome, type StubDaemon } from "./stub-daemon.ts";
import { EVIL, SESSIONS, worldAnswers } from "./world.ts";

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub(worldAnswers);
});
afterAll(() => daemon.close());

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home: daemon.home, ...options });

type Case = readonly [words: string[], views: OperationName[], code: number];

const well = (words: string[], ...views: OperationName[]): Case => [words, views, 0];

const cases: readonly Case[] = [
  well(["create"], "sessions.create"),
  well(["list"], "sessions.list"),
  well(["status"], "system.status"),
  well(["status", "fizz-top"], "sessions.get"),
  well(["inspect", "lux-mid"], "sessions.get", "approvals.list", "sessions.turns"),
  well(["rename", "fizz-top", "other"], "sessions.rename"),
  well(["fork", "fizz-top"], "sessions.fork"),
  well(["interrupt", "busy"], "sessions.interrupt"),
  well(["stop", "fizz-top"], "sessions.stop"),
  well(["resume", "fizz-top"], "sessions.resume"),
  well(["kill", "fizz-top"], "sessions.list"),
  well(["send", "fizz-top", "hello"], "sessions.send"),
  well(["ask", "fizz-top", "well?"], "sessions.wait", "sessions.lastMessage"),
  [["ask", "ask-er", "well?"], ["sessions.wait", "sessions.lastMessage"], 3],
  well(["wait", "fizz-top"], "sessions.wait"),
  [["wait", "lux-mid"], ["sessions.wait"], 3],
  [["wait", "busy"], ["sessions.wait"], 124],
  [["wait", "broken"], ["sessions.wait"], 1],
  well(["last-message", "fizz-top"], "sessions.lastMessage"),
  well(["logs", "fizz-top"], "sessions.items", "events.list"),
  well(["logs", "fizz-top", "--format", "json"], "sessions.items", "events.list"),
  well(["goal", "fizz-top"], "sessions.get"),
  well(["goal", "fizz-top", "Tests pass"], "goals.set"),
  well(["goal", "fizz-top", "--pause"], "goals.change"),
  well(["approvals"], "approvals.list"),
  well(["respond", "lux-mid", "allow"], "approvals.resolve"),
  well(["approve", "lux-mid"], "approvals.resolve"),
  well(["deny", "lux-mid"], "approvals.resolve"),
  well(["usage"], "sessions.usage"),
  well(["backends"], "backends.list"),
  well(["backends", "--refresh"], "backends.refresh"),
  well(["token", "create", "laptop"], "tokens.create"),
  well(["token", "list"], "tokens.list"),
  well(["token", "revoke", id("tok", "laptop")], "tokens.revoke"),
  well(["login"], "system.loginLink"),
];

describe.concurrent("--json", () => {
  test.each(cases)("%j prints %j", async (words, views, code) => {
    const ran = await skein([...words, "--json"]);
    expect(ran).toMatchObject({ code });
    // One document on one line, as pipes like it.
    expect(ran.stdout.split("\n")).toEqual([expect.any(String), ""]);
    const printed = JSON.parse(ran.stdout) as Record<string, unknown>;
    for (const view of views) expect(() => operations[view].output.parse(printed)).not.toThrow();
    // Nothing beside what the contract says.
    const parsed = Object.assign(
      {},
      ...views.map((view) => operations[view].output.parse(printed)),
    ) as object;
    expect(parsed).toEqual(printed);
  });

  test("all pages of a list are in it", async () => {
    const { stdout } = await skein(["list", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ sessions: SESSIONS, next: null });
  });

  test("what an agent said is the same text, with nothing that a terminal obeys", async () => {
    const { stdout } = await skein(["last-message", "evil", "--json"]);
    expect((JSON.parse(stdout) as { messages: { text: string }[] }).messages[0]?.text).toBe(EVIL);
    expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  test("a refusal leaves stdout empty", async () => {
    expect(await skein(["status", "ghost", "--json"])).toMatchObject({ code: 1, stdout: "" });
  });
});

describe.concurrent("call", () => {
  test("prints any operation's view", async () => {
    const input = '{"session": "fizz-top"}';
    const [word, piped, none] = await Promise.all([
      skein(["call", "sessions.get", "--json", input]),
      skein(["call", "sessions.get", "--json", "-"], { input }),
      skein(["call", "backends.list"]),
    ]);
    expect(piped).toEqual(word);
    expect(JSON.parse(word.stdout)).toEqual({ session: SESSIONS[0] });
    expect(Object.keys(JSON.parse(none.stdout) as object)).toEqual(["backends"]);
  });

  test("--list names every operation, and as JSON with examples that the contract takes", async () => {
    const [text, asJson] = await Promise.all([
      skein(["call", "--list"]),
      skein(["call", "--list", "--json"]),
    ]);
    const listed = JSON.parse(asJson.stdout) as {
      operations: { name: OperationName; example: unknown }[];
    };
    expect(listed.operations.map(({ name }) => name)).toEqual(Object.keys(operations));
    for (const { name, example } of listed.operations) {
      expect(text.stdout).toContain(name);
      expect(() => operations[name].input.parse(example)).not.toThrow();
    }
  });

  test("a refused input is said in the daemon's words", async () => {
    const ran = await skein(["call", "sessions.send", "--json", '{"session": "fizz-top"}']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("[invalid_input]");
  });
});

test("SKEIN_URL and SKEIN_TOKEN go by http with the token, below a path prefix too", async () => {
  const { createServer } = await import("node:http");
  const seen: { url?: string | undefined; auth?: string | undefined }[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url, auth: request.headers.authorization });
    response.end(JSON.stringify({ sessions: [], next: null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const env = { SKEIN_URL: `http://127.0.0.1:${port}/skein/`, SKEIN_TOKEN: "secret" };
  expect(await skein(["list"], { env })).toMatchObject({ stdout: "No active sessions\n" });
  expect(seen).toEqual([{ url: "/skein/api/sessions?limit=500", auth: "Bearer secret" }]);
  await new Promise((resolve) => server.close(resolve));
});

test("SKEIN_TOKEN alone goes along over the socket, where it narrows", async () => {
  const { createServer } = await import("node:http");
  const { mkdirSync, rmSync } = await import("node:fs");
  const home = temporaryHome();
  mkdirSync(`${home}/run`);
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end(JSON.stringify({ sessions: [], next: null }));
  });
  await new Promise<void>((resolve) => server.listen(`${home}/run/skein.sock`, resolve));
  for (const env of [{ SKEIN_TOKEN: "secret" }, { SKEIN_TOKEN: "" }, {}])
    expect(await skein(["list"], { home, env })).toMatchObject({ code: 0 });
  expect(seen).toEqual(["Bearer secret", undefined, undefined]);
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true });
});
