import type { SessionContext } from "@skein/sdk";
import { expect, test } from "vitest";
import { approvalOf, grantsOf } from "./asks.ts";
import { hunk } from "../hunk.ts";
import { newText } from "./diff.ts";
import { atomicBytes, denyFrame, interruptFrame, isAtomic, userFrame, uuidOf } from "./frames.ts";
import { readLogin, readModels } from "./models.ts";
import { modeEnv, modeFlags } from "./modes.ts";
import { textAfter } from "./preview.ts";
import { argvOf, conversationOf, refusalOf, secondTry } from "./process.ts";
import { answersOf } from "./tools.ts";
import { readLine, type AskLine, type Json } from "./wire.ts";

const ask = (tool: string, input: Json, suggestions: readonly Json[] = []): AskLine => ({
  type: "ask",
  request: "r",
  tool,
  input,
  toolUse: "t",
  description: null,
  reason: null,
  suggestions,
});
const folder = "/home/dev/project";
const editRule = (ruleContent: string) => ({
  type: "addRules",
  rules: [{ toolName: "Edit", ruleContent }],
  behavior: "allow",
  destination: "session",
});

test("always takes the rule that is offered, never the wider mode, and never into a file", () => {
  const rule = {
    type: "addRules",
    rules: [{ toolName: "Bash", ruleContent: "touch x *" }],
    behavior: "allow",
  };
  const offered = [
    { ...rule, destination: "localSettings" },
    { type: "addDirectories", directories: [folder], destination: "session" },
    { type: "setMode", mode: "acceptEdits", destination: "session" },
  ];
  const granted = grantsOf(ask("Bash", { command: "touch x" }, offered), folder);
  expect(granted).toEqual([{ ...rule, destination: "session" }]);
  expect(grantsOf(ask("Bash", { command: "x" }, offered.slice(1)), folder)).toEqual([]);
});

test("always for an edit is the folder it lies in, and nothing when its name would mean others too", () => {
  const grants = (path: string) => grantsOf(ask("Write", { file_path: path }), folder);
  expect(grants("/home/dev/project/src/a.ts")).toEqual([editRule("./**")]);
  expect(grants("notes.txt")).toEqual([editRule("./**")]);
  expect(grants("/home/dev/project-two/a.ts")).toEqual([editRule("//home/dev/project-two/**")]);
  expect(grants("/home/dev/(odd)/a.ts")).toEqual([]);
  expect(grants("/a.ts")).toEqual([]);
  expect(grantsOf(ask("AskUserQuestion", {}), folder)).toEqual([]);
});

test("an approval has a title of one line, whatever the command looks like", () => {
  const { title, request } = approvalOf(ask("Bash", { command: `a\nb${"c".repeat(500)}` }), folder);
  expect(title).toMatch(/^Run: a bc+…$/);
  expect(title.length).toBeLessThan(130);
  expect(request).toMatchObject({ kind: "command", argv: null, folder });
  expect(approvalOf(ask("mcp__x__y", { query: "q" }), folder).title).toBe("Use mcp__x__y: q");
});

test("answers go back under the words of their questions, several as one", () => {
  const input = { questions: [{ question: "One?" }, { question: "Two?" }] };
  expect(answersOf(input, { "1": ["a", "b"], "3": ["none"] })["answers"]).toEqual({
    "One?": "a, b",
  });
});

test("a hunk keeps what both ends share as context", () => {
  expect(hunk("a\nb\nc\n", "a\nB\nc\n")).toBe("@@ -1,3 +1,3 @@\n a\n-b\n+B\n c");
  expect(newText("x\ny")).toBe("@@ -0,0 +1,2 @@\n+x\n+y");
  expect(hunk("same", "same")).toBe("@@ -1,1 +1,1 @@\n same");
});

test("what a file will hold is known from the edit, and not guessed when it does not fit", () => {
  const edit = { old_string: "b", new_string: "$&", replace_all: false };
  expect(textAfter("Edit", edit, "abcb")).toBe("a$&cb");
  expect(textAfter("Edit", { ...edit, replace_all: true }, "abcb")).toBe("a$&c$&");
  expect(textAfter("Edit", { ...edit, old_string: "z" }, "abc")).toBeNull();
  expect(
    textAfter("MultiEdit", { edits: [edit, { old_string: "a", new_string: "A" }] }, "ab"),
  ).toBe("A$&");
});

test("a name gives the same UUID each time, a valid one, and frames are one line of JSON", () => {
  expect(uuidOf("a")).toBe(uuidOf("a"));
  expect(uuidOf("a")).not.toBe(uuidOf("b"));
  expect(uuidOf("a")).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  for (const frame of [
    userFrame("u", "a\n\u0000\u001b[31m\u2028", "later"),
    denyFrame("r", "no\n"),
    interruptFrame("t"),
  ]) {
    expect(frame).not.toContain("\n");
    expect(JSON.parse(frame)).toBeTypeOf("object");
  }
  expect(isAtomic("x".repeat(atomicBytes - 1))).toBe(true);
  expect(isAtomic("é".repeat(atomicBytes / 2))).toBe(false);
});

