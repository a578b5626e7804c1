/** The driver on real processes: the scripted ACP agent, with the faults that a real one may have. */
import { join } from "node:path";
import { hostAway, systemClock } from "@skein/sdk";
import {
  decided,
  fakeAcpCommand,
  makeRigHome,
  rigMessages as messages,
  rigTurn as say,
  rigWords as words,
  type Rig,
} from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { configuredAgent } from "./agents/acp/agents.ts";
import { makeAcpDrivers, makeLocalHost } from "./index.ts";

type Change = {
  readonly env?: Record<string, string>;
  readonly command?: readonly [string, ...string[]] | null;
  readonly startMs?: number;
  readonly haste?: number;
};

const makeHome = ({ env, command = fakeAcpCommand, ...waits }: Change = {}) =>
  makeRigHome({
    open: makeAcpDrivers(["acp:scripted"]).at(-1)!.open,
    makeHost: (home) => makeLocalHost({ home, clock: systemClock, env: {} }),
    command,
    env: (home) => ({ FAKE_ACP_HOME: join(home, "agent"), ...env }),
    ...waits,
  });

const failureOf = async (rig: Rig) => {
  await rig.link.start();
  return rig.next("start-failed");
};

test("words come as they are said and are told once, whole, with what they cost", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const end = await say(rig, "SLOW 0.3");
  expect(end).toMatchObject({
    outcome: "completed",
    usage: { inputTokens: 1000, outputTokens: 50, reasoningTokens: 4, costUsd: 0.0065375 },
  });
  expect(messages(rig)).toEqual(["1 2 3 slow done"]);
  expect(rig.live.map(({ text }) => text).join("")).toBe("1 2 3 slow done");
  const told = rig.facts.map(({ fact }) => fact);
  expect(told).toEqual(["started", "accepted", "provider-session", "item", "turn-ended"]);
});

test.each([
  ["TWICE\nSAY one", "one"],
  ["GARBAGE\nSAY one", "one"],
  ["STRANGER\nSAY one", "one"],
  ["NOCHOICE\nSAY one", "one"],
])("%j harms nobody, and the next turn is its own", async (prompt, answer) => {
  await using home = await makeHome();
  const rig = await home.started();
  expect(await say(rig, prompt)).toMatchObject({ outcome: "completed" });
  expect(await say(rig, "SAY next")).toMatchObject({ outcome: "completed" });
  expect(messages(rig)).toEqual([answer, "next"]);
  expect(rig.facts.filter(({ fact }) => fact === "turn-ended")).toHaveLength(2);
  expect(rig.facts.some(({ fact }) => fact === "asked")).toBe(false);
});

test("a prompt that is never answered is a turn in progress: it can be ended with its process", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("NEVER\nSAY one"));
  await rig.next("accepted");
  await rig.speaks();
  await rig.link.stop({ force: true });
  // Words that no answer has ended are told with the end.
  expect(messages(rig)).toEqual(["one"]);
  expect(await rig.next("exited")).toMatchObject({ expected: true });
  expect(await home.pids()).toEqual([]);
});

test.each([
  ["silent", { startMs: 500 }, "backend_unavailable", /not get ready within/],
  ["dies", {}, "backend_unavailable", /exit code 4/],
  ["version", {}, "backend_unavailable", /speaks version 7/],
  ["login", {}, "backend_not_logged_in", /Authentication required/],
  ["refuses", {}, "backend_unavailable", /no sessions today/],
])(
  "an agent that does not get ready (%s) is a failed start that leaves nothing",
  async (...row) => {
    const [start, change, code, message] = row;
    await using home = await makeHome({ ...change, env: { FAKE_ACP_START: start } });
    const rig = await home.rig();
    const failed = await failureOf(rig);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failed.remedy).toBeTruthy();
    expect(await home.pids()).toEqual([]);
  },
);

test("rubbish before the protocol begins is read over", async () => {
  await using home = await makeHome({ env: { FAKE_ACP_START: "garbage" } });
  const rig = await home.started();
  expect(await say(rig, "say PONG")).toMatchObject({ outcome: "completed" });
});

test("an agent that is not there, and a model that it does not take, are named", async () => {
  await using home = await makeHome({ command: null });
  expect(await failureOf(await home.rig())).toMatchObject({ code: "backend_not_installed" });
  await using other = await makeHome();
  const failed = await failureOf(await other.rig({ model: "fake-huge" }));
  expect(failed).toMatchObject({ code: "model_unknown", message: expect.stringMatching(/huge/) });
});

test.each(["load", "resume"])(
  "a conversation goes on by %s, without being told again",
  async (can) => {
    await using home = await makeHome({ env: { FAKE_ACP_CAN: can } });
    const first = await home.started();
    await say(first, "SAY one");
    const { providerSessionId } = await first.next("provider-session");
    await first.link.stop({ force: false });
    const second = await home.started({ generation: 2, how: "resume", providerSessionId });
    expect(second.facts[0]).toMatchObject({ fact: "started", providerSessionId });
    await say(second, "COUNT");
    expect(messages(second)).toEqual(["2"]);
  },
);

test("where there is neither, and where there is no fork, the start fails and says so", async () => {
  await using home = await makeHome({ env: { FAKE_ACP_CAN: "none" } });
  const again = await home.rig({ how: "resume", providerSessionId: "c-1" });
  expect(await failureOf(again)).toMatchObject({ code: "resume_unsupported" });
  const copy = await home.rig({ how: "fork", forkFrom: "c-1", generation: 2 });
  expect(await failureOf(copy)).toMatchObject({ code: "fork_unsupported" });
});

