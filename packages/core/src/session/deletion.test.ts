import { describe, expect, test } from "vitest";
import type { SessionFact } from "./input.ts";
import {
  asks,
  command,
  exited,
  idleLife,
  makeLife,
  message,
  startFailed,
  started,
  workingLife,
  type Life,
} from "./testkit/life.ts";

const starting = (): Life => {
  const life = makeLife();
  life.create();
  life.send("one");
  return life;
};

const stopping = (): Life => {
  const life = workingLife();
  life.stop();
  life.send("two");
  return life;
};

const waiting = (): Life => {
  const life = workingLife();
  life.send("two");
  life.facts(asks("r1"), command("c1", "running"));
  return life;
};

const after = (fact: SessionFact): Life => {
  const life = idleLife();
  life.facts(fact);
  return life;
};

describe("deleting", () => {
  test.each([
    ["starting", starting],
    ["idle", idleLife],
    ["working", workingLife],
    ["waiting", waiting],
    ["stopping", stopping],
  ] as const)("a session that is %s ends its process at once and frees its name", (_, make) => {
    const life = make();
    life.remove();
    expect(life.effects("agent.stop").at(-1)).toMatchObject({ force: true });
    expect(life.effects("agent.remove").length).toBe(1);
    expect(life.names()).toEqual([]);
    expect(life.status()).toMatchObject({ state: "stopped", reason: "deleted" });
    expect(life.queue()).toEqual([]);
    expect(life.open()).toEqual([]);
    for (const end of [started(), exited()]) life.facts(end);
    expect(life.status()).toMatchObject({ state: "stopped", reason: "deleted" });
    expect(life.effects("agent.start").length).toBe(1);
  });

  test.each([
    ["failed", exited()],
    ["lost", exited({ unwitnessed: true })],
    ["stopped", exited({ expected: true })],
  ] as const)("a session that is %s has no process to end", (_, end) => {
    const life = after(end);
    life.remove();
    expect(life.effects("agent.stop")).toEqual([]);
    expect(life.effects("agent.remove").length).toBe(1);
  });

  test("ends what was open: the turn, its approvals, its items, the queue", () => {
    const life = waiting();
    life.remove();
    expect(life.view().lastTurn?.outcome).toBe("interrupted");
    expect(life.events("approval.expired").length).toBe(1);
    expect(life.events("session.prompt.dropped")).toMatchObject([
      { reason: "the session was deleted" },
    ]);
    expect(life.items().at(-1)?.body).toMatchObject({ status: "interrupted" });
  });

  test("leaves a start that fails after it without a word", () => {
    const life = starting();
    life.remove();
    life.facts(startFailed());
    expect(life.status().reason).toBe("deleted");
    expect(life.state().process).toBe("none");
  });
});

describe("a deleted session", () => {
  test("takes the last words of its process, and asks and begins nothing", () => {
    const life = workingLife();
    life.remove();
    life.facts(message("last"), asks("r1"), { fact: "unreachable", reason: "x" });
    expect(life.items().at(-1)?.id).toBe("last");
    expect(life.open()).toEqual([]);
    life.facts(exited());
    expect(life.state().process).toBe("none");
  });

  test.each([
    { type: "stop" },
    { type: "resume" },
    { type: "delete" },
    { type: "interrupt", clearQueue: true },
    { type: "report", events: [] },
    { type: "resolve", approval: "x", decision: "allow", message: null, answers: null },
  ] as const)("refuses $type", (input) => {
    const life = idleLife();
    life.remove();
    expect(life.refusal(input)).toBe("session_deleted");
  });
});
