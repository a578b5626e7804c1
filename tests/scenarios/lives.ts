/** Lives of processes: stop, resume, fork, rename, delete, idle, and what kill -9 does to daemon and agent. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Agent } from "./agent.ts";
import { longSleep } from "./conversation.ts";
import { dataOf } from "./events.ts";
import type { House } from "./house.ts";
import { exists } from "./permissions.ts";
import { agentProcesses, isAlive, runningWith, untilTrue, type Marked } from "./processes.ts";
import type { Stage } from "./stage.ts";
import type { Step } from "./step.ts";

/** The process that the session's words come from: its own, or the server that it shares. */
const processOf = async ({ house, fixture }: Stage, agent: Agent): Promise<Marked> => {
  const all = await agentProcesses(house.home);
  const mine = all.filter(({ session }) =>
    fixture.sharesProcess ? session?.startsWith(`${fixture.id}-server`) : session === agent.id,
  );
  // The oldest of the marked ones leads.
  const found = mine.toSorted((a, b) => a.pid - b.pid)[0];
  if (found === undefined) throw new Error(`no process of ${agent.name} is alive`);
  return found;
};

const processesOf = async (house: House, agent: Agent): Promise<Marked[]> =>
  (await agentProcesses(house.home)).filter(({ session }) => session === agent.id);

const nothingLeft = async ({ house, fixture }: Stage, agent: Agent): Promise<void> => {
  if (!fixture.sharesProcess)
    await untilTrue(
      "its processes are gone",
      async () => (await processesOf(house, agent)).length === 0,
      3_000,
    );
};

/** What must hold whatever was killed: each item once, orders dense, the log without a hole. */
const isWhole = async ({ house }: Stage, agent: Agent): Promise<void> => {
  const items = await agent.items();
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
  expect(items.map(({ order }) => order)).toEqual(items.map((_, index) => index + 1));
  expect(agent.events().map(({ seq }) => seq)).toEqual(agent.events().map((_, index) => index + 1));
  expect(house.log.faults).toEqual([]);
};

const saidByUser = async (agent: Agent): Promise<string[]> =>
  (await agent.items()).flatMap(({ body }) => (body.kind === "user" ? [body.text] : []));

