/** `skein acp`: an editor opens Skein's sessions; and Skein itself is such an editor, through its own driver. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeAgent } from "../scenarios/agent.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { openEditor, type Editor, type Json } from "./acp-client.ts";
import { fakeAcpBackend } from "./fixtures.ts";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const OUR_OWN = [process.execPath, MAIN, "acp", "--cli", "acp:scripted"];

/** Asks once in each turn, and calls the turn done whatever it is answered. */
const CONTENT = `
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
let turn;
let asked = 0;
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line);
  if (method === "initialize")
    say({ id, result: { protocolVersion: 1, agentCapabilities: {} } });
  if (method === "session/new") say({ id, result: { sessionId: "one" } });
  if (method === undefined) say({ id: turn, result: { stopReason: "end_turn" } });
  if (method !== "session/prompt") return;
  turn = id;
  const toolCall = { toolCallId: "call", title: "a call", kind: "other" };
  const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
  const params = { sessionId: "one", toolCall, options };
  say({ id: asked++, method: "session/request_permission", params });
});`;

let house: House;
beforeAll(async () => {
  house = await openHouse({
    config: async (place) => ({
      backends: {
        "acp:scripted": await fakeAcpBackend(place),
        "acp:skein": { command: OUR_OWN },
        "acp:content": { command: [process.execPath, "--eval", CONTENT] },
      },
    }),
  });
});
afterAll(() => house.close());

const env = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: join(house.place, "person"),
  SKEIN_HOME: house.home,
});

const start = async (...words: string[]): Promise<Editor> => {
  const editor = openEditor(["--cli", "acp:scripted", ...words], env());
  await editor.call("initialize", { protocolVersion: 1, clientCapabilities: {} });
  return editor;
};

const words = (text: string): Json => ({ prompt: [{ type: "text", text }] });

test("it says what it is, and that it has no other methods", async () => {
  const editor = openEditor([], env());
  const told = await editor.call("initialize", { protocolVersion: 1 });
  expect(told).toMatchObject({
    protocolVersion: 1,
    agentInfo: { name: "skein" },
    agentCapabilities: { loadSession: true, sessionCapabilities: { list: {}, resume: {} } },
  });
  editor.write("this is no JSON");
  await expect(editor.call("session/dance", {})).rejects.toMatchObject({ cause: -32601 });
  await expect(editor.call("session/new", { cwd: "here" })).rejects.toThrow(/absolute/);
  await expect(editor.call("session/new", { cwd: "/no/such/folder" })).rejects.toThrow(/no folder/);
  await expect(editor.call("session/load", { sessionId: "nobody" })).rejects.toThrow(/no session/);
  expect(await editor.leave()).toBe(0);
});

test("a new session: words as they come, once; a prompt's answer is its turn's end", async () => {
  const folder = await house.folder("editor");
  const editor = await start();
  const opened = await editor.call("session/new", { cwd: folder, mcpServers: [] });
  const sessionId = String(opened["sessionId"]);
  expect(opened["modes"]).toMatchObject({
    currentModeId: "guarded",
    availableModes: [{ id: "guarded" }],
  });
  const told = await editor.call("session/prompt", { sessionId, ...words("SLOW 0.5") });
  expect(told).toMatchObject({ stopReason: "end_turn", usage: { inputTokens: 1000 } });
  expect(editor.said("agent_message_chunk", sessionId)).toBe("1 2 3 4 5 slow done");
  // The editor shows by itself what it sends.
  expect(editor.said("user_message_chunk")).toBe("");
  const { session } = await house.call("sessions.get", { session: sessionId });
  expect(session).toMatchObject({ folder, backend: "acp:scripted", turns: 1 });
  for (const [text, reason] of [
    ["", /empty/],
    ["x".repeat(2 ** 20 + 1), /long|large|bytes/],
  ] as const)
    await expect(
      editor.call("session/prompt", { sessionId, ...words(text) }),
    ).rejects.toMatchObject({
      cause: -32602,
      message: expect.stringMatching(reason),
    });
  const fail = editor.call("session/prompt", { sessionId, ...words("FAIL 401") });
  await expect(fail).rejects.toMatchObject({ cause: -32000 });
  expect(await editor.leave()).toBe(0);
  // The session goes on without it.
  expect((await takeAgent(house, session).say("COUNT")).answer).toBe("3");
});

test("MCP servers of the editor are not passed on, and that is said of a session, once", async () => {
  const editor = await start();
  const mcpServers = [{ name: "notes", command: "notes-mcp", args: [], env: [] }];
  const cwd = await house.folder("editor");
  const { sessionId } = await editor.call("session/new", { cwd, mcpServers });
  await editor.call("session/load", { sessionId, cwd, mcpServers });
  await editor.call("session/prompt", { sessionId, ...words("SAY one") });
  expect(editor.said("agent_message_chunk", String(sessionId))).toBe(
    "Skein does not pass on the editor's MCP servers (notes): the agent has those of its own configuration.\none",
  );
  await editor.leave();
});

