import { expect, test } from "vitest";
import { initialState } from "./state.ts";
import { giving, outstanding } from "./translate.ts";
import {
  brief,
  linesOf,
  replay,
  replayLines,
  settings,
  stepLine,
  throughCheckpoint,
} from "./recordings/replay.testkit.ts";

const story = (name: string): readonly string[] => replay(name).facts.map(brief);
const recordings = [
  "talk",
  "edits",
  "commands",
  "question",
  "plan",
  "interrupts",
  "failures",
  "logged-out",
  "steer",
  "background",
  "subagent",
];
const one = "$0.0065375";
const file = "/home/dev/project/notes.txt";

test("turns of words: accepted, said, ended, each with its own share of the growing sums", () => {
  expect(story("talk")).toEqual([
    "started claude-opus-4-8[1m]",
    "accepted trn_1",
    "message PONG",
    "conversation known",
    `ended trn_1 completed in=1000 out=50 ${one}`,
    "accepted trn_2",
    "reasoning deep",
    "message thought",
    `ended trn_2 completed in=1000 out=50 ${one}`,
    // A slash command is answered without a model, and without an echo of the prompt.
    "accepted trn_3",
    "message Unknown command: /nope",
    "ended trn_3 completed in=0 out=0 $0",
    "accepted trn_4",
    "message 4",
    `ended trn_4 completed in=1000 out=50 ${one}`,
  ]);
});

test("live words carry the id of the item that they become, and are all of it", () => {
  const { facts, live } = replay("talk");
  const settled = facts.flatMap((fact) =>
    fact.fact === "item" && (fact.body.kind === "message" || fact.body.kind === "reasoning")
      ? [{ item: fact.id, kind: fact.body.kind, text: fact.body.text }]
      : [],
  );
  // The answer of the slash command did not stream.
  expect(live).toEqual(settled.filter((item) => !item.text.startsWith("Unknown command")));
});

test("an edit is asked, shown with what it does, and ends as what it did", () => {
  const edits = story("edits").filter((line) => /^(?:edit|asked|withdrawn)/.test(line));
  expect(edits).toEqual([
    `edit add ${file} running "@@ -0,0 +1,1 @@\\n+hello"`,
    `asked edit: Write ${file} (always)`,
    `edit add ${file} done "@@ -0,0 +1,1 @@\\n+hello"`,
    `edit add ${file} running "@@ -0,0 +1,1 @@\\n+other"`,
    `asked edit: Write ${file} (always)`,
    `edit add ${file} declined "@@ -0,0 +1,1 @@\\n+other"`,
    `edit update ${file} running "@@ -1,1 +1,1 @@\\n-hello\\n+goodbye"`,
    `asked edit: Edit ${file} (always)`,
    `edit update ${file} done "@@ -1,1 +1,1 @@\\n-hello\\n+goodbye"`,
    `edit add /home/dev/project/more.txt running "@@ -0,0 +1,1 @@\\n+unasked"`,
    `edit add /home/dev/project/more.txt done "@@ -0,0 +1,1 @@\\n+unasked"`,
  ]);
});

test("a command ends with its code and output, or declined with neither", () => {
  const failing = "sh -c 'echo out; echo err >&2; exit 3'";
  expect(story("commands").filter((line) => /^(?:command|asked)/.test(line))).toEqual([
    'command touch one running null ""',
    "asked command: Run: touch one (always)",
    'command touch one done 0 ""',
    'command touch two running null ""',
    "asked command: Run: touch two (always)",
    'command touch two declined null ""',
    `command ${failing} running null ""`,
    `asked command: Run: ${failing} (always)`,
    `command ${failing} failed 3 "out\\nerr"`,
    'command echo harmless running null ""',
    'command echo harmless done 0 "harmless"',
  ]);
});

