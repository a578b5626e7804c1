/** A Claude Code is started, resumed, stopped and looked for: on real processes, the scripted stand-in that behaves as the recordings show. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { rigTurn as turn, type RigOptions } from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { initializeFrame } from "./agents/claude-code/frames.ts";
import { exists, lastMessage, makeHome } from "./claude-code-home.testkit.ts";
import { makeClaudeCodeDriver } from "./index.ts";

test("it starts, answers, stops, and remembers when it is resumed or forked", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  expect((await turn(rig, "say PONG")).outcome).toBe("completed");
  expect(lastMessage(rig)).toBe("PONG");
  const { providerSessionId } = await rig.next("provider-session");
  await rig.link.stop({ force: false });
  expect(await rig.next("exited")).toMatchObject({
    expected: true,
    exitCode: 143,
    reason: "stopped on request",
  });
  expect(await home.pids()).toEqual([]);

  const resumed = await home.started({ generation: 2, how: "resume", providerSessionId });
  const ended = await turn(resumed, "COUNT");
  expect(lastMessage(resumed)).toBe("2");
  // The sums of a new process start from zero: what the first one used is not counted again.
  expect(ended.usage).toMatchObject({ inputTokens: 1000, costUsd: 0.0065375 });

  const fork = { id: "ses_fork", generation: 3, how: "fork", forkFrom: providerSessionId } as const;
  const forked = await home.started(fork);
  await turn(forked, "COUNT");
  expect(lastMessage(forked)).toBe("3");
  expect((await forked.next("provider-session")).providerSessionId).not.toBe(providerSessionId);
});

test("a session that never spoke has nothing to resume, and is started as new again", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.stop({ force: true });
  expect(first.facts.filter((fact) => fact.fact === "provider-session")).toEqual([]);
  const second = await home.started({ generation: 2 });
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("1");
});

test("a conversation that is there though it was never told of is resumed, one that is gone begins anew with a warning", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await turn(first, "PONG");
  const { providerSessionId } = await first.next("provider-session");
  await first.link.stop({ force: true });

  const untold = await home.started({ generation: 2 });
  await turn(untold, "COUNT");
  expect(lastMessage(untold)).toBe("2");
  await untold.link.stop({ force: true });

  await rm(join(home.home, "config"), { recursive: true });
  const lost = await home.started({ generation: 3, how: "resume", providerSessionId });
  expect((await lost.next("notice")).text).toContain("remembers nothing");
  await turn(lost, "COUNT");
  expect(lastMessage(lost)).toBe("1");
});

test("each start that fails has its own sentence and leaves nothing behind", async () => {
  await using home = await makeHome();
  const failing = async (options: RigOptions, backend: Partial<typeof home.backend> = {}) => {
    const rig = await home.rig(options, backend);
    await rig.link.start();
    const failed = await rig.next("start-failed");
    expect(await home.pids()).toEqual([]);
    expect(await exists(join(home.home, "spool", String(options.generation), "out"))).toBe(false);
    return failed;
  };
  const none = await failing({ generation: 1 }, { command: null });
  expect(none).toMatchObject({ code: "backend_not_installed" });
  const missing = await failing({ generation: 2 }, { command: ["/no/such/claude"] });
  expect(missing).toMatchObject({ code: "backend_not_installed" });
  const fork = await failing({
    generation: 3,
    how: "fork",
    forkFrom: "0b1c2d3e-0000-4000-8000-000000000000",
  });
  expect(fork.message).toContain("no record of the conversation to copy");
  const silent = await failing(
    { generation: 4 },
    {
      env: { ...home.backend.env, FAKE_CLAUDE_START: "silent" },
      timing: { startMs: 300, graceMs: 100 },
    },
  );
  expect(silent.message).toContain("did not get ready");
  const broken = await failing(
    { generation: 5 },
    { command: ["/bin/sh", "-c", "echo no way >&2; exit 4"] },
  );
  expect(broken.message).toBe("Claude Code ended with exit code 4 before it was ready: no way");
});

test("a missing folder is not taken for a missing program", async () => {
  await using home = await makeHome();
  const rig = await home.rig({ folder: home.work("gone") });
  await rm(home.work("gone"), { recursive: true });
  await rig.link.start();
  expect(await rig.next("start-failed")).toMatchObject({ code: "folder_not_found" });
});

test("an agent that ignores the request to end is killed after the grace", async () => {
  await using home = await makeHome();
  const rig = await home.rig({}, { timing: { startMs: 20_000, graceMs: 100 } });
  await rig.link.start();
  await turn(rig, "DEAF\nPONG");
  await rig.link.stop({ force: false });
  expect(await rig.next("exited")).toMatchObject({ signal: "SIGKILL", expected: true });
});

test("a stop that comes while the agent starts wins", async () => {
  await using home = await makeHome({ env: { FAKE_CLAUDE_START: "silent" } });
  const rig = await home.rig();
  const starting = rig.link.start();
  await expect.poll(() => home.pids()).toHaveLength(1);
  await rig.link.stop({ force: true });
  await starting;
  expect(rig.facts.map((fact) => fact.fact)).toEqual(["exited"]);
  expect(await home.pids()).toEqual([]);
});

test("a start that a stop has overtaken leaves no agent: what it tells is refused", async () => {
  await using home = await makeHome();
  const rig = await home.rig();
  rig.over();
  await rig.link.start();
  expect(rig.facts).toEqual([]);
  expect(await home.pids()).toEqual([]);
});

test("a probe tells version, login and models, and that nothing is there when nothing is", async () => {
  await using home = await makeHome();
  await mkdir(home.backend.dir, { recursive: true });
  const driver = makeClaudeCodeDriver();
  const signal = new AbortController().signal;
  const found = await driver.probe(home.backend, signal);
  expect(found).toMatchObject({
    found: true,
    version: "2.1.197",
    login: "api-key",
    modelsSource: "asked",
    remedy: null,
  });
  expect(found.models.find((model) => model.isDefault)?.efforts).toContain("high");
  const out = { ...home.backend, env: { ...home.backend.env, ANTHROPIC_API_KEY: "" } };
  expect(await driver.probe(out, signal)).toMatchObject({ login: "logged-out" });
  const none = await driver.probe({ ...home.backend, command: null }, signal);
  expect(none).toMatchObject({ found: false, modelsSource: "known-list" });
  const broken = await driver.probe({ ...home.backend, command: ["/bin/false"] }, signal);
  expect(broken).toMatchObject({ found: false, modelsSource: "known-list" });
  expect(await home.pids()).toEqual([]);
  expect(initializeFrame.length).toBeLessThan(4_096);
});
