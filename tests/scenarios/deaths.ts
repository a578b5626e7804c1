/** What kill -9 does, to the daemon and to the agent, in the middle of things. */
import { join } from "node:path";
import { expect } from "vitest";
import { longSleep } from "./conversation.ts";
import { hold } from "./held.ts";
import { exists } from "./permissions.ts";
import { isAlive, runningWith, untilTrue } from "./processes.ts";
import { isWhole, leavesNoFolder, processesOf, processOf, saidByUser } from "./remains.ts";
import type { Step } from "./step.ts";

export const dying: readonly Step[] = [
  {
    name: "kill -9 of the daemon in the middle of a turn loses and repeats nothing",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const slow = hold(agent, 2);
      const { prompt } = await agent.send(slow.text);
      await agent.speaks();
      const waiting = await agent.send("COUNT");
      const leader = await processOf(stage, agent);
      await house.kill9();
      expect(isAlive(leader.pid)).toBe(true);
      await house.restart();
      await slow.release();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 2, outcome: "completed" });
      expect(await agent.answer(turn)).toMatch(/20 slow done$/);
      const counted = await agent.ended(waiting.prompt);
      expect(await agent.answer(counted)).toBe("3");
      expect(isAlive(leader.pid)).toBe(true);
      expect(await saidByUser(agent)).toEqual(["SAY one", slow.text, "COUNT"]);
      expect((await agent.view()).generation).toBe(1);
      await isWhole(stage, agent);
    },
  },
  {
    name: "a turn that ended while no daemon was there is told by the next one",
    alone: {},
    run: async (stage) => {
      const { create, house, fixture } = stage;
      const agent = await create();
      const slow = hold(agent, 0.6);
      const { prompt } = await agent.send(slow.text);
      await agent.speaks();
      await house.kill9();
      await slow.release();
      await fixture.quiet(house, agent, slow.text);
      await house.restart();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ outcome: "completed", usage: fixture.tokens });
      expect(await agent.answer(turn)).toBe("1 2 3 4 5 6 slow done");
      expect((await agent.say("COUNT")).answer).toBe("2");
      await isWhole(stage, agent);
    },
  },
  {
    name: "kill -9 of the daemon while the agent starts: one process, and the prompt is given once",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agents = [await create(), await create()];
      const sent = await Promise.all(agents.map((agent) => agent.send("COUNT")));
      await house.kill9();
      await house.restart();
      for (const [index, agent] of agents.entries()) {
        const turn = await agent.ended(sent[index]!.prompt);
        expect(turn).toMatchObject({ outcome: "completed" });
        expect(await agent.answer(turn)).toBe("1");
        expect(await saidByUser(agent)).toEqual(["COUNT"]);
        const generations = (await processesOf(house, agent)).map((one) => one.generation);
        expect(new Set(generations).size).toBeLessThanOrEqual(1);
        await isWhole(stage, agent);
      }
    },
  },
  {
    name: "an approval outlives kill -9 of the daemon and is answered after it",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      const file = join(agent.folder, "allowed");
      const { prompt } = await agent.send(`RUN touch ${file}`);
      const approval = await agent.asked();
      await house.kill9();
      await house.restart();
      expect((await agent.view()).approvals).toEqual([approval.id]);
      expect((await agent.view()).status).toMatchObject({
        state: "waiting",
        waitingFor: "approval",
      });
      await agent.resolve(approval, "allow");
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
      expect(await exists(file)).toBe(true);
      expect(agent.asks()).toBe(1);
      await isWhole(stage, agent);
    },
  },
  {
    name: "a daemon stopped in good order leaves its agents at work",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      const slow = hold(agent, 2);
      const { prompt } = await agent.send(slow.text);
      await agent.speaks();
      const leader = await processOf(stage, agent);
      expect(await house.down()).toBe(0);
      expect(isAlive(leader.pid)).toBe(true);
      await house.restart();
      await slow.release();
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
      expect((await agent.say("COUNT")).answer).toBe("2");
      await isWhole(stage, agent);
    },
  },
  {
    name: "kill -9 of the agent with a command alive: told within 2 s, nothing left, history kept",
    needs: "resume",
    alone: {},
    run: async (stage) => {
      const { create, house, fixture } = stage;
      // From another machine it has a way to come.
      const soonMs = fixture.far === undefined ? 2_000 : 6_000;
      const agent = await create({ permissions: "full" });
      await agent.say("SAY one");
      const command = longSleep();
      const word = command.split(" ")[1]!;
      const { prompt } = await agent.send(`RUN ${command}`);
      await untilTrue(
        "the command runs",
        async () => (await runningWith(house.agentHome, word)).length > 0,
      );
      const leader = await processOf(stage, agent);
      process.kill(leader.pid, "SIGKILL");
      expect(await agent.ended(prompt, soonMs)).toMatchObject({
        outcome: "failed",
        error: { kind: "agent" },
      });
      expect((await agent.state("failed", soonMs)).reason).toBeTruthy();
      await untilTrue(
        "nothing of that life is left",
        async () =>
          (await runningWith(house.agentHome, word)).length === 0 &&
          (await processesOf(house, agent)).length === 0,
        soonMs,
      );
      expect((await agent.say("SAY two")).answer).toBe("two");
      expect((await agent.view()).generation).toBe(2);
      expect(await saidByUser(agent)).toEqual(["SAY one", `RUN ${command}`, "SAY two"]);
      expect(Number((await agent.say("COUNT")).answer)).toBeGreaterThanOrEqual(3);
      await isWhole(stage, agent);
    },
  },
  {
    name: "what waits is held when the agent dies in the middle of a turn, and goes on with the next prompt",
    needs: "resume",
    alone: {},
    run: async (stage) => {
      const agent = await stage.create();
      await agent.say("SAY one");
      const dying = await agent.send("SLOW 30");
      await agent.speaks();
      const waiting = await agent.send("SAY waited");
      process.kill((await processOf(stage, agent)).pid, "SIGKILL");
      await agent.ended(dying.prompt);
      await agent.state("failed");
      expect((await agent.view()).queued).toBe(1);
      const next = await agent.send("SAY next");
      const turns = [await agent.ended(waiting.prompt), await agent.ended(next.prompt)];
      expect(turns.map(({ number }) => number)).toEqual([3, 4]);
      expect(await Promise.all(turns.map(agent.answer))).toEqual(["waited", "next"]);
      await isWhole(stage, agent);
    },
  },
  {
    name: "kill -9 of the daemon again and again in one turn: the turn is one, its words are all there",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      const slow = hold(agent, 6);
      const { prompt } = await agent.send(slow.text);
      await agent.speaks();
      for (let life = 0; life < 3; life++) {
        await house.kill9();
        await house.restart();
      }
      await slow.release();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 1, outcome: "completed" });
      const words = Array.from({ length: 60 }, (_, index) => `${index + 1} `).join("");
      expect(await agent.answer(turn)).toBe(`${words}slow done`);
      expect((await agent.say("COUNT")).answer).toBe("2");
      expect(await saidByUser(agent)).toEqual([slow.text, "COUNT"]);
      await isWhole(stage, agent);
    },
  },
  {
    name: "an agent that died while no daemon was there is told as lost, and resumes",
    needs: "resume",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      const leader = await processOf(stage, agent);
      await house.kill9();
      process.kill(leader.pid, "SIGKILL");
      await untilTrue("it is dead", () => !isAlive(leader.pid));
      await house.restart();
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "failed" });
      expect((await agent.state("lost")).reason).toBeTruthy();
      expect((await agent.say("say PONG")).answer).toBe("PONG");
      await isWhole(stage, agent);
      await leavesNoFolder(house);
    },
  },
];
