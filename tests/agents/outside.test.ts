/** Conversations of the real Claude Code and the real Codex, begun with their own programs: found, looked at, taken over. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";
import { makeFakeLlm, type FakeLlm } from "@skein/sdk/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openHouse, type House } from "../scenarios/house.ts";
import { untilTrue } from "../scenarios/processes.ts";
import { realClaude, realCodex } from "./fixtures.ts";

type Prepared = { readonly command: string; readonly env: Readonly<Record<string, string>> };

let llm: FakeLlm;
let house: House;
const programs: Record<string, Prepared> = {};

beforeAll(async () => {
  llm = await makeFakeLlm();
  const { claude, codex } = inject("realAgents");
  house = await openHouse({
    config: async (place) => {
      programs["claude-code"] = (await realClaude(llm, claude).prepare(place)) as Prepared;
      programs["codex"] = (await realCodex(llm, codex).prepare(place)) as Prepared;
      return { backends: programs };
    },
  });
});

afterAll(async () => {
  await house?.close();
  await llm?.close();
});

const surroundings = (backend: string): { command: string; env: Record<string, string> } => {
  const { command, env } = programs[backend] as Prepared;
  const base = { PATH: process.env["PATH"] ?? "", HOME: house.place, LANG: "C.UTF-8" };
  return { command, env: { ...base, ...env } };
};

/** What a person does in a terminal of theirs. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  "claude-code": ["-p", "--permission-mode", "bypassPermissions"],
  codex: ["exec", "--skip-git-repo-check", "--sandbox", "danger-full-access"],
};

const begin = async (backend: string, folder: string, prompt: string): Promise<void> => {
  const { command, env } = surroundings(backend);
  const isSandbox = { IS_SANDBOX: "1" };
  const words = [...(WORDS[backend] ?? []), prompt];
  const child = promisify(execFile)(command, words, { cwd: folder, env: { ...env, ...isSandbox } });
  child.child.stdin?.end();
  await child;
};

const found = async (backend: string, folder: string, all = false) => {
  const { conversations } = await house.call("outside.list", { backend, folder, all });
  return conversations;
};

test.each(["claude-code", "codex"])(
  "a conversation of %s is found, read and gone on with",
  async (backend) => {
    const folder = await realpath(await house.folder(backend));
    await begin(backend, folder, "RUN echo from outside");
    const [conversation] = await found(backend, folder);
    expect(conversation).toMatchObject({ backend, folder, held: "no", session: null });
    expect(conversation?.title).toContain(backend === "codex" ? "RUN echo from outside" : "");
    const id = conversation?.id ?? "";

    const page = await house.call("outside.read", { backend, conversation: id });
    expect(page.items.map(({ body }) => body.kind)).toEqual(["user", "command", "message"]);
    expect(page.items[0]?.body).toMatchObject({ text: "RUN echo from outside", how: "outside" });
    expect(page.items[1]?.body).toMatchObject({ command: "echo from outside", status: "done" });
    expect(JSON.stringify(page.items[1]?.body)).toContain("from outside");
    const rest = await house.call("outside.read", { backend, conversation: id, from: page.next });
    expect(rest).toEqual({ items: [], next: page.next, more: false });

    const { session } = await house.call("outside.adopt", { backend, conversation: id });
    await house.call("sessions.send", { session: session.id, text: "PONG" });
    const waited = await house.call("sessions.wait", { sessions: [session.id], timeoutMs: 60_000 });
    expect(waited.outcome).toBe("done");
    const { items } = await house.call("sessions.items", { session: session.id });
    expect(items.map(({ body }) => body.kind)).toEqual([
      "user",
      "command",
      "message",
      "user",
      "message",
    ]);
    expect(waited.sessions[0]?.session.providerSessionId).toBe(id);
    expect(
      llm.requests.findLast((one) => one.conversation?.turns.includes("PONG"))?.conversation?.turns,
    ).toEqual(["RUN echo from outside", "PONG"]);

    await expect(house.call("outside.adopt", { backend, conversation: id })).rejects.toMatchObject({
      problem: { code: "conversation_held" },
    });
    expect(await found(backend, folder)).toEqual([]);
    expect(await found(backend, folder, true)).toMatchObject([{ id, session: session.id }]);
    await house.call("sessions.delete", { session: session.id });
  },
);

test("a conversation that a program has open is looked at, and not taken from it", async () => {
  const folder = await realpath(await house.folder("held"));
  const { command, env } = surroundings("claude-code");
  const words = [
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
  ];
  const child = spawn(command, words, { cwd: folder, env, stdio: ["pipe", "pipe", "ignore"] });
  const message = { role: "user", content: [{ type: "text", text: "PONG" }] };
  child.stdin.write(`${JSON.stringify({ type: "user", message })}\n`);
  child.stdout.resume();
  await untilTrue(
    "it is on the disk",
    async () => (await found("claude-code", folder)).length === 1,
  );
  const [conversation] = await found("claude-code", folder);
  expect(conversation?.held).toBe("yes");
  const which = { backend: "claude-code", conversation: conversation?.id ?? "" };
  expect((await house.call("outside.read", which)).items.length).toBeGreaterThan(0);
  await expect(house.call("outside.adopt", which)).rejects.toMatchObject({
    problem: { code: "conversation_held" },
  });
  child.stdin.end();
  await once(child, "exit");
  await untilTrue("it is free", async () => (await found("claude-code", folder))[0]?.held === "no");
  const { session } = await house.call("outside.adopt", which);
  await house.call("sessions.delete", { session: session.id });
});

test.each([
  ["claude-code", "protocol"],
  ["claude-code", "tui"],
  ["codex", "protocol"],
] as const)(
  "a conversation of %s (%s) is the session's in its first turn already, and known when it was killed in it",
  async (backend, held) => {
    const folder = await realpath(await house.folder(`first-${backend}-${held}`));
    const wish = { backend, folder, interface: held } as const;
    const { session } = await house.call("sessions.create", wish);
    await house.call("sessions.send", { session: session.id, text: "SLOW 60" });
    await untilTrue(
      "it is on the disk",
      async () => (await found(backend, folder, true)).length === 1,
    );
    const [one] = await found(backend, folder, true);
    expect(one?.session).toBe(session.id);
    expect(await found(backend, folder)).toEqual([]);
    const adopting = house.call("outside.adopt", { backend, conversation: one?.id ?? "" });
    await expect(adopting).rejects.toMatchObject({ problem: { code: "conversation_held" } });
    await house.call("sessions.delete", { session: session.id });
    expect(await found(backend, folder)).toEqual([]);
    expect(await found(backend, folder, true)).toMatchObject([
      { id: one?.id, session: session.id, deleted: true },
    ]);
  },
);

test("what is not there is said", async () => {
  const conversation = "00000000-0000-4000-8000-000000000000";
  for (const backend of ["claude-code", "codex"])
    await expect(house.call("outside.read", { backend, conversation })).rejects.toMatchObject({
      problem: { code: "conversation_not_found" },
    });
  await expect(house.call("outside.list", { backend: "nothing" })).rejects.toMatchObject({
    problem: { code: "backend_unknown" },
  });
});
