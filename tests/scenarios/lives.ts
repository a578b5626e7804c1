/** Lives of processes: stop, resume, fork, rename, delete, idle, silent. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { longSleep } from "./conversation.ts";
import { dataOf } from "./events.ts";
import { exists } from "./permissions.ts";
import { agentProcesses, runningWith, untilTrue } from "./processes.ts";
import { isWhole, nothingLeft, processesOf } from "./remains.ts";
import type { Step } from "./step.ts";

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
      await agent.state("idle", 75_000);
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
      // After one turn alone Claude Code's TUI may forget its answer (decision 12).
      await agent.say("SAY two");
      const { session } = await house.call("sessions.fork", { session: agent.id });
      const copy = await adopt(session.id);
      expect(session).toMatchObject({ forkedFrom: agent.id, folder: agent.folder });
      expect((await copy.say("COUNT")).answer).toBe("3");
      expect((await copy.say("COUNT")).answer).toBe("4");
      expect((await copy.say("COUNT")).answer).toBe("5");
      expect((await agent.say("COUNT")).answer).toBe("3");
      const [one, two] = [await agent.view(), await copy.view()];
      expect(one.providerSessionId).not.toBe(two.providerSessionId);
      expect(two.usage.outputTokens).toBe(one.usage.outputTokens);
      // The copy's own process can be resumed too.
      await house.call("sessions.stop", { session: copy.id });
      await copy.state("stopped");
      expect((await copy.say("COUNT")).answer).toBe("6");
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
        async () => (await agentProcesses(house.agentHome)).length === 0,
      );
      const second = await create();
      expect((await second.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "stopped while it starts, it is stopped; deleted while it starts, nothing of it is left",
    run: async (stage) => {
      const { create, house } = stage;
      const [stopped, deleted] = [await create(), await create()];
      await house.call("sessions.stop", { session: stopped.id });
      await house.call("sessions.delete", { session: deleted.id });
      await stopped.state("stopped");
      for (const agent of [stopped, deleted]) await nothingLeft(stage, agent);
      await untilTrue(
        "the spool is gone",
        async () => !(await exists(join(house.agentHome, "spool", deleted.id))),
      );
      expect((await stopped.say("say PONG")).answer).toBe("PONG");
      expect((await stopped.view()).turns).toBe(1);
    },
  },
  {
    name: "deleted in the middle of a turn, nothing of it is left",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create({ permissions: "full" });
      await agent.state("idle");
      const command = longSleep();
      const word = command.split(" ")[1]!;
      await agent.send(`RUN ${command}`);
      await untilTrue(
        "the command runs",
        async () => (await runningWith(house.agentHome, word)).length > 0,
      );
      const { session } = await house.call("sessions.delete", { session: agent.id });
      expect(session.deletedAt).not.toBeNull();
      await untilTrue(
        "processes and spool are gone",
        async () =>
          (await processesOf(house, agent)).length === 0 &&
          (await runningWith(house.agentHome, word)).length === 0 &&
          !(await exists(join(house.agentHome, "spool", agent.id))),
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
