/** Orders in which the real TUI (2.1.197) wrote its lines on a busy machine, line for line; their contents are shortened. */
import type { Fact } from "@skein/sdk";
import { expect, test } from "vitest";
import { brief } from "../recordings/replay.testkit.ts";
import { onHook } from "./hooks.ts";
import { arrange } from "./order.ts";
import { fromCheckpoint, givenOf, initialState, toCheckpoint, type State } from "./state.ts";
import { chained, stepped, type Settings, type Step } from "./step.ts";
import { onIdle, onLastWords, onLine } from "./transcript.ts";
import { unclaimed } from "./turns.ts";
import { readHook, readPlaced } from "./wire.ts";

const settings: Settings = {
  folder: "/home/dev/project",
  permissions: "guarded",
  model: null,
  pid: 42,
  reserved: null,
  now: 0,
  forkFrom: null,
};

const line = (uuid: string, parentUuid: string | null, more: object): string =>
  JSON.stringify({ uuid, parentUuid, isSidechain: false, ...more });

const prompt = (uuid: string, parent: string | null, promptId: string): string =>
  line(uuid, parent, { type: "user", promptId, message: { role: "user", content: "words" } });
const attachment = (uuid: string, parent: string, type: string): string =>
  line(uuid, parent, { type: "attachment", attachment: { type } });
const system = (uuid: string, parent: string, subtype: string): string =>
  line(uuid, parent, { type: "system", subtype });
const snapshot = JSON.stringify({ type: "file-history-snapshot", messageId: "m" });
const mode = JSON.stringify({ type: "mode", mode: "normal" });

const said = (uuid: string, parent: string, block: object, message = `msg_${uuid}`): string =>
  line(uuid, parent, {
    type: "assistant",
    message: {
      id: message,
      role: "assistant",
      model: "claude-x",
      stop_reason: "x",
      content: [block],
    },
  });
const words = (uuid: string, parent: string, text: string): string =>
  said(uuid, parent, { type: "text", text });

const hook = (
  event: string,
  more: object,
): { readonly event: string; readonly payload: string } => ({
  event,
  payload: JSON.stringify({ session_id: "s", transcript_path: "/home/dev/s.jsonl", ...more }),
});

type Read = string | ReturnType<typeof hook>;

const take = (state: State, read: Read, at: number): Step => {
  if (typeof read === "string") return onLine(state, readPlaced(read), settings);
  return onHook(state, `${read.event}.${at}.0`, readHook(read.event, read.payload), settings);
};

const play = (reads: readonly Read[], between = (state: State): State => state): Step => {
  const given = { ...givenOf("trn_1", "prm_1", "words"), pasted: true };
  let all: Step = stepped({ ...initialState, given });
  for (const [at, read] of reads.entries())
    all = chained(all, (state) => take(between(state), read, at));
  return all;
};

const told = (facts: readonly Fact[]): string[] =>
  facts
    .filter(({ fact }) => fact !== "provider-session" && fact !== "asked")
    .map((fact) => brief(fact).replace(/ in=.*/, ""));

const started = hook("SessionStart", { source: "startup" });
const taken = hook("UserPromptSubmit", { prompt_id: "p1", prompt: "words" });
const file = { file_path: "/home/dev/project/note.txt", content: "hello\n" };
const write = { type: "tool_use", id: "toolu_1", name: "Write", input: file };
const denied = {
  type: "user",
  promptId: "p1",
  message: {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: "not today" },
    ],
  },
};

/** A first turn: the denial stands before all that was kept until the file was made. */
const denial: readonly Read[] = [
  started,
  taken,
  hook("PermissionRequest", { prompt_id: "p1", tool_name: "Write", tool_input: file }),
  mode,
  attachment("hook", "call", "hook_permission_decision"),
  line("result", "hook", denied),
  snapshot,
  prompt("prompt", null, "p1"),
  attachment("agents", "prompt", "agent_listing_delta"),
  attachment("skills", "agents", "skill_listing"),
  said("call", "skills", write),
  words("answer", "result", "done: not today"),
  hook("Stop", { prompt_id: "p1", last_assistant_message: "done: not today" }),
  system("stop", "answer", "stop_hook_summary"),
  system("end", "stop", "turn_duration"),
];

/** As the answer that was given here leaves it. */
const declined = (state: State): State => {
  const keys = Object.values(state.asks).map((ask) => ask.key);
  return keys.length === 0 ? state : { ...state, asks: {}, declined: keys };
};

const note = "edit add /home/dev/project/note.txt";
const diff = JSON.stringify("@@ -0,0 +1,1 @@\n+hello");
const denialTold = [
  "started ",
  "accepted trn_1",
  `${note} running ${diff}`,
  `${note} declined ${diff}`,
  "message done: not today",
  "ended trn_1 completed",
];

