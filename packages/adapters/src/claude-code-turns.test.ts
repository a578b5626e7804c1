/** Turns that are interrupted, steered, large or broken: on real processes of Claude Code's stand-in. */
import { join } from "node:path";
import { rigTurn as turn, rigWords as words } from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { exists, lastMessage, makeHome } from "./claude-code-home.testkit.ts";

test("an agent that is killed takes the commands it runs with it", async () => {
  await using home = await makeHome();
  const rig = await home.started({ permissions: "full" });
  await rig.link.prompt(words("RUN echo $$ > pid; exec sleep 1000"));
  await rig.next("accepted");
  const agent = await home.host.adopt(join(home.home, "spool", "1"), {
    session: "ses_rig",
    generation: 1,
  });
  await agent?.signal("SIGKILL");
  expect(await rig.next("exited")).toMatchObject({ expected: false, signal: "SIGKILL" });
  expect(await home.pids()).toEqual([]);
});

test("an interrupt ends a command that ignores SIGTERM before the turn is told to be over, and keeps the agent", async () => {
  await using home = await makeHome();
  const rig = await home.started({ permissions: "full" });
  const prompt = words("RUN trap '' TERM; touch running; while :; do sleep 1; done");
  await rig.link.prompt(prompt);
  await expect.poll(() => exists(home.work("running"))).toBe(true);
  await rig.link.interrupt({ turn: "trn_of_another" });
  await rig.link.interrupt(prompt);
  expect(await rig.next("turn-ended")).toMatchObject({ outcome: "interrupted", error: null });
  expect(await home.pids()).toHaveLength(1);
  await turn(rig, "COUNT");
  expect(lastMessage(rig)).toBe("2");
});

test("an interrupt withdraws what waits for a decision", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const prompt = words("RUN touch never");
  await rig.link.prompt(prompt);
  const asked = await rig.next("asked");
  await rig.link.interrupt(prompt);
  expect((await rig.next("withdrawn")).request).toBe(asked.request);
  expect((await rig.next("turn-ended")).outcome).toBe("interrupted");
});

test("words steer the turn that runs, and are refused when it is over", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const prompt = words("RUN sleep 0.3\nPONG");
  await rig.link.prompt(prompt);
  await rig.next("accepted");
  await rig.link.steer({ ...words("SAY more"), turn: prompt.turn });
  expect((await rig.next("turn-ended")).turn).toBe(prompt.turn);
  const users = rig.facts.flatMap((fact) =>
    fact.fact === "item" && fact.body.kind === "user" ? [fact.body.how] : [],
  );
  expect(users).toEqual(["steer"]);
  await expect(rig.link.steer({ ...words("SAY late"), turn: prompt.turn })).rejects.toMatchObject({
    failure: { code: "no_turn" },
  });
});

test("a prompt of a megabyte arrives whole", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await turn(rig, `SAY ${"long ".repeat(200_000)}`);
  expect(lastMessage(rig)?.length).toBe(1_000_000);
});

test("rubbish, a flood, and a child that survives do no harm", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  expect((await turn(rig, "GARBAGE\nPONG")).outcome).toBe("completed");
  expect((await rig.next("notice")).text).toContain("no JSON");
  expect((await turn(rig, "FLOOD 20000\nPONG")).outcome).toBe("completed");
  expect(rig.live.length).toBeGreaterThan(20_000);
  await turn(rig, "CHILD\nPONG");
  expect(await home.pids()).toHaveLength(2);
  await rig.link.stop({ force: false });
  expect(await home.pids()).toEqual([]);
});

test("an agent that dies in the middle of a line or of a turn says so, and nothing hangs", async () => {
  await using home = await makeHome();
  const half = await home.started();
  await half.link.prompt(words("HALF"));
  expect(await half.next("exited")).toMatchObject({ signal: "SIGKILL", expected: false });
  const dying = await home.started({ generation: 2 });
  await dying.link.prompt(words("DIE 7"));
  expect(await dying.next("exited")).toMatchObject({ exitCode: 7, expected: false });
  // A word to the dead is no error: its end was told.
  await dying.link.prompt(words("PONG"));
});
