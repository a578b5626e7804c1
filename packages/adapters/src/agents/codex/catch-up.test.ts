import { describe, expect, test } from "vitest";
import { catchUp, dropUnheard, skipHistory } from "./catch-up.ts";
import type { ThreadItem, ThreadStatus, Turn } from "./generated/protocol.ts";
import { brief, replay } from "./replay.testkit.ts";
import { freshState, readCheckpoint, restoreState, writeCheckpoint, type State } from "./state.ts";
import { foldRequest, foldWord } from "./translate.ts";
import { NO_TOKENS } from "./usage.ts";

const life = { server: { pid: 7, started: "99" }, started: true };
/** What the next daemon begins with. */
const restarted = (state: State): State => {
  const written = readCheckpoint(JSON.parse(JSON.stringify(writeCheckpoint(state, life))));
  if (written === null) throw new Error("The checkpoint cannot be read.");
  return restoreState(written);
};

const message = (id: string, text: string) =>
  ({ type: "agentMessage", id, text, completedAtMs: 1 }) as unknown as ThreadItem;
const prompt = (id: string, turn: string) =>
  ({
    type: "userMessage",
    id,
    clientId: `skein:turn:${turn}`,
    content: [],
    completedAtMs: 1,
  }) as unknown as ThreadItem;
const command = (id: string, status: string) =>
  ({
    type: "commandExecution",
    id,
    command: "make",
    cwd: "/",
    status,
    aggregatedOutput: null,
    exitCode: null,
    completedAtMs: status === "inProgress" ? null : 1,
  }) as unknown as ThreadItem;
const turn = (id: string, status: Turn["status"], ...items: ThreadItem[]) =>
  ({ id, status, items, error: null }) as unknown as Turn;

const idle: ThreadStatus = { type: "idle" };
const active: ThreadStatus = { type: "active", activeFlags: [] };
const fresh = freshState("t", NO_TOKENS);
const catchPage = (state: State, turns: Turn[], status: ThreadStatus = idle) =>
  catchUp(state, { turns, status, totals: null });

describe("after a restart", () => {
  test("a turn that began and ended unseen is told whole, with the tokens that the disk knows", () => {
    const totals = { input: 100, cached: 10, cacheWrite: 5, output: 7, reasoning: 1 };
    const turns = [turn("v", "completed", prompt("u", "trn_1"), message("m", "hi"))];
    const { facts } = catchUp(restarted(fresh), { turns, status: idle, totals });
    expect(facts.map(brief)).toEqual(["accepted trn_1", "message: hi", "ended trn_1 completed"]);
    expect(facts.at(-1)).toMatchObject({ usage: { inputTokens: 85, outputTokens: 7 } });
  });

  test("nothing is told twice: what was recorded stays told, whatever order it comes in", () => {
    const first = [prompt("u", "trn_1"), message("a", "1"), command("c", "inProgress")];
    const before = catchPage(fresh, [turn("v", "inProgress", ...first)], active);
    expect(before.facts.map(brief)).toEqual(["accepted trn_1", "message: 1", "command running"]);
    const later = [
      prompt("u", "trn_1"),
      message("a", "1"),
      message("b", "2"),
      command("c", "completed"),
    ];
    const after = catchPage(restarted(before.state), [turn("v", "completed", ...later)]);
    expect(after.facts.map(brief)).toEqual(["message: 2", "command done", "ended trn_1 completed"]);
  });

  test("an item that was in progress is found again, even before those that were told", () => {
    const first = [prompt("u", "trn_1"), command("c", "inProgress"), message("a", "1")];
    const before = catchPage(fresh, [turn("v", "inProgress", ...first)], active);
    const again = [prompt("u", "trn_1"), message("a", "1"), command("c", "inProgress")];
    const between = catchPage(restarted(before.state), [turn("v", "inProgress", ...again)], active);
    expect(between.facts).toEqual([]);
    const last = [prompt("u", "trn_1"), command("c", "completed"), message("a", "1")];
    const after = catchPage(restarted(between.state), [turn("v", "completed", ...last)]);
    expect(after.facts.map(brief)).toEqual(["command done", "ended trn_1 completed"]);
  });

  test("a command that went on behind a completed turn still gets its end", () => {
    const running = catchPage(
      fresh,
      [turn("v", "inProgress", prompt("u", "trn_1"), command("c", "inProgress"))],
      active,
    );
    const over = catchPage(running.state, [
      turn("v", "completed", prompt("u", "trn_1"), command("c", "inProgress")),
    ]);
    const ended = { ...over.state, running: running.state.running };
    const after = catchPage(restarted(ended), [
      turn("v", "completed", prompt("u", "trn_1"), command("c", "completed")),
    ]);
    expect(after.facts.map(brief)).toEqual(["command done"]);
  });

  test("a prompt that was on its way is found by its mark, and only then accepted", () => {
    const handed = { ...restarted(fresh), handed: { turn: "trn_1" } };
    expect(catchPage(handed, []).facts).toEqual([]);
    const found = catchPage(handed, [turn("v", "inProgress", prompt("u", "trn_1"))], active);
    expect(found.facts.map(brief)).toEqual(["accepted trn_1"]);
    expect(found.state.handed).toBeNull();
  });

  test("a turn that is nowhere any more ended with its server", () => {
    const begun = catchPage(fresh, [turn("v", "inProgress", prompt("u", "trn_1"))], active);
    expect(catchPage(restarted(begun.state), []).facts.map(brief)).toEqual([
      "ended trn_1 interrupted",
    ]);
  });

  test("the past of a copied or resumed conversation is no news", () => {
    const past = [turn("v", "completed", prompt("u", "trn_1"), message("m", "old"))];
    expect(catchPage(skipHistory(fresh, past), past).facts).toEqual([]);
  });
});