const history = [
  snapshot,
  prompt("old-prompt", null, "p0"),
  words("old-answer", "old-prompt", "one"),
  system("old-stop", "old-answer", "stop_hook_summary"),
  system("old-end", "old-stop", "turn_duration"),
];
const forked = { path: "/home/dev/fork.jsonl" };
const forkTaken = hook("UserPromptSubmit", {
  prompt_id: "p1",
  prompt: "words",
  transcript_path: forked.path,
});
const stopped = hook("Stop", { prompt_id: "p1", last_assistant_message: "2" });
const forkPrompt = prompt("prompt", "old-end", "p1");
const forkAnswer = words("answer", "prompt", "2");
const forkEnd = [
  system("stop", "answer", "stop_hook_summary"),
  system("end", "stop", "turn_duration"),
];

/** A fork's first turn: in order; with its answer first; with its end first; with all of it before the history. */
const forks: readonly (readonly Read[])[] = [
  [forkTaken, mode, ...history, forkPrompt, forkAnswer, stopped, ...forkEnd],
  [forkTaken, stopped, mode, forkAnswer, ...history, forkPrompt, ...forkEnd],
  [forkTaken, stopped, mode, ...forkEnd, ...history, forkPrompt, forkAnswer],
  [forkTaken, stopped, mode, forkAnswer, ...forkEnd, ...history, forkPrompt],
];

const forkTold = ["accepted trn_1", "message 2", "ended trn_1 completed"];

const restarted = (state: State): State =>
  fromCheckpoint(JSON.parse(JSON.stringify(toCheckpoint(state, 1))), 1);

test("a result that stands before its call settles it, before the turn ends", () => {
  expect(told(play(denial, declined).facts)).toEqual(denialTold);
  expect(told(play(denial, (state) => restarted(declined(state))).facts)).toEqual(denialTold);
});

test.each(forks.map((reads, at) => [at, reads] as const))(
  "a fork's first turn is told in its order, however it is written (%i), and its history is not",
  (_, reads) => {
    const { facts, state } = play(reads);
    expect(told(facts)).toEqual(forkTold);
    expect(told(play(reads, restarted).facts)).toEqual(forkTold);
    expect({ held: state.held, young: state.young }).toEqual({ held: [], young: false });
  },
);

test("a turn is not ended while its words wait for the line that they follow", () => {
  const { state, facts } = play([forkTaken, stopped, mode, forkAnswer, ...forkEnd]);
  expect(told(facts)).toEqual(["accepted trn_1"]);
  expect(state.held).toHaveLength(3);
  expect(onIdle(state, { forMs: 29_000, since: 0 }, settings).facts).toEqual([]);
});

test("of a transcript that does not come the hook's word is told, once, and that something may be missing", () => {
  const { state } = play([forkTaken, stopped]);
  const ended = onIdle(state, { forMs: 30_000, since: 0 }, settings);
  expect(ended.facts.map((fact) => brief(fact).replace(/ in=.*/, ""))).toEqual([
    "message 2",
    expect.stringContaining("may be missing"),
    "ended trn_1 completed",
  ]);
  let late: Step = stepped(ended.state);
  for (const text of [...history, forkPrompt, forkAnswer, ...forkEnd])
    late = chained(late, (before) => onLine(before, readPlaced(text), settings));
  expect(late.facts).toEqual([]);
});

test("of a failure whose transcript does not come the hook's word is the error", () => {
  const failed = hook("StopFailure", {
    prompt_id: "p1",
    error: "unknown",
    last_assistant_message: "API Error: 400 no",
  });
  const { state } = play([forkTaken, failed]);
  const ended = onIdle(state, { forMs: 30_000, since: 0 }, settings).facts;
  expect(ended.at(-1)).toMatchObject({
    outcome: "failed",
    error: { message: "API Error: 400 no" },
  });
});

test("what waits for a line that never comes is told when nothing more will come", () => {
  const { state } = play([started, taken, words("answer", "nowhere", "the last words")]);
  expect(told(onLastWords(state, settings).facts)).toEqual(["message the last words"]);
});

test("behind the first line that follows nothing, a gap in the chain holds up nothing", () => {
  const gap = words("later", "never-written", "after a gap");
  const { facts } = play([started, taken, prompt("prompt", null, "p1"), gap]);
  expect(told(facts)).toEqual(["started ", "accepted trn_1", "message after a gap"]);
});

test("a prompt that is awaited is told, whatever it follows", () => {
  const unknown = attachment("hook", "of-another-file", "hook_additional_context");
  const { facts } = play([started, taken, unknown, prompt("prompt", "hook", "p1"), forkAnswer]);
  expect(told(facts)).toEqual(["started ", "accepted trn_1", "message 2"]);
});

test("a prompt that the CLI took, and that was told as a turn from outside when nobody came for it, is not given again", () => {
  const given = { ...givenOf("trn_1", "prm_1", "words"), pasted: true, returned: true };
  const { facts, state } = unclaimed({ ...initialState, given }, "p1", 0);
  expect(facts).toEqual([{ fact: "begun", key: "p1", text: "words" }]);
  expect(state).toMatchObject({ given: null, joined: ["prm_1"] });
});

test("more than a handful of lines waits for nothing", () => {
  const long = readPlaced(words("a", "b", "x".repeat(9 * 1024 * 1024)));
  expect(arrange({ ...initialState, young: true }, long, false).ready).toHaveLength(1);
});