test("what the agent asks is asked in the editor, and its answer counts", async () => {
  const folder = await house.folder("editor");
  const editor = await start();
  const { sessionId } = await editor.call("session/new", { cwd: folder });
  const file = join(folder, "note.txt");
  const written = editor.call("session/prompt", { sessionId, ...words(`WRITE ${file} hello`) });
  const edit = await editor.asked();
  expect(edit.params).toMatchObject({
    sessionId,
    toolCall: { kind: "edit", content: [{ type: "diff", path: file, newText: "hello" }] },
    options: [{ kind: "allow_once" }, { kind: "allow_always" }, { kind: "reject_once" }],
  });
  edit.answer("allow");
  expect(await written).toMatchObject({ stopReason: "end_turn" });
  expect(await readFile(file, "utf8")).toBe("hello\n");
  const ran = editor.call("session/prompt", { sessionId, ...words("RUN echo never") });
  (await editor.asked()).answer("deny");
  await ran;
  const declined = await editor.until(
    "the declined command",
    (update) => update["kind"] === "execute" && update["status"] === "failed",
  );
  expect(declined).toMatchObject({ rawInput: { command: "echo never" } });
  await editor.leave();
});

test("an answer that is none leaves what the agent asks open, and says so", async () => {
  const editor = await start();
  const { sessionId } = await editor.call("session/new", { cwd: await house.folder("editor") });
  const first = editor.call("session/prompt", { sessionId, ...words("RUN echo first") });
  const { answer } = await editor.asked();
  for (const id of [null, "", [], "0", 7])
    editor.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32700, message: "parse" } }));
  answer("allow");
  expect(await first).toMatchObject({ stopReason: "end_turn" });
  expect(editor.complaints()).toContain("the editor answered what is not asked (id null): parse\n");

  const second = editor.call("session/prompt", { sessionId, ...words("RUN echo second") });
  (await editor.asked()).answer("perhaps");
  await editor.until("how it is answered", (update) =>
    JSON.stringify(update).includes("answer it with: skein approve"),
  );
  expect(editor.complaints()).toMatch(/did not answer apr_\w+, which stays open: .*perhaps/);
  const { approvals } = await house.call("approvals.list", { session: String(sessionId) });
  await house.call("approvals.resolve", { approval: approvals[0]!.id, decision: "allow" });
  expect(await second).toMatchObject({ stopReason: "end_turn" });
  await editor.leave();
});

test("answered elsewhere first: the editor's late answer changes nothing", async () => {
  const editor = await start();
  const { sessionId } = await editor.call("session/new", { cwd: await house.folder("editor") });
  const turn = editor.call("session/prompt", { sessionId, ...words("RUN echo twice") });
  const { answer } = await editor.asked();
  const { approvals } = await house.call("approvals.list", { session: String(sessionId) });
  await house.call("approvals.resolve", { approval: approvals[0]!.id, decision: "allow" });
  expect(await turn).toMatchObject({ stopReason: "end_turn" });
  answer("deny");
  const again = await editor.call("session/prompt", { sessionId, ...words("say PONG") });
  expect(again).toMatchObject({ stopReason: "end_turn" });
  await editor.leave();
});

test("several prompts wait in line; cancel ends the turn and what waits", async () => {
  const editor = await start();
  const { sessionId } = await editor.call("session/new", { cwd: await house.folder("editor") });
  const told = await Promise.all(
    ["SAY one", "SAY two"].map((text) =>
      editor.call("session/prompt", { sessionId, ...words(text) }),
    ),
  );
  expect(told.map(({ stopReason }) => stopReason)).toEqual(["end_turn", "end_turn"]);
  expect(editor.said("agent_message_chunk")).toBe("onetwo");
  const long = editor.call("session/prompt", { sessionId, ...words("SLOW 30") });
  await editor.until("its first words", (update) => JSON.stringify(update).includes('"text":"1 "'));
  const later = editor.call("session/prompt", { sessionId, ...words("SAY later") });
  await takeAgent(
    house,
    (await house.call("sessions.get", { session: String(sessionId) })).session,
  ).until(
    "the second one waits",
    ({ type, data }) =>
      type === "session.prompt.queued" && (data as { text: string }).text === "SAY later",
  );
  editor.notify("session/cancel", { sessionId });
  expect(await long).toMatchObject({ stopReason: "cancelled" });
  expect(await later).toMatchObject({ stopReason: "cancelled" });
  await editor.leave();
});