test("the folder's own settings are never read, and only full bypasses", () => {
  for (const mode of ["read-only", "guarded", "workspace", "full"] as const) {
    const line = modeFlags(mode, "/home/me/.skein").join(" ");
    expect(line).toContain("Edit(//home/me/.skein/**)");
    expect(line).toContain("--setting-sources user");
    expect(line).toContain("--permission-mode");
    expect(line.includes("bypass")).toBe(mode === "full");
    expect(modeEnv({}, mode, true)["IS_SANDBOX"]).toBe(mode === "full" ? "1" : undefined);
    expect(modeEnv({}, mode, false)["IS_SANDBOX"]).toBeUndefined();
  }
  const tools = modeFlags("read-only", "/home/me/.skein")[
    modeFlags("read-only", "/home/me/.skein").indexOf("--tools") + 1
  ]?.split(",");
  expect(tools).toContain("Read");
  for (const tool of ["Bash", "Edit", "Write", "NotebookEdit"]) expect(tools).not.toContain(tool);
});

test("what another Claude Code sets for its children is not passed on", () => {
  const env = {
    CLAUDECODE: "1",
    CLAUDE_CODE_SESSION_ID: "x",
    CLAUDE_CONFIG_DIR: "/c",
    PATH: "/bin",
  };
  const given = modeEnv(env, "guarded", false);
  expect(given).toMatchObject({ CLAUDE_CONFIG_DIR: "/c", PATH: "/bin" });
  expect(Object.keys(given)).not.toContain("CLAUDECODE");
  expect(Object.keys(given)).not.toContain("CLAUDE_CODE_SESSION_ID");
});

const context = (change: object, session: object = {}): SessionContext =>
  ({
    how: "new",
    backend: { home: "/home/me/.skein" },
    ...change,
    session: {
      id: "ses_1",
      model: null,
      effort: null,
      permissions: "guarded",
      providerSessionId: null,
      forkFrom: null,
      ...session,
    },
  }) as SessionContext;

test("a conversation is named after its session, so that a repeated start makes no second one", () => {
  const first = conversationOf(context({}));
  expect(first).toEqual(conversationOf(context({})));
  expect(conversationOf(context({ how: "resume" }, { providerSessionId: "p" }))).toEqual({
    how: "resume",
    id: "p",
  });
  const fork = conversationOf(context({ how: "fork" }, { forkFrom: "p" }));
  expect(fork).toEqual({ how: "fork", id: first.id, from: "p" });
  const argv = argvOf(["claude"], context({}, { model: "-x", effort: "high" }), fork);
  expect(argv.join(" ")).toContain(
    `--model=-x --effort=high --resume p --fork-session --session-id ${first.id}`,
  );
});

test("a refusal that has another way in is tried once more, any other is told", () => {
  const resume = { how: "resume", id: "p" } as const;
  const fresh = { how: "new", id: "p" } as const;
  const gone = "No conversation found with session ID: p";
  const used = "Error: Session ID p is already in use.";
  expect(secondTry(resume, gone)).toMatchObject({ conversation: fresh });
  expect(secondTry(fresh, used)).toEqual({ conversation: resume, warning: null });
  expect(secondTry(fresh, gone)).toBeNull();
  expect(secondTry(resume, used)).toBeNull();
  expect(refusalOf(resume, used, 1).message).toContain("already in use");
  expect(refusalOf(fresh, "", null).message).toBe("Claude Code ended before it was ready.");
});

test("login is read from the account that the CLI tells of", () => {
  const login = (account: Json) => readLogin({ account }).login;
  expect(
    login({ tokenSource: "none", apiKeySource: "ANTHROPIC_API_KEY", apiProvider: "firstParty" }),
  ).toBe("api-key");
  expect(login({ tokenSource: "claude.ai", email: "a@b.c" })).toBe("logged-in");
  expect(login({ tokenSource: "none", apiProvider: "firstParty" })).toBe("logged-out");
  expect(login({ tokenSource: "none", apiProvider: "bedrock" })).toBe("unknown");
  expect(login({})).toBe("unknown");
  expect(
    readModels({ models: [{ value: "default", resolvedModel: "m" }, { value: "m" }, {}] }).map(
      (one) => one.id,
    ),
  ).toEqual(["default", "m"]);
});

test("no line, however odd, makes the reading throw", () => {
  const odd = [
    "",
    "null",
    "3",
    '"x"',
    "[1]",
    "{",
    '{"type":7}',
    '{"type":"system"}',
    '{"type":"control_request"}',
    '{"type":"control_response","response":null}',
    '{"type":"result","usage":[]}',
    '{"type":"stream_event","event":3}',
    '{"type":"assistant","message":{"content":[null,3,{"type":"tool_use"}]}}',
  ];
  for (const text of odd) expect(readLine(text)).toHaveProperty("type");
});