export const living: readonly Step[] = [
  {
    name: "stopped and resumed, it remembers",
    needs: "resume",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const before = await agent.view();
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      await nothingLeft(stage, agent);
      await house.call("sessions.resume", { session: agent.id });
      await agent.state("idle");
      expect((await agent.say("COUNT")).answer).toBe("2");
      expect(await agent.view()).toMatchObject({
        generation: before.generation + 1,
        providerSessionId: before.providerSessionId,
        turns: 2,
      });
      await isWhole(stage, agent);
    },
  },
  {
    name: "a prompt wakes a stopped session",
    needs: "resume",
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("SAY one");
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      expect((await agent.say("COUNT")).answer).toBe("2");
    },
  },
  {
    name: "stopped in the middle of a turn, it goes on with the next prompt",
    needs: "resume",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      await house.call("sessions.stop", { session: agent.id });
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      await agent.state("stopped");
      await nothingLeft(stage, agent);
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "ten who resume at once start one process",
    needs: "resume",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      await Promise.all(
        Array.from({ length: 10 }, () => house.call("sessions.resume", { session: agent.id })),
      );
      await agent.state("idle");
      expect((await agent.view()).generation).toBe(2);
      const starts = agent.events().filter(({ type }) => type === "session.process.starting");
      expect(starts).toHaveLength(2);
      expect((await agent.say("COUNT")).answer).toBe("2");
    },
  },
  {
    name: "a fork remembers, and leaves the original as it was",
    needs: "fork",
    run: async ({ create, house, adopt }) => {
      const agent = await create();
      await agent.say("SAY one");
      const { session } = await house.call("sessions.fork", { session: agent.id });
      const copy = await adopt(session.id);
      expect(session).toMatchObject({ forkedFrom: agent.id, folder: agent.folder });
      expect((await copy.say("COUNT")).answer).toBe("2");
      expect((await copy.say("COUNT")).answer).toBe("3");
      expect((await agent.say("COUNT")).answer).toBe("2");
      const [one, two] = [await agent.view(), await copy.view()];
      expect(one.providerSessionId).not.toBe(two.providerSessionId);
      expect(two.usage.outputTokens).toBe(one.usage.outputTokens);
      // The copy's own process can be resumed too.
      await house.call("sessions.stop", { session: copy.id });
      await copy.state("stopped");
      expect((await copy.say("COUNT")).answer).toBe("4");
    },
  },
  {
    name: "a new name takes the old one's place",
    run: async ({ create, house }) => {
      const agent = await create();
      const name = `${agent.name}-renamed`;
      const { session } = await house.call("sessions.rename", { session: agent.name, name });
      expect(session.name).toBe(name);
      expect((await house.call("sessions.get", { session: name })).session.id).toBe(agent.id);
      await expect(house.call("sessions.get", { session: agent.name })).rejects.toThrow(
        /no session/,
      );
      const other = await create({ name: agent.name });
      expect(other.name).toBe(agent.name);
      await expect(house.call("sessions.rename", { session: other.id, name })).rejects.toThrow(
        /in use/,
      );
    },
  },
  {
    name: "when the last session is gone no process is left, and the next one starts one",
    alone: {},
    run: async ({ create, house }) => {
      const first = await create();
      expect((await first.say("say PONG")).answer).toBe("PONG");
      await house.call("sessions.delete", { session: first.id });
      await untilTrue(
        "no agent is left",
        async () => (await agentProcesses(house.home)).length === 0,
      );
      const second = await create();
      expect((await second.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "deleted in the middle of a turn, nothing of it is left",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create({ permissions: "full" });
      const command = longSleep();
      const word = command.split(" ")[1]!;
      await agent.send(`RUN ${command}`);
      await untilTrue(
        "the command runs",
        async () => (await runningWith(house.home, word)).length > 0,
      );
      const { session } = await house.call("sessions.delete", { session: agent.id });
      expect(session.deletedAt).not.toBeNull();
      await untilTrue(
        "processes and spool are gone",
        async () =>
          (await processesOf(house, agent)).length === 0 &&
          (await runningWith(house.home, word)).length === 0 &&
          !(await exists(join(house.home, "spool", agent.id))),
        5_000,
      );
      const again = await create({ name: agent.name });
      expect(again.id).not.toBe(agent.id);
      await expect(
        house.call("sessions.send", { session: agent.id, text: "say PONG" }),
      ).rejects.toThrow(/was deleted/);
    },
  },
  {
    name: "a folder that went away is told of, and work goes on when it is back",
    needs: "resume",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      await rm(agent.folder, { recursive: true });
      await expect(house.call("sessions.resume", { session: agent.id })).rejects.toThrow(
        /no folder/,
      );
      await agent.send("SAY two");
      const status = await agent.state("failed");
      expect(status.reason).toContain(agent.folder);
    },
  },
  {
    name: "idle for long enough it sleeps, and the next prompt wakes it",
    needs: "resume",
    alone: { idleMinutes: 0.02 },
    run: async (stage) => {
      const agent = await stage.create();
      await agent.say("SAY one");
      const stopping = await agent.until(
        "its sleep",
        ({ type }) => type === "session.process.stopping",
      );
      expect(dataOf(stopping, "session.process.stopping")).toMatchObject({ why: "idle" });
      expect((await agent.state("stopped")).reason).toContain("idle");
      await nothingLeft(stage, agent);
      expect((await agent.say("COUNT")).answer).toBe("2");
      expect((await agent.view()).generation).toBe(2);
    },
  },
  {
    name: "waiting for a person is not idleness",
    alone: { idleMinutes: 0.01 },
    run: async ({ create }) => {
      const asks = await create();
      const { prompt } = await asks.send(`RUN touch ${join(asks.folder, "file")}`);
      const approval = await asks.asked();
      // Another session falls asleep meanwhile: a tick has looked at both.
      const idle = await create();
      await idle.until("its sleep", ({ type }) => type === "session.process.stopping");
      await idle.state("stopped");
      expect((await asks.view()).status.state).toBe("waiting");
      await asks.resolve(approval, "allow");
      expect(await asks.ended(prompt)).toMatchObject({ outcome: "completed" });
    },
  },
  {
    name: "a turn without a word for too long is ended, and its process with it",
    needs: "resume",
    alone: { silenceMinutes: 0.01, silenceLimitMinutes: 0.03 },
    run: async (stage) => {
      const agent = await stage.create();
      await agent.say("SAY one");
      const { prompt } = await agent.send("SILENT 600");
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ outcome: "failed", error: { kind: "silent" } });
      expect((await agent.state("failed")).reason).toContain("silent");
      await nothingLeft(stage, agent);
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
];

