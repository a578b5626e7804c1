/** A wire that was cut and is not yet known to be: what is sent into a terminal meanwhile is not lost, and typed once. */
import { expect, test } from "vitest";
import { fakeRepl } from "../daemon/fixtures.ts";
import { takeAgent } from "../scenarios/agent.ts";
import { dataOf } from "../scenarios/events.ts";
import { openHouse } from "../scenarios/house.ts";
import { everyProcess } from "../scenarios/processes.ts";
import { isWhole, saidByUser } from "../scenarios/remains.ts";
import { openFar } from "./far.ts";
import { makeNetwork } from "./network.ts";

const NOTICED_MS = 40_000;
const BACK_MS = 40_000;

test("a prompt for a program in a terminal, sent before the cut is noticed, is typed when the host is back", async () => {
  await using network = await makeNetwork();
  const house = await openHouse({
    far: await openFar({ network, env: { LANG: "C.UTF-8" } }),
    config: async (place) => ({
      hosts: { far: { backends: { terminal: await fakeRepl.prepare(place) } } },
    }),
  });
  try {
    const folder = await house.folder("project");
    const { session } = await house.call("sessions.create", {
      backend: "terminal",
      folder,
      host: "far",
      ...fakeRepl.create,
    });
    const agent = takeAgent(house, session);
    await agent.say("SAY before");
    await network.drop();
    const { prompt } = await agent.send("COUNT");
    await agent.until(
      "it is said to be out of reach",
      (event) => dataOf(event, "session.status")?.reason.includes("unreachable") === true,
      NOTICED_MS,
    );
    expect((await agent.view()).status.state).toBe("working");
    await network.allow();
    const turn = await agent.ended(prompt, BACK_MS);
    expect(turn).toMatchObject({ outcome: "completed", number: 2 });
    expect(await agent.answer(turn)).toBe("2");
    expect(await saidByUser(agent)).toEqual(["SAY before", "COUNT"]);
    await isWhole({ house }, agent);
  } catch (error) {
    if (error instanceof Error) error.message += `\ndaemon's log:\n${await house.tail()}`;
    throw error;
  } finally {
    await house.close();
  }
  expect(await everyProcess(house.agentHome)).toEqual([]);
}, 180_000);