test("what was cancelled is answered so, though its agent calls the turn done", async () => {
  const editor = openEditor(["--cli", "acp:content"], env());
  await editor.call("initialize", { protocolVersion: 1, clientCapabilities: {} });
  const { sessionId } = await editor.call("session/new", { cwd: await house.folder("editor") });
  const turn = editor.call("session/prompt", { sessionId, ...words("go on") });
  const { answer } = await editor.asked();
  editor.notify("session/cancel", { sessionId });
  answer(null);
  expect(await turn).toMatchObject({ stopReason: "cancelled" });
  const { session } = await house.call("sessions.get", { session: String(sessionId) });
  expect(session.lastTurn).toMatchObject({ outcome: "completed" });
  // What is asked after that ends as it ends.
  const next = editor.call("session/prompt", { sessionId, ...words("again") });
  (await editor.asked()).answer("allow");
  expect(await next).toMatchObject({ stopReason: "end_turn" });
  await editor.leave();
});

test("closed in the midst of a turn, its prompt is answered, the turn goes on, and the session can be opened again", async () => {
  const editor = await start();
  const { sessionId } = await editor.call("session/new", { cwd: await house.folder("editor") });
  const long = editor.call("session/prompt", { sessionId, ...words("SLOW 30") });
  await editor.until("its first words", (update) => JSON.stringify(update).includes('"text":"1 "'));
  await editor.call("session/close", { sessionId });
  expect(await long).toMatchObject({ stopReason: "cancelled" });
  const next = editor.call("session/prompt", { sessionId, ...words("SAY closed") });
  await expect(next).rejects.toThrow(/not open here/);
  await editor.call("session/load", { sessionId, cwd: "/", mcpServers: [] });
  const { session } = await house.call("sessions.get", { session: String(sessionId) });
  expect(session.turn).not.toBe(null);
  await house.call("sessions.interrupt", { session: session.id });
  const told = editor.call("session/prompt", { sessionId, ...words("SAY again") });
  expect(await told).toMatchObject({ stopReason: "end_turn" });
  await editor.leave();
});

test("a session that was begun elsewhere: loaded with all that was said, then followed", async () => {
  const folder = await house.folder("editor");
  const { session } = await house.call("sessions.create", { backend: "acp:scripted", folder });
  const agent = takeAgent(house, session);
  await agent.say("SAY one");
  const waits = await agent.send("RUN echo open");
  await agent.asked();
  const editor = await start();
  const { sessions } = await editor.call("session/list", {});
  expect(sessions).toContainEqual(expect.objectContaining({ sessionId: session.id, cwd: folder }));
  await editor.call("session/load", { sessionId: session.id, cwd: folder, mcpServers: [] });
  expect(editor.said("user_message_chunk")).toBe("SAY oneRUN echo open");
  expect(editor.said("agent_message_chunk")).toBe("one");
  // What waited for a decision then waits for one here, too.
  (await editor.asked()).answer("allow");
  expect(await agent.ended(waits.prompt)).toMatchObject({ outcome: "completed" });
  await agent.say("SAY elsewhere");
  await editor.until("the answer", (update) => JSON.stringify(update).includes('"elsewhere"'));
  expect(editor.said("user_message_chunk")).toBe("SAY oneRUN echo openSAY elsewhere");
  const mode = { sessionId: session.id, modeId: "full" };
  await expect(editor.call("session/set_mode", mode)).rejects.toThrow(/when it is created/);
  await editor.leave();
});

test("skein acp ID opens that session, whatever is asked for", async () => {
  const folder = await house.folder("editor");
  const { session } = await house.call("sessions.create", { backend: "acp:scripted", folder });
  await takeAgent(house, session).say("SAY before");
  const editor = await start(session.name);
  const opened = await editor.call("session/new", { cwd: "/", mcpServers: [] });
  expect(opened["sessionId"]).toBe(session.id);
  await editor.until("what was said before", (update) =>
    JSON.stringify(update).includes('"before"'),
  );
  const told = editor.call("session/prompt", { sessionId: session.id, ...words("COUNT") });
  expect(await told).toMatchObject({ stopReason: "end_turn" });
  expect(editor.said("agent_message_chunk")).toBe("before2");
  await editor.leave();
});

test("our own driver drives our own agent: prompt, permission, interrupt, resume", async () => {
  const folder = await house.folder("editor");
  const { session } = await house.call("sessions.create", { backend: "acp:skein", folder });
  const agent = takeAgent(house, session);
  expect((await agent.say("say PONG")).answer).toBe("PONG");
  const file = join(folder, "made");
  const { prompt } = await agent.send(`RUN touch ${file}`);
  await agent.resolve(await agent.asked(), "allow");
  expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
  expect(await readFile(file, "utf8")).toBe("");
  const long = await agent.send("SLOW 30");
  await agent.speaks();
  await house.call("sessions.interrupt", { session: agent.id });
  expect(await agent.ended(long.prompt)).toMatchObject({ outcome: "interrupted" });
  await house.call("sessions.stop", { session: agent.id });
  await agent.state("stopped");
  expect((await agent.say("COUNT")).answer).toBe("4");
});