export const dying: readonly Step[] = [
  {
    name: "kill -9 of the daemon in the middle of a turn loses and repeats nothing",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const { prompt } = await agent.send("SLOW 2");
      await agent.speaks();
      const waiting = await agent.send("COUNT");
      const leader = await processOf(stage, agent);
      await house.kill9();
      expect(isAlive(leader.pid)).toBe(true);
      await house.restart();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 2, outcome: "completed" });
      expect(await agent.answer(turn)).toMatch(/20 slow done$/);
      const counted = await agent.ended(waiting.prompt);
      expect(await agent.answer(counted)).toBe("3");
      expect(isAlive(leader.pid)).toBe(true);
      expect(await saidByUser(agent)).toEqual(["SAY one", "SLOW 2", "COUNT"]);
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
      const { prompt } = await agent.send("SLOW 0.6");
      await agent.speaks();
      await house.kill9();
      await fixture.quiet(house, agent, "SLOW 0.6");
      await house.restart();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ outcome: "completed", usage: fixture.tokens });
      expect(await agent.answer(turn)).toBe("1 2 3 4 5 6 slow done");
      expect((await agent.say("COUNT")).answer).toBe("2");
      await isWhole(stage, agent);
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
      const { prompt } = await agent.send("SLOW 2");
      await agent.speaks();
      const leader = await processOf(stage, agent);
      expect(await house.down()).toBe(0);
      expect(isAlive(leader.pid)).toBe(true);
      await house.restart();
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
      const { create, house } = stage;
      const agent = await create({ permissions: "full" });
      await agent.say("SAY one");
      const command = longSleep();
      const word = command.split(" ")[1]!;
      const { prompt } = await agent.send(`RUN ${command}`);
      await untilTrue(
        "the command runs",
        async () => (await runningWith(house.home, word)).length > 0,
      );
      const leader = await processOf(stage, agent);
      process.kill(leader.pid, "SIGKILL");
      expect(await agent.ended(prompt, 2_000)).toMatchObject({
        outcome: "failed",
        error: { kind: "agent" },
      });
      expect((await agent.state("failed", 2_000)).reason).toBeTruthy();
      await untilTrue(
        "nothing of that life is left",
        async () =>
          (await runningWith(house.home, word)).length === 0 &&
          (await processesOf(house, agent)).length === 0,
        2_000,
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
      const { prompt } = await agent.send("SLOW 6");
      await agent.speaks();
      for (let life = 0; life < 3; life++) {
        await house.kill9();
        await house.restart();
      }
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 1, outcome: "completed" });
      const words = Array.from({ length: 60 }, (_, index) => `${index + 1} `).join("");
      expect(await agent.answer(turn)).toBe(`${words}slow done`);
      expect((await agent.say("COUNT")).answer).toBe("2");
      expect(await saidByUser(agent)).toEqual(["SLOW 6", "COUNT"]);
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

/** The spool holds folders of living generations only. */
const leavesNoFolder = async (house: House): Promise<void> => {
  const sessions = await readdir(join(house.home, "spool"));
  for (const session of sessions)
    expect((await readdir(join(house.home, "spool", session))).length).toBeLessThanOrEqual(1);
};
