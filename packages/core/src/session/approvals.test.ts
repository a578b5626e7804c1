import type { Question } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { asks, exited, idleLife, message, started, workingLife } from "./testkit/life.ts";

const question = (over: Partial<Question> = {}): Question => ({
  id: "q1",
  question: "Which one?",
  header: null,
  options: [
    { label: "red", description: null },
    { label: "blue", description: null },
  ],
  many: false,
  free: false,
  ...over,
});

const asked = (...questions: Question[]) => {
  const life = workingLife();
  life.facts(asks("r1", { kind: "question", questions }));
  return life;
};

const first = (life: ReturnType<typeof workingLife>): string => life.open()[0] ?? "none";

describe("an approval", () => {
  test("is asked for once, and the session waits for it", () => {
    const life = workingLife();
    life.facts(asks("r1"), asks("r1"));
    expect(life.doing()).toBe("waiting for approval");
    expect(life.status().reason).toBe("Run: r1");
    expect(life.view().approvals).toEqual(life.open());
    expect(life.events("approval.requested")).toMatchObject([
      { request: "r1", approval: { turn: life.turn(), generation: 1, state: "open" } },
    ]);
  });

  test("that was decided is not asked for again when its words are read again", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    life.resolve(first(life), "allow");
    life.facts(asks("r1"));
    expect(life.open()).toEqual([]);
    expect(life.effects("agent.answer").length).toBe(1);
  });

  test("of another generation may have the same key", () => {
    const life = workingLife();
    life.facts(asks("r1"), exited());
    life.send("two");
    life.facts(started());
    life.accept();
    life.facts(asks("r1"));
    expect(life.open().length).toBe(1);
  });

  test("is decided once: the first one wins, the agent is told", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    const id = first(life);
    life.as("ann");
    life.resolve(id, "allow");
    expect(life.doing()).toBe("working");
    expect(life.effects("agent.answer")).toMatchObject([
      { approval: id, request: "r1", resolution: { decision: "allow", by: "ann" } },
    ]);
    expect(life.resolve(id, "deny")).toMatchObject({
      ok: false,
      problem: { code: "already_resolved" },
    });
    expect(life.effects("agent.answer").length).toBe(1);
  });

  test("leaves the session waiting for the next one", () => {
    const life = workingLife();
    life.facts(asks("r1"), asks("r2"));
    expect(life.status().reason).toBe("Run: r1");
    life.resolve(first(life), "deny");
    expect(life.status().reason).toBe("Run: r2");
    life.resolve(first(life), "deny");
    expect(life.doing()).toBe("working");
  });

  test("withdrawn by the agent has expired; withdrawn after its decision stays decided", () => {
    const life = workingLife();
    life.facts(asks("r1"), asks("r2"));
    life.facts({ fact: "withdrawn", request: "r1", reason: "changed its mind" });
    expect(life.events("approval.expired")).toMatchObject([{ reason: "changed its mind" }]);
    life.resolve(first(life), "allow");
    life.facts({ fact: "withdrawn", request: "r2", reason: "too late" });
    life.facts({ fact: "withdrawn", request: "r9", reason: "never asked" });
    expect(life.events("approval.expired").length).toBe(1);
    expect(life.doing()).toBe("working");
  });

  test("outside a turn makes an idle session wait, and idle again when it is withdrawn", () => {
    const life = idleLife();
    life.facts(asks("r1"));
    expect(life.doing()).toBe("waiting for approval");
    life.facts({ fact: "withdrawn", request: "r1", reason: "x" });
    expect(life.doing()).toBe("idle");
  });

  test("expires with its turn", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    const id = first(life);
    life.finish();
    expect(life.events("approval.expired")).toMatchObject([
      { approval: id, reason: "its turn ended" },
    ]);
    expect(life.resolve(id, "allow")).toMatchObject({ ok: false });
    expect(life.doing()).toBe("idle");
  });

  test("expires with its process, in a turn or not", () => {
    const inTurn = workingLife();
    inTurn.facts(asks("r1"), exited());
    expect(inTurn.events("approval.expired").length).toBe(1);
    const outside = idleLife();
    outside.facts(asks("r1"), exited());
    expect(outside.events("approval.expired")).toMatchObject([
      { reason: "the agent's process ended" },
    ]);
  });

  test("decided just before the process died stays decided, and the turn has failed", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    life.resolve(first(life), "allow");
    life.facts(exited());
    expect(life.events("approval.resolved").length).toBe(1);
    expect(life.events("approval.expired")).toEqual([]);
    expect(life.view().lastTurn?.outcome).toBe("failed");
  });

  test("is no longer what the session waits for once its turn is interrupted", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    life.interrupt();
    expect(life.doing()).toBe("working");
    life.facts(message("m1"));
    expect(life.doing()).toBe("working");
    life.finish({ outcome: "interrupted" });
    expect(life.open()).toEqual([]);
  });

  test("beyond the limit is denied at once, and the agent is told", () => {
    const life = workingLife("one", 2);
    life.facts(asks("r1"), asks("r2"), asks("r3"));
    expect(life.open().length).toBe(2);
    expect(life.effects("agent.answer")).toMatchObject([
      { request: "r3", resolution: { decision: "deny" } },
    ]);
    expect(life.doing()).toBe("waiting for approval");
  });
});

