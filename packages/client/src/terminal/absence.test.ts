import { describe, expect, test } from "vitest";
import { connect, server, settled } from "./far.testkit.ts";

describe("input while the terminal's host is out of reach", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const unknown = { type: "program", program: { state: "unknown", reason: "no link", since: "" } };
  const running = { type: "program", program: { state: "running" } };

  const away = async () => {
    const { open, fars } = server((far) => far.attached());
    const kept: number[] = [];
    const seen = connect(open, {
      on: { snapshot: () => undefined, output: () => undefined, kept: (count) => kept.push(count) },
    });
    await settled();
    const far = fars[0]!;
    const type = (text: string) => seen.terminal.input(bytes(text));
    return { ...seen, far, kept, type, fars };
  };

  test("is kept, told of, and typed once and in order when it answers again", async () => {
    const { far, kept, type, terminal } = await away();
    const first = type("a");
    far.say(unknown);
    const more = [type("b"), type("cd")];
    far.say({ type: "refused", seq: 1, reason: "unreachable" });
    await settled();
    expect([far.said, kept]).toEqual([[["input", 1, "a"]], [1, 3, 4]]);
    far.say(running);
    expect(far.said.slice(1)).toEqual([
      ["input", 2, "a"],
      ["input", 3, "b"],
      ["input", 4, "cd"],
    ]);
    far.say({ type: "typed", seq: 4 });
    expect(await Promise.all([first, ...more])).toEqual(["typed", "typed", "typed"]);
    expect(kept.at(-1)).toBe(0);
    const after = type("e");
    far.say({ type: "typed", seq: 5 });
    expect([await after, far.said.at(-1)]).toEqual(["typed", ["input", 5, "e"]]);
    terminal.close();
  });

  test("what is still under way is answered before what was kept is sent", async () => {
    const { far, type, terminal } = await away();
    const typed = [type("a"), type("b")];
    far.say({ type: "refused", seq: 1, reason: "unreachable" });
    far.say(unknown);
    far.say(running);
    expect(far.said).toHaveLength(2);
    far.say({ type: "refused", seq: 2, reason: "unreachable" });
    far.say(unknown);
    far.say(running);
    expect(far.said.slice(2)).toEqual([
      ["input", 3, "a"],
      ["input", 4, "b"],
    ]);
    far.say({ type: "typed", seq: 4 });
    expect(await Promise.all(typed)).toEqual(["typed", "typed"]);
    terminal.close();
  });

  test("what was refused is not typed behind what came after it", async () => {
    const { far, type, terminal } = await away();
    const typed = [type("a"), type("b")];
    far.say({ type: "refused", seq: 1, reason: "unreachable" });
    far.say({ type: "typed", seq: 2 });
    expect(await Promise.all(typed)).toEqual(["unreachable", "typed"]);
    expect(far.said).toHaveLength(2);
    terminal.close();
  });

  test("behind what may be lost nothing is typed, before something is again", async () => {
    const { far, kept, type, terminal } = await away();
    const typed = [type("rm -rf "), type("old")];
    far.say({ type: "refused", seq: 1, reason: "unsure" });
    far.say(unknown);
    far.say({ type: "refused", seq: 2, reason: "unreachable" });
    typed.push(type("\r"));
    expect(await Promise.all(typed)).toEqual(["unsure", "unreachable", "unreachable"]);
    far.say(running);
    expect([far.said.length, kept]).toEqual([2, []]);
    const next = type("ls");
    far.say({ type: "typed", seq: 3 });
    expect(await next).toBe("typed");
    terminal.close();
  });

  test("more than some lines are not kept, and nothing of them is typed", async () => {
    const { far, kept, type, terminal } = await away();
    far.say(unknown);
    const typed = Array.from({ length: 300 }, () => type("0123456789abcdef"));
    expect(new Set(await Promise.all(typed))).toEqual(new Set(["unreachable"]));
    expect([far.said, Math.max(...kept), kept.at(-1)]).toEqual([[], 4_096, 0]);
    terminal.close();
  });

  test("is not typed into what has ended meanwhile", async () => {
    const { far, type, terminal } = await away();
    far.say(unknown);
    const typed = type("y\r");
    far.say({ type: "program", program: { state: "ended", exitCode: 0, signal: null } });
    expect([await typed, far.said]).toEqual(["ended", []]);
    terminal.close();
  });

  test("a break that is over before it was told of is found out by one piece", async () => {
    const { far, type, terminal } = await away();
    const typed = [type("a"), type("b")];
    far.say({ type: "refused", seq: 1, reason: "unreachable" });
    far.say({ type: "refused", seq: 2, reason: "unreachable" });
    await expect.poll(() => far.said.slice(2), { timeout: 5_000 }).toEqual([["input", 3, "a"]]);
    far.say({ type: "typed", seq: 3 });
    expect(far.said.slice(3)).toEqual([["input", 4, "b"]]);
    far.say({ type: "typed", seq: 4 });
    expect(await Promise.all(typed)).toEqual(["typed", "typed"]);
    terminal.close();
  });
});
