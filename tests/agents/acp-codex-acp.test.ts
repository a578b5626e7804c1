/** The real codex-acp plays what is essential of the scenario, over ACP. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { openStageHouse, perform } from "../scenarios/stage.ts";
import { realCodexAcp } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

const fixture = realCodexAcp(llm, inject("realAgents").codexAcp);

playSession(fixture);

// Where it is less than what docs/agents.md says of other agents: commands are not asked, and a no ends the turn.
test("guarded: a command runs in a sandbox that writes nothing, and an edit that is denied ends its turn", async () => {
  const house = await openStageHouse(fixture);
  try {
    await perform(house, fixture, async ({ create }) => {
      const agent = await create();
      const [ran, note] = ["ran", "note"].map((name) => join(agent.folder, name));
      // By its answer: of a command that is over at once 2.6.0 tells no call at all, two times in three.
      const { answer } = await agent.say(`RUN touch ${ran}`);
      expect(answer).toMatch(/exited with code [1-9]/);
      expect(agent.asks()).toBe(0);
      const { prompt } = await agent.send(`WRITE ${note} hello`);
      await agent.resolve(await agent.asked(), "deny");
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      for (const file of [ran!, note!]) await expect(access(file)).rejects.toThrow("ENOENT");
      const told = (await agent.items()).map(({ body }) => body);
      expect(told.find(({ kind }) => kind === "edit")).toMatchObject({ status: "declined" });
      expect((await agent.say("COUNT")).answer).toBe("3");
    });
    const asked = llm.requests.map(({ conversation }) => conversation?.turns.at(-1) ?? "");
    expect(asked.filter((text) => text.includes("suggested next user message"))).toEqual([]);
    expect(house.log.faults).toEqual([]);
  } finally {
    await house.close();
  }
});
