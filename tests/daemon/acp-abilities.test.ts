/** What an ACP agent cannot do is known before it is tried, from its own words; and nothing is lost for it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeAgent } from "../scenarios/agent.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { fakeAcpBackend } from "./fixtures.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse({
    config: async (place) => {
      const able = await fakeAcpBackend(place);
      const unable = { ...able, env: { ...able.env, FAKE_ACP_CAN: "nothing" } };
      return {
        sessions: { idleMinutes: 0.01 },
        backends: { "acp:able": able, "acp:unable": unable, "acp:absent": {} },
      };
    },
  });
});
afterAll(() => house.close());

const begin = async (backend: string) => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { backend, folder });
  return takeAgent(house, session);
};

test("the agents of the configuration are listed with what they said of themselves", async () => {
  const { backends } = await house.call("backends.list", {});
  const of = (id: string) => backends.find((one) => one.id === id);
  expect(of("acp:able")).toMatchObject({
    found: true,
    version: "1.2.3",
    capabilities: { steer: false, fork: true, resume: true, questions: false },
  });
  expect(of("acp:unable")?.capabilities).toMatchObject({ fork: false, resume: false });
  expect(of("acp:absent")).toMatchObject({ found: false });
  expect(of("acp:absent")?.remedy).toContain("acp:absent");
  await expect(begin("acp:absent")).rejects.toMatchObject({
    problem: { code: "backend_not_installed" },
  });
});

test("a fork, a resume and a prompt that it cannot do are refused by name; a steer, too", async () => {
  const agent = await begin("acp:unable");
  await agent.say("SAY one");
  await expect(house.call("sessions.fork", { session: agent.id })).rejects.toMatchObject({
    problem: { code: "fork_unsupported" },
  });
  const { prompt } = await agent.send("SLOW 0.5");
  await expect(agent.send("SAY now", "steer")).rejects.toMatchObject({
    problem: { code: "steer_unsupported" },
  });
  await agent.ended(prompt);
  await house.call("sessions.stop", { session: agent.id });
  await agent.state("stopped");
  const refused = { problem: { code: "resume_unsupported" } };
  await expect(house.call("sessions.resume", { session: agent.id })).rejects.toMatchObject(refused);
  await expect(agent.send("SAY two")).rejects.toMatchObject(refused);
  expect((await agent.view()).queued).toBe(0);
});

test("one that could not come back is never put to sleep", async () => {
  const unable = await begin("acp:unable");
  await unable.say("SAY one");
  const able = await begin("acp:able");
  await able.say("SAY one");
  await able.until("its sleep", ({ type }) => type === "session.process.stopping");
  await able.state("stopped");
  // The tick that put the one to sleep has looked at the other as well.
  const later = await begin("acp:able");
  await later.say("SAY one");
  await later.until("its sleep", ({ type }) => type === "session.process.stopping");
  expect((await unable.view()).status.state).toBe("idle");
  expect((await unable.say("COUNT")).answer).toBe("2");
});