test("a question and a plan wait for a person, and cannot be granted for good", () => {
  const asked = [...replay("question").facts, ...replay("plan").facts].filter(
    (fact) => fact.fact === "asked",
  );
  expect(asked.map((fact) => [fact.canAlways, fact.approval])).toEqual([
    [
      false,
      {
        kind: "question",
        questions: [
          {
            id: "1",
            question: "Which colour?",
            header: "Question",
            options: [
              { label: "red", description: "Choose red" },
              { label: "blue", description: "Choose blue" },
            ],
            many: false,
            free: true,
          },
        ],
      },
    ],
    [false, { kind: "plan", plan: "Do it" }],
  ]);
});

test("an interrupt ends a turn that speaks, one that is silent, and one that waits for a decision", () => {
  expect(story("interrupts").filter((line) => /^(?:ended|withdrawn|command)/.test(line))).toEqual([
    "ended trn_1 interrupted in=0 out=0 $0",
    "ended trn_2 interrupted in=0 out=0 $0",
    'command touch pending running null ""',
    "withdrawn: the agent withdrew it",
    'command touch pending interrupted null ""',
    `ended trn_3 interrupted in=1000 out=50 ${one}`,
  ]);
});

test("every failure gets its kind, none is taken for a success, and the next turn is not touched by it", () => {
  const ended = story("failures").filter((line) => line.startsWith("ended"));
  expect(ended.map((line) => line.split(" ").slice(1, 4).join(" "))).toEqual([
    "trn_1 failed api",
    "trn_2 failed login",
    "trn_3 failed model",
    "trn_4 failed limit",
    "trn_5 failed api",
    "trn_6 completed in=1000",
    "trn_7 failed cut",
    "trn_8 failed cut",
    "trn_9 failed login",
    "trn_10 completed in=1000",
  ]);
  expect(story("logged-out").at(-1)).toMatch(/^ended trn_1 failed login/);
});

test("a login that fails is not tried ten times: the run is ended at the first retry", () => {
  expect(replay("failures").orders).toEqual([{ order: "interrupt", turn: "trn_9" }]);
});

test("words that steer are part of their turn, whether a tool took them or they came too late for one", () => {
  const lines = story("steer").filter((line) => /^(?:user|ended|message)/.test(line));
  expect(lines).toEqual([
    "user prm_steer_trn_1 (steer): COUNT",
    "message PONG",
    "ended trn_1 completed in=2000 out=100 $0.013075",
    "message 1 2 3 4 5 6 7 8 9 10 slow done",
    "user prm_steer_trn_2 (steer): COUNT",
    "message 3",
    "ended trn_2 completed in=2000 out=100 $0.013075",
  ]);
});

test("a run of the agent's own ends no turn, and what it used is counted once, with the next", () => {
  const turns = story("background").filter((line) => /^(?:accepted|ended)/.test(line));
  expect(turns).toEqual([
    "accepted trn_1",
    "ended trn_1 completed in=2000 out=100 $0.013075",
    "accepted trn_2",
    "ended trn_2 completed in=2000 out=100 $0.013075",
  ]);
});

test("a prompt that is given while the agent starts a run of its own is accepted when its echo comes", () => {
  const lines = linesOf("background");
  const own = lines.findIndex((line) => line.includes('"task_notification"'));
  const prompt = lines.findIndex((line) => line.includes('"turn":"trn_2"'));
  const early = [...lines];
  early.splice(own + 1, 0, ...early.splice(prompt, 1));
  const turns = replayLines(early)
    .facts.map(brief)
    .filter((line) => /^(?:accepted|ended)/.test(line));
  expect(turns).toEqual([
    "accepted trn_1",
    "ended trn_1 completed in=2000 out=100 $0.013075",
    "accepted trn_2",
    "ended trn_2 completed in=2000 out=100 $0.013075",
  ]);
});

test("a subagent's commands are told and its tokens counted, but not its words", () => {
  const { facts } = replay("subagent");
  expect(facts.map(brief)).toContain('command touch below done 0 ""');
  expect(facts.filter((fact) => fact.fact === "item" && fact.body.kind === "message")).toHaveLength(
    1,
  );
  expect(story("subagent").at(-1)).toBe("ended trn_1 completed in=4000 out=200 $0.02615");
});

