/** A daemon that dies, and the one that comes after it: the same Claude Code, on real processes of its stand-in. */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { decided, rigTurn as turn, rigWords as words, tooManyFiles } from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { userFrame } from "./agents/claude-code/frames.ts";
import { turnUuid } from "./agents/claude-code/life.ts";
import { exists, lastMessage, makeHome } from "./claude-code-home.testkit.ts";

/** The turn as the daemon that died had it. */
const left = ({ turn: id, prompt, text }: ReturnType<typeof words>, accepted: boolean) => ({
  id,
  prompt,
  text,
  accepted,
});

test("a daemon that dies in the middle of a turn loses no word and hears none twice", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("SLOW 0.5");
  await first.link.prompt(prompt);
  await first.next("accepted");
  await first.kill();

  const second = await home.rig({ checkpoint: first.checkpoint(), turn: left(prompt, true) });
  expect(await second.link.attach()).toBe("alive");
  // The effect was not settled, so the prompt is given again.
  await second.link.prompt(prompt);
  expect((await second.next("turn-ended")).turn).toBe(prompt.turn);
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
  const told = [...first.facts, ...second.facts];
  expect(told.filter((fact) => fact.fact === "accepted")).toHaveLength(2);
  const messages = told.filter((fact) => fact.fact === "item" && fact.body.kind === "message");
  expect(messages).toHaveLength(2);
});

test("a prompt that was written before anything of it was recorded is not run twice", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const checkpoint = first.checkpoint();
  const prompt = words("PONG");
  await first.link.prompt(prompt);
  await first.next("turn-ended");
  await first.kill();
  const second = await home.rig({ checkpoint, turn: left(prompt, false) });
  await second.link.attach();
  await second.link.prompt(prompt);
  await second.next("turn-ended");
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
  expect(second.facts.filter((fact) => fact.fact === "turn-ended")).toHaveLength(2);
});

test("a start that is asked for twice starts one agent, and the second says that it was there", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.start();
  await first.kill();
  const second = await home.rig({ checkpoint: first.checkpoint() });
  await second.link.start();
  expect(await second.next("started")).toMatchObject({ adopted: true });
  expect(await home.pids()).toHaveLength(1);
  await turn(second, "PONG");
  expect(lastMessage(second)).toBe("PONG");
});

test("an approval is answered by the daemon that comes after, once, and an unknown one by nobody", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("RUN touch later.txt");
  await first.link.prompt(prompt);
  const asked = await first.next("asked");
  await first.kill();
  const second = await home.rig({ checkpoint: first.checkpoint(), turn: left(prompt, true) });
  await second.link.attach();
  const answer = { request: asked.request, approval: asked.approval, resolution: decided("allow") };
  await second.link.answer({ ...answer, request: "nobody-asked" });
  await second.link.answer(answer);
  await second.link.answer(answer);
  expect((await second.next("turn-ended")).outcome).toBe("completed");
  expect(await exists(home.work("later.txt"))).toBe(true);
});

test("an agent that died while no daemon was there: its words first, then its end", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("PONG");
  await first.link.prompt(prompt);
  await first.next("accepted");
  const checkpoint = first.checkpoint();
  await first.next("turn-ended");
  await first.kill();
  for (const { owner } of await home.host.owners()) await home.host.sweep(owner);
  const second = await home.rig({ checkpoint, turn: left(prompt, true) });
  expect(await second.link.attach()).toBe("dead");
  expect(second.facts.map((fact) => fact.fact).slice(-2)).toEqual(["turn-ended", "exited"]);
  expect(await second.next("exited")).toMatchObject({ unwitnessed: true, expected: false });
});

test("a large prompt that a crash cut in two ends the agent, and is run once by the next generation", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await turn(first, "PONG");
  const { providerSessionId } = await first.next("provider-session");
  const prompt = words(`SAY ${"x".repeat(20_000)}`);
  const owner = { session: "ses_rig", generation: 1 };
  const dir = join(home.home, "spool", "1");
  // The daemon died after it had recorded that it writes, with the frame half in the FIFO.
  const agent = await home.host.adopt(dir, owner);
  await agent?.signal("SIGSTOP");
  void first.link.prompt(prompt);
  await expect
    .poll(() => JSON.stringify(first.checkpoint()))
    .toContain(`"writing":"${prompt.turn}"`);
  await first.kill();
  await agent?.signal("SIGCONT");
  await agent?.terminate(0);

  const again = await home.started({ generation: 2, how: "resume", providerSessionId });
  await turn(again, prompt.text);
  expect(lastMessage(again)?.length).toBe(20_000);
});

test("after a cut frame nothing is written: the agent is ended with a reason, so that its next life gets the prompt", async () => {
  await using home = await makeHome();
  const dir = join(home.home, "spool", "1");
  const owner = { session: "ses_rig", generation: 1 };
  const first = await home.started();
  const checkpoint = first.checkpoint() as { state: object };
  await first.kill();
  const prompt = words("SAY whole");
  const frame = userFrame(
    turnUuid({ session: { id: "ses_rig" }, generation: 1 } as never, prompt.turn),
    prompt.text,
    "later",
  );
  const torn = await home.host.adopt(dir, owner);
  // Half a line: no newline follows until the next writer brings one.
  await appendFile(join(dir, "in"), frame.slice(0, 40));
  await torn?.close();

  const written = { ...checkpoint, state: { ...checkpoint.state, writing: prompt.turn } };
  const second = await home.rig({ checkpoint: written, turn: left(prompt, false) });
  expect(await second.link.attach()).toBe("alive");
  await second.link.prompt(prompt);
  const exited = await second.next("exited");
  expect(exited.expected).toBe(false);
  expect(exited.reason).toContain("cut");
});

test("a large prompt that was written whole before the crash is run, and not given again", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const checkpoint = first.checkpoint() as { state: object };
  const prompt = words(`SAY ${"y".repeat(20_000)}`);
  await first.link.prompt(prompt);
  await first.next("turn-ended");
  await first.kill();
  const written = { ...checkpoint, state: { ...checkpoint.state, writing: prompt.turn } };
  const second = await home.rig({ checkpoint: written, turn: left(prompt, false) });
  await second.link.attach();
  await second.link.prompt(prompt);
  expect((await second.next("turn-ended")).outcome).toBe("completed");
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
});

test("stop on a generation that nobody holds ends what runs and tells it; on a dead one it sweeps", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.kill();
  const second = await home.rig({ checkpoint: first.checkpoint() });
  await second.link.stop({ force: false });
  expect(await second.next("exited")).toMatchObject({ expected: true });
  expect(await home.pids()).toEqual([]);
  const third = await home.rig({ checkpoint: first.checkpoint() });
  expect(await third.link.liveness()).toBe("dead");
  await third.link.stop({ force: true });
  expect(await third.next("exited")).toMatchObject({ expected: true });
});

test("what is for an agent that is out of reach is refused, and not passed over", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.kill();
  const host = {
    ...home.backend.host,
    adopt: () => Promise.reject(tooManyFiles()),
  };
  const rig = await home.rig({ checkpoint: first.checkpoint() }, { host });
  expect(await rig.link.attach()).toBe("unknown");
  const failure = { failure: { code: "backend_unavailable", retryable: true } };
  await expect(rig.link.prompt(words("PONG"))).rejects.toMatchObject(failure);
});
