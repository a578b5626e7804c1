/**
 * What the real TUI (2.1.197) wrote, through the fold: `recordings/talk.ndjson` has its transcript in order, with the hooks where
 * they ran. Every prompt in it was typed by a person.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fact } from "@skein/sdk";
import { expect, test } from "vitest";
import { brief } from "../recordings/replay.testkit.ts";
import { isObject, object, string } from "../wire.ts";
import { grantsFor, onHook } from "./hooks.ts";
import { answeredThere, type Sight } from "./life.ts";
import { plain } from "./plain.ts";
import { seeded } from "./preseed.ts";
import { readHookLine } from "./spool.ts";
import { fromCheckpoint, givenOf, initialState, toCheckpoint, type State } from "./state.ts";
import { chained, stepped, type Settings, type Step } from "./step.ts";
import { onIdle, onTranscript } from "./transcript.ts";
import { literal } from "./typing.ts";
import { readHook, readStatus, readTranscriptLine } from "./wire.ts";

const settings: Settings = {
  folder: "/home/dev/project",
  permissions: "guarded",
  model: null,
  pid: 42,
  reserved: "0b1c5a72-6a3e-4a53-9d6f-2f1f5f3a7b10",
  now: 0,
  forkFrom: null,
};

const lines = readFileSync(join(import.meta.dirname, "recordings", "talk.ndjson"), "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line): unknown => JSON.parse(line))
  .filter(isObject);

const stepLine = (state: State, line: (typeof lines)[number], at: number): Step => {
  const event = string(line["hook"]);
  if (event === null)
    return onTranscript(state, readTranscriptLine(JSON.stringify(line["transcript"])), settings);
  const hook = readHook(event, JSON.stringify(line["payload"]));
  return onHook(state, `${event}.${at}.0`, hook, settings);
};

const replay = (
  from: State = initialState,
  between: (state: State) => State = (state) => state,
) => {
  let all = stepped(from);
  for (const [at, line] of lines.entries())
    all = chained(all, (state) => stepLine(between(state), line, at));
  return all;
};

const told = (facts: readonly Fact[]): string[] =>
  facts.map((fact) => (fact.fact === "begun" ? `begun: ${fact.text}` : brief(fact)));

/** Facts in short, in their order. */
const wanted = [
  "started claude-opus-4-8[1m]",
  "conversation known",
  "begun: SLOW 1",
  "message 1 2 3 4 5 6 7 8 9 10 slow done",
  "ended completed in=1000 out=50 $null",
  "begun: RUN touch aaa",
  'command touch aaa running null ""',
  "asked command: Run: touch aaa (always)",
  "withdrawn: allowed at the terminal",
  'command touch aaa done 0 ""',
  "message done: (Bash completed with no output)",
  "ended completed in=2000 out=100 $null",
  "begun: RUN touch bbb",
  'command touch bbb running null ""',
  "asked command: Run: touch bbb (always)",
  "withdrawn: answered at the terminal",
  'command touch bbb interrupted null ""',
  "ended interrupted in=1000 out=50 $null",
  "begun: RUN touch ccc",
  'command touch ccc running null ""',
  "asked command: Run: touch ccc (always)",
  "withdrawn: allowed at the terminal",
  'command touch ccc done 0 ""',
  "message done: (Bash completed with no output)",
  "ended completed in=2000 out=100 $null",
  "begun: RUN touch ccc",
  'command touch ccc running null ""',
  'command touch ccc done 0 ""',
  "message done: (Bash completed with no output)",
  "ended completed in=2000 out=100 $null",
  "begun: RUN touch ddd",
  'command touch ddd running null ""',
  "asked command: Run: touch ddd (always)",
  "withdrawn: answered at the terminal",
  'command touch ddd failed null "not today"',
  "message done: not today",
  "ended completed in=2000 out=100 $null",
  "begun: ASK Which colour?|red|blue",
  "tool AskUserQuestion running",
  "asked question: Which colour?",
  "withdrawn: answered at the terminal",
  "tool AskUserQuestion done",
  'message done: Your questions have been answered: "Which colour?"="blue". You can now continue with these answers in mind.',
  "ended completed in=2000 out=100 $null",
  "begun: SLOW 20",
  "message 1 2 3 4 5 6 7 8 9 ",
  "ended interrupted in=undefined out=undefined $undefined",
  "begun: RUN touch zzz",
  'command touch zzz running null ""',
  "asked command: Run: touch zzz (always)",
  "withdrawn: answered at the terminal",
  'command touch zzz interrupted null ""',
  "ended interrupted in=1000 out=50 $null",
  "begun: FAIL 400",
  "ended failed api in=undefined out=undefined $undefined",
  "begun: FAIL 401",
  "ended failed login in=undefined out=undefined $undefined",
  "begun: CUT",
  "ended failed cut in=undefined out=undefined $undefined",
  "begun: FAIL 529",
  "ended failed api in=undefined out=undefined $undefined",
  "begun: SLOW 2",
  "message 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 slow done",
  "ended completed in=1000 out=50 $null",
  "begun: SAY steered",
  "message steered",
  "ended completed in=1000 out=50 $null",
  "begun: RUN sleep 1.5",
  'command sleep 1.5 running null ""',
  'command sleep 1.5 done 0 ""',
  "user 068ac593-3e92-4bd9-93d5-8fda5ae08813 (outside): SAY steered",
  "message done: (Bash completed with no output)",
  "ended completed in=2000 out=100 $null",
];