describe("a decision", () => {
  test("for the rest of the session is refused where the agent does not offer it", () => {
    const life = workingLife();
    life.facts({ ...asks("r1"), canAlways: false } as ReturnType<typeof asks>);
    expect(life.resolve(first(life), "always")).toMatchObject({
      problem: { code: "answer_mismatch" },
    });
    expect(life.resolve(first(life), "allow")).toMatchObject({ ok: true });
  });

  test.each(["allow", "always", "deny"] as const)("may be %s", (decision) => {
    const life = workingLife();
    life.facts(asks("r1"));
    life.resolve(first(life), decision, { stray: ["x"] });
    expect(life.effects("agent.answer")[0]?.resolution).toMatchObject({ decision, answers: null });
  });

  test("on a command is no answer", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    expect(life.resolve(first(life), "answer", {})).toMatchObject({
      problem: { code: "answer_mismatch" },
    });
  });

  test("on a question is an answer, or a denial", () => {
    const life = asked(question());
    expect(life.doing()).toBe("waiting for question");
    expect(life.resolve(first(life), "allow")).toMatchObject({ ok: false });
    expect(life.resolve(first(life), "always")).toMatchObject({ ok: false });
    expect(life.resolve(first(life), "deny")).toMatchObject({ ok: true });
  });

  test.each([
    ["no answer", question(), {}],
    ["an empty list", question(), { q1: [] }],
    ["two answers where one is wanted", question(), { q1: ["red", "blue"] }],
    ["what is no option", question(), { q1: ["green"] }],
    ["a question that was not asked", question(), { q1: ["red"], q2: ["red"] }],
    ["nothing in words", question({ free: true }), { q1: [" "] }],
    ["a question called like a built-in", question({ id: "constructor" }), {}],
  ] as const)("with %s is refused, and the question stays open", (_, one, answers) => {
    const life = asked(one);
    const given = Object.fromEntries(Object.entries(answers).map(([id, all]) => [id, [...all]]));
    expect(life.resolve(first(life), "answer", given)).toMatchObject({
      ok: false,
      problem: { code: "answer_mismatch" },
    });
    expect(life.open().length).toBe(1);
  });

  test.each([
    ["an option", question(), ["blue"]],
    ["several, where that is offered", question({ many: true }), ["red", "blue"]],
    ["words of one's own, where that is offered", question({ free: true }), ["green"]],
    ["words of one's own, where nothing is offered", question({ options: [] }), ["green"]],
  ] as const)("may be %s", (_, one, answer) => {
    const life = asked(one);
    life.resolve(first(life), "answer", { q1: [...answer] });
    expect(life.effects("agent.answer")[0]?.resolution.answers).toEqual({ q1: answer });
  });

  test("answers every question of a request", () => {
    const life = asked(question(), question({ id: "q2" }));
    expect(life.resolve(first(life), "answer", { q1: ["red"] })).toMatchObject({ ok: false });
    expect(life.resolve(first(life), "answer", { q1: ["red"], q2: ["blue"] })).toMatchObject({
      ok: true,
    });
  });
});
