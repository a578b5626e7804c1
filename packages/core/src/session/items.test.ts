import { describe, expect, test } from "vitest";
import { command, exited, idleLife, message, spent, started, workingLife } from "./testkit/life.ts";

const statusOf = (body: object): unknown => ("status" in body ? body.status : null);

describe("items", () => {
  test("keep the place of their first appearance", () => {
    const life = workingLife();
    life.facts(command("c1", "running"), message("m1"), command("c1", "done"));
    expect(life.items().map(({ id, order }) => [id, order])).toEqual([
      [life.items()[0]?.id, 1],
      ["c1", 2],
      ["m1", 3],
    ]);
    expect(life.items()[1]?.turn).toBe(life.turn());
  });

  test("told again keep their place, their turn and their time", () => {
    const life = workingLife();
    life.facts(message("m1", "hel"), command("c1", "running"));
    const [, before] = life.items();
    life.finish();
    life.send("two");
    life.pass(60_000);
    life.facts(message("m1", "hello"));
    expect(life.items()[1]).toEqual({ ...before, body: { kind: "message", text: "hello" } });
  });

  test("that were running when their turn ended were interrupted", () => {
    const life = workingLife();
    life.facts(command("c1", "running"), command("c2", "running"));
    life.finish({ outcome: "interrupted" });
    expect(
      life
        .items()
        .slice(1)
        .map(({ body }) => statusOf(body)),
    ).toEqual(["interrupted", "interrupted"]);
    life.facts(command("c1", "running"));
    expect(statusOf(life.items()[1]?.body ?? {})).toBe("interrupted");
    life.facts(command("c1", "failed"));
    expect(life.items()[1]).toMatchObject({ order: 2, body: { status: "failed" } });
  });

  test("that run beside the turns go on, until the process ends", () => {
    const life = idleLife();
    life.facts(command("server", "running"));
    life.send("one");
    life.accept();
    life.finish();
    expect(statusOf(life.items()[0]?.body ?? {})).toBe("running");
    life.facts(exited());
    expect(life.items()[0]).toMatchObject({ turn: null, body: { status: "interrupted" } });
  });

  test("may be called like a built-in of the language", () => {
    const life = workingLife();
    life.facts(command("constructor", "running"), command("__proto__", "running"));
    life.facts(command("__proto__", "done"), command("constructor", "done"));
    expect(life.items().map(({ order }) => order)).toEqual([1, 2, 3]);
  });

  test("between turns belong to none", () => {
    const life = workingLife();
    life.finish();
    life.facts({ fact: "notice", id: "n1", level: "warning", text: "low disk" });
    expect(life.items().at(-1)).toMatchObject({ turn: null, body: { kind: "notice" } });
    expect(life.doing()).toBe("idle");
  });
});

describe("usage", () => {
  test("of a turn is added once, however often its end is told", () => {
    const life = workingLife();
    const turn = life.turn();
    const end = {
      fact: "turn-ended",
      turn,
      outcome: "completed",
      error: null,
      usage: spent(7),
    } as const;
    life.facts(end, end);
    life.send("two");
    life.facts(end);
    expect(life.view().usage.inputTokens).toBe(7);
    life.accept();
    life.finish({ usage: spent(5) });
    expect(life.view().usage.inputTokens).toBe(12);
    expect(life.view().lastTurn?.usage?.inputTokens).toBe(5);
  });

  test("stays over a death", () => {
    const life = workingLife();
    life.finish({ usage: spent(7) });
    life.facts(exited());
    life.resume();
    life.facts(started());
    expect(life.view().usage.inputTokens).toBe(7);
  });
});