test("the real program's words become the turns that they were", () => {
  const facts = told(replay().facts).map((line) => line.replace(/ended [0-9a-f-]+/, "ended"));
  expect(facts).toEqual(wanted);
});

test("what the conversation will be called is said at the start, and told as its id with its first words", () => {
  const { reserved } = settings;
  expect(replay().facts[0]).toMatchObject({ fact: "started", providerSessionId: null, reserved });
  const resumed = replay({ ...initialState, conversation: "old" }).facts[0];
  expect(resumed).toMatchObject({ fact: "started", providerSessionId: "old", reserved: null });
});

test("a daemon that dies after any line, and one that comes after it, tell the same", () => {
  const through = (state: State): State => {
    const stored: unknown = JSON.parse(JSON.stringify(toCheckpoint(state, 3)));
    return fromCheckpoint(stored, 3);
  };
  expect(replay(initialState, through).facts).toEqual(replay().facts);
});

test("no turn is left open, and nothing is held, when all is read", () => {
  const { turn, asks, tools, next } = replay().state;
  expect({ turn, asks, tools, next }).toEqual({ turn: null, asks: {}, tools: {}, next: [] });
});

test("a prompt that was handed over is known by its words, whatever the input line makes of them", () => {
  const given = { ...givenOf("trn_1", "prm_1", "RUN\ttouch  aaa \u001b[31m"), pasted: true };
  const first = lines.findIndex(({ payload }) => object(payload)["prompt"] === "RUN touch aaa");
  const after = stepLine({ ...initialState, given }, lines[first]!, first);
  expect(told(after.facts)).toEqual(["conversation known", "accepted trn_1"]);
});

test("idle without a word in the transcript ends a turn, but not while words must still come", () => {
  const begun = lines.findIndex(({ hook }) => hook === "UserPromptSubmit");
  const { state } = stepLine(initialState, lines[begun]!, begun);
  const turn = { ...state.turn!, seen: true };
  const outcome = (change: Partial<typeof turn>, forMs: number, since = 0): string[] =>
    told(onIdle({ ...state, turn: { ...turn, ...change } }, { forMs, since }, settings).facts);
  const [completed, interrupted] = [
    `ended ${turn.id} completed in=undefined out=undefined $undefined`,
    `ended ${turn.id} interrupted in=undefined out=undefined $undefined`,
  ];
  // Interrupted before the first word; on a machine that took 4 s to bring the prompt; after a word.
  expect(outcome({ interrupting: true }, 300)).toEqual([]);
  expect(outcome({ interrupting: true }, 500)).toEqual([interrupted]);
  expect(outcome({ interrupting: true, lag: 4_000 }, 3_900)).toEqual([]);
  expect(outcome({ interrupting: true, lag: 4_000 }, 4_000)).toEqual([interrupted]);
  expect(outcome({ interrupting: true, spoke: true }, 29_000)).toEqual([]);
  expect(outcome({ interrupting: true, seen: false }, 29_000)).toEqual([]);
  // At the terminal.
  expect(outcome({}, 4_900)).toEqual([]);
  expect(outcome({}, 5_000)).toEqual([interrupted]);
  // Idle since before the prompt is no news, however long.
  expect(outcome({ at: 10 }, 60_000, 9)).toEqual([]);
  expect(outcome({ at: 10 }, 5_000, 10)).toEqual([interrupted]);
  // The hook Stop alone ends nothing: what it said is still to come.
  expect(outcome({ over: "stop" }, 29_000)).toEqual([]);
  expect(outcome({ over: "stop", allSaid: true }, 1_400)).toEqual([]);
  expect(outcome({ over: "stop", allSaid: true }, 1_500)).toEqual([completed]);
});