describe("words that broke off while the connection was cut", () => {
  const answer = `${Array.from({ length: 40 }, (_, index) => index + 1).join(" ")} slow done`;

  test("come before what was said instead, which nobody heard begin", () => {
    const all = replay("broken-off");
    expect(all.facts.map(brief)).toEqual([
      "accepted trn_1",
      expect.stringMatching(/^message: 1 2 3 (\d+ )*$/),
      `message: ${answer}`,
      "ended trn_1 completed",
    ]);
  });

  const speaking = foldWord(
    catchPage(fresh, [turn("v", "inProgress", prompt("u", "trn_1"))], active).state,
    {
      method: "item/started",
      params: { turnId: "v", item: { type: "agentMessage", id: "a", text: "" } },
    },
  );
  const broken = foldWord(speaking.state, {
    method: "item/agentMessage/delta",
    params: { turnId: "v", itemId: "a", delta: "1 2" },
  }).state;

  test("come before what the history has instead", () => {
    const turns = [turn("v", "completed", prompt("u", "trn_1"), message("b", "1 2 3"))];
    expect(catchPage(broken, turns).facts.map(brief)).toEqual([
      "message: 1 2",
      "message: 1 2 3",
      "ended trn_1 completed",
    ]);
  });

  test("may still be said: no history has words that are not whole", () => {
    const still = catchPage(broken, [turn("v", "inProgress", prompt("u", "trn_1"))], active);
    expect(still.facts).toEqual([]);
    const item = message("a", "1 2 3");
    const whole = foldWord(still.state, {
      method: "item/completed",
      params: { turnId: "v", item },
    });
    expect(whole.facts.map(brief)).toEqual(["message: 1 2 3"]);
  });
});

describe("a question over a restart", () => {
  const asking = replay("late-before");

  test("is asked again by the server and not told again; its edit is known, its answer ends it", () => {
    const all = replay("late-after", restarted(asking.state));
    expect(all.facts.map(brief)).toEqual(["edit done", "message: end", "ended trn_23 completed"]);
  });

  test("is told with its diff when the last daemon had not recorded it", () => {
    const all = replay("late-after", { ...restarted(asking.state), unheard: new Set() });
    expect(all.facts[0]).toMatchObject({
      fact: "asked",
      approval: { kind: "edit", changes: [{ path: "/home/me/project/late.txt", diff: "one\n" }] },
    });
  });

  test("is withdrawn when the server no longer asks", () => {
    const state = restarted(asking.state);
    expect([...state.unheard]).toEqual(["7"]);
    expect(dropUnheard(state).facts.map(brief)).toEqual(["withdrawn 7"]);
    const gone = catchUp(state, { turns: [], status: idle, totals: null });
    expect(gone.facts.map(brief)).toContain("withdrawn 7");
  });

  test("keeps its key", () => {
    const params = { threadId: "t", itemId: "i", turnId: "v", command: "ls" };
    const request = { id: 7, method: "item/commandExecution/requestApproval", params };
    expect(foldRequest(restarted(asking.state), request)?.facts).toEqual([]);
  });
});

test("a checkpoint of another version is not guessed at", () => {
  expect(readCheckpoint({ version: 2, thread: "t" })).toBeNull();
  expect(readCheckpoint(null)).toBeNull();
});