test.each(recordings)("%s: a daemon that dies after any line goes on as if it had not", (name) => {
  const lines = linesOf(name);
  const whole = replay(name);
  for (let cut = 0; cut <= lines.length; cut += 1) {
    const before = replayLines(lines.slice(0, cut));
    const after = replayLines(lines.slice(cut), throughCheckpoint(before.state));
    // Steering words come back from their echo; everything else is the same fact for fact.
    expect([...before.facts, ...after.facts]).toEqual(whole.facts);
  }
});

test.each(recordings)("%s: what is remembered stays small", (name) => {
  let state = initialState;
  for (const [at, line] of linesOf(name).entries()) {
    state = stepLine(state, line, at).state;
    expect(JSON.stringify(throughCheckpoint(state)).length).toBeLessThan(4_096);
  }
});

test("a megabyte that is being written does not fill the checkpoint", () => {
  const input = { file_path: "big", content: "x".repeat(1_000_000) };
  const content = [{ type: "tool_use", id: "toolu_1", name: "Write", input }];
  const line = JSON.stringify({ type: "assistant", message: { id: "msg_1", model: "m", content } });
  const { state, facts } = stepLine(initialState, line, 0);
  expect(JSON.stringify(facts).length).toBeGreaterThan(1_000_000);
  expect(JSON.stringify(state).length).toBeLessThan(100_000);
});

test("what is not known, half, or no JSON changes nothing, and rubbish is told only three times", () => {
  const strange = [
    '{"type":"new_thing","x":1}',
    '{"type":"assistant"}',
    '{"type":"user"}',
    "[]",
    "",
  ];
  const odd = replayLines([...strange, '{"type":"system","subtype":"later"}', '{"type":"result"}']);
  expect(odd.facts.map(brief)).toEqual([
    "notice: Claude Code wrote a line that is no JSON; it was left out.",
  ]);
  const rubbish = replayLines(Array.from({ length: 10 }, () => "{half"));
  expect(rubbish.facts).toHaveLength(3);
});

test("in read-only mode a tool is refused without asking anyone, a question is still asked", () => {
  const ask = (tool: string) =>
    JSON.stringify({
      type: "control_request",
      request_id: `r-${tool}`,
      request: { subtype: "can_use_tool", tool_name: tool, input: {}, tool_use_id: `t-${tool}` },
    });
  const readOnly = { ...settings, permissions: "read-only" as const };
  const tools = ["mcp__tickets__close", "Bash", "Read", "AskUserQuestion"];
  const { facts, orders, state } = replayLines(tools.map(ask), initialState, readOnly);
  expect(facts.flatMap((fact) => (fact.fact === "asked" ? [fact.request] : []))).toEqual([
    "r-Read",
    "r-AskUserQuestion",
  ]);
  expect(orders.map((order) => order.order === "refuse" && order.request)).toEqual([
    "r-mcp__tickets__close",
    "r-Bash",
  ]);
  // A daemon that died before it could say no says it when it is back.
  expect(outstanding(throughCheckpoint(state))).toEqual(orders);
});

test("words of a steered turn that is interrupted are ended too", () => {
  const given = { uuid: "u1", prompt: "prm_1", text: "SLOW" };
  const turn = giving(initialState, "trn_1", 0, given);
  const lines = [
    '{"type":"system","subtype":"init"}',
    '{"type":"user","uuid":"u1","isReplay":true,"message":{"content":"SLOW"}}',
    '{"skein":"steer","uuid":"u2","prompt":"prm_2","text":"more"}',
    '{"skein":"interrupt"}',
    '{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":2,"terminal_reason":"aborted_streaming"}',
    '{"type":"system","subtype":"init"}',
  ];
  const first = replayLines(lines, turn);
  expect(first.orders).toEqual([{ order: "interrupt", turn: "trn_1" }]);
  expect(first.facts.map(brief).some((line) => line.startsWith("ended"))).toBe(false);
  const rest = [
    '{"type":"user","uuid":"u2","isReplay":true,"message":{"content":"more"}}',
    '{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":2,"terminal_reason":"aborted_streaming"}',
  ];
  expect(replayLines(rest, first.state).facts.map(brief).at(-1)).toMatch(
    /^ended trn_1 interrupted/,
  );
});