test("a request is answered at the terminal when its dialog was seen, and is gone for a while", () => {
  const sight: Sight = { idleSince: null, since: 0, about: null, shown: "", goneSince: null };
  const asking = (...names: string[]): State => ({
    ...initialState,
    asks: Object.fromEntries(names.map((name) => [name, { tool: "", key: "", refused: false }])),
  });
  const look = (state: "busy" | "waiting", at: number, ...names: string[]) =>
    answeredThere(sight, asking(...names), { state, waitingFor: null, since: 0 }, at);
  // The hook has come, the dialog not yet, however long that takes.
  expect([look("busy", 0, "one"), look("busy", 60_000, "one")]).toEqual([[], []]);
  expect(look("waiting", 61_000, "one")).toEqual([]);
  expect([look("busy", 62_000, "one"), look("busy", 66_900, "one")]).toEqual([[], []]);
  // Another one asks: its dialog is still to come.
  expect(look("busy", 67_000, "one", "two")).toEqual([]);
  expect([look("waiting", 68_000, "one", "two"), look("busy", 69_000, "one", "two")]).toEqual([
    [],
    [],
  ]);
  expect(look("busy", 74_000, "one", "two")).toEqual(["one", "two"]);
});

test("no line, hook or status, however odd, makes the reading throw", () => {
  const odd = ["", "null", "3", "[]", "{}", '{"type":"user"}', '{"type":"assistant","message":3}'];
  for (const text of [...odd, '{"type":"user","message":{"content":[{"type":"tool_result"}]}}']) {
    expect(
      stepped(onTranscript(initialState, readTranscriptLine(text), settings).state).facts,
    ).toEqual([]);
    for (const event of ["SessionEnd", "UserPromptSubmit", "PermissionRequest", "Stop"])
      onHook(initialState, "x.1.0", readHook(event, text), settings);
    expect(readStatus(text)).toBeNull();
  }
  for (const line of ["", "../x.1.0", "Stop.1", "Stop.1.0 ", "Stop.1.0/..", "hook.sh"])
    expect(readHookLine(line)).toBeNull();
  expect(readHookLine("Stop.17.2")).toEqual({ event: "Stop", name: "Stop.17.2" });
});

test.each([
  ["plain words", "plain words"],
  ["!ls", " !ls"],
  ["#note", " #note"],
  ["/compact", " /compact "],
  ["look at @src", "look at @src "],
  ["ends with \\", "ends with \\ "],
  ["a\u001b[201~b\u0003c\r\nd\te", "abc\nd\te"],
  ["\u001b]0;title\u0007text", "text"],
])("%j is typed as %j", (prompt, typed) => {
  expect(literal(prompt)).toBe(typed);
  expect(plain(typed)).toBe(typed);
});

test("always grants the very command, and no pattern that would let others pass", () => {
  const ask = (command: string) => ({
    type: "ask" as const,
    request: "r",
    tool: "Bash",
    input: { command },
    toolUse: null,
    description: null,
    reason: null,
    suggestions: [{ type: "setMode", mode: "acceptEdits", destination: "session" }],
  });
  expect(grantsFor(ask("make test"), "/home/dev/project")).toEqual([
    {
      type: "addRules",
      rules: [{ toolName: "Bash", ruleContent: "make test" }],
      behavior: "allow",
      destination: "session",
    },
  ]);
  for (const command of ["rm *", "npm run:*", "one\ntwo", ""])
    expect(grantsFor(ask(command), "/home/dev/project")).toEqual([]);
});

test("only what is missing is added to a person's configuration", () => {
  const whole = {
    hasCompletedOnboarding: true,
    projects: { "/w": { hasTrustDialogAccepted: true } },
  };
  expect(seeded(whole, "/w", undefined)).toBe(whole);
  expect(seeded({}, "/w", undefined)).toEqual(whole);
  const keyed = seeded(whole, "/w", "sk-the-end-is-twenty-chars");
  expect(keyed).toEqual({
    ...whole,
    customApiKeyResponses: { approved: ["he-end-is-twenty-chars".slice(-20)], rejected: [] },
  });
  expect(seeded(keyed, "/w", "sk-the-end-is-twenty-chars")).toBe(keyed);
});