test("a host that does not answer is no failed start: it is asked again when it does", async () => {
  await using home = await makeHome();
  const { host } = home;
  const away = { ...host, start: () => Promise.reject(hostAway(host.id)) };
  const rig = await home.rig({}, { host: away });
  await expect(rig.link.start()).rejects.toMatchObject({ failure: { code: "host_unreachable" } });
  expect(rig.facts).toEqual([]);
  const again = await home.started();
  expect(await say(again, "say PONG")).toMatchObject({ outcome: "completed" });
});

test("a conversation that the agent has lost begins anew, with a warning", async () => {
  await using home = await makeHome();
  const rig = await home.started({ how: "resume", providerSessionId: "gone" });
  expect(await rig.next("notice")).toMatchObject({
    text: expect.stringMatching(/began a new one/),
  });
  await say(rig, "COUNT");
  expect(messages(rig)).toEqual(["1"]);
  expect((await rig.next("provider-session")).providerSessionId).not.toBe("gone");
});

test("an interrupt withdraws what is asked, and answers it with cancelled", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const given = words("RUN echo never");
  await rig.link.prompt(given);
  const { request } = await rig.next("asked");
  await rig.link.interrupt({ turn: given.turn });
  expect(await rig.next("withdrawn")).toMatchObject({ request });
  expect(await rig.next("turn-ended")).toMatchObject({ outcome: "interrupted", error: null });
  const asked = { kind: "plan", plan: "" } as const;
  await rig.link.answer({ request, resolution: decided("allow"), approval: asked });
  expect(await say(rig, "say PONG")).toMatchObject({ outcome: "completed" });
});

/** The checkpoint as it stands between the two records of a prompt that is handed over. */
const inDoubt = (checkpoint: unknown, turn: string) => {
  const { state, ...rest } = checkpoint as { state: Record<string, unknown> };
  const doubt = { id: turn, since: Date.now(), accepted: false, interrupting: false };
  return { ...rest, state: { ...state, turn: { ...doubt, doubted: false, worked: false } } };
};

test("died while handing over, before the agent had it: it is given once", async () => {
  await using home = await makeHome({ haste: 10 });
  const first = await home.started();
  await say(first, "SAY one");
  await first.kill();
  const given = words("COUNT");
  const second = await home.rig({ checkpoint: inDoubt(first.checkpoint(), given.turn) });
  expect(await second.link.attach()).toBe("alive");
  await second.link.prompt(given);
  expect(await second.next("turn-ended")).toMatchObject({ turn: given.turn, outcome: "completed" });
  expect(messages(second)).toEqual(["2"]);
});

test("died while handing over, when the agent had it: it is not given again", async () => {
  await using home = await makeHome({ haste: 10 });
  const first = await home.started();
  await say(first, "SAY one");
  const before = first.checkpoint();
  const quick = words("COUNT");
  await first.link.prompt(quick);
  await first.kill();
  const second = await home.rig({ checkpoint: inDoubt(before, quick.turn) });
  await second.link.attach();
  await second.link.prompt(quick);
  expect(await second.next("turn-ended")).toMatchObject({ turn: quick.turn, outcome: "completed" });
  expect(messages(second)).toEqual(["2"]);
  const slow = words("SILENT 60");
  await second.link.prompt(slow);
  await second.kill();
  const third = await home.rig({ checkpoint: inDoubt(second.checkpoint(), slow.turn) });
  await third.link.attach();
  await third.link.prompt(slow);
  // Nobody could tell: it was taken back, and that is said.
  const end = await third.next("turn-ended");
  expect(end).toMatchObject({ turn: slow.turn, outcome: "failed", error: { kind: "agent" } });
  await say(third, "COUNT");
  expect(messages(third)).toEqual(["4"]);
});

test("a probe tells name, version and what it can; one that is silent is a finding", async () => {
  await using home = await makeHome({ env: { FAKE_ACP_CAN: "resume,fork" } });
  const driver = makeAcpDrivers(["acp:scripted"]).at(-1)!;
  expect(driver.capabilities).toMatchObject({ fork: false, resume: true });
  const found = await driver.probe(home.backend, new AbortController().signal);
  expect(found).toMatchObject({ found: true, version: "1.2.3", remedy: null });
  expect(driver.capabilities).toEqual({
    steer: false,
    fork: true,
    resume: true,
    questions: false,
  });
  await using mute = await makeHome({ env: { FAKE_ACP_START: "silent" }, startMs: 500 });
  const silent = await driver.probe(mute.backend, new AbortController().signal);
  expect(silent).toMatchObject({ found: true, version: null });
  expect(silent.remedy).toMatch(/did not answer/);
  expect(await mute.pids()).toEqual([]);
});

test("four agents are known, another one is what the configuration calls it", () => {
  const ids = makeAcpDrivers(["claude-code", "acp:gemini", "acp:mine"]).map(({ id }) => id);
  expect(ids).toEqual(["acp:gemini", "acp:opencode", "acp:claude", "acp:codex", "acp:mine"]);
  expect(configuredAgent("acp:mine")).toMatchObject({ program: "mine", args: [] });
});
