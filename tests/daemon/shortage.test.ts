/** A machine that has no more descriptors for the daemon: what runs goes on, what is asked waits or says why, and all is well after it. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { takeAgent, type Agent } from "../scenarios/agent.ts";
import { hold } from "../scenarios/held.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { fakeClaudeBackend } from "./fixtures.ts";

let house: House;

beforeAll(async () => {
  house = await openHouse({
    config: async (place) => ({ backends: { "claude-code": await fakeClaudeBackend(place) } }),
  });
});
afterAll(() => house?.close());

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    process.stderr.write(`daemon's log:\n${await house.tail(40)}\n`);
  });
});

const create = async (): Promise<Agent> => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { folder });
  return takeAgent(house, session);
};

const limit = (descriptors: string): void =>
  void execFileSync("prlimit", [`--pid=${house.pid()}`, `--nofile=${descriptors}:`]);

/** What it has open it keeps; nothing more is opened. */
const exhaust = (): void => limit("3");
const restore = (): void => limit("4096");

test("what runs goes on, what is asked for says what it lacks, and works when there is room again", async () => {
  const agent = await create();
  const slow = hold(agent, 1);
  const { prompt } = await agent.send(slow.text);
  await agent.speaks();
  // The daemon that comes after this one finds the agent by its pid, and looks at that four times a second.
  await house.kill9();
  await house.restart();
  await house.call("sessions.interrupt", { session: (await create()).id });
  exhaust();
  let other: Agent;
  try {
    other = await create();
    const { reason } = await other.state("failed");
    // Not what keeps its leavings from being swept.
    expect(reason).toMatch(/(made|started): .*EMFILE.*raise the limits of the daemon/);
    const until = performance.now() + 1_000;
    while (performance.now() < until) await agent.view();
    await slow.release();
  } finally {
    restore();
  }
  expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
  expect(await agent.view()).toMatchObject({ generation: 1, status: { state: "idle" } });
  expect((await other.say("say PONG")).answer).toBe("PONG");
});
