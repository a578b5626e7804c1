/** One death at each point, on each side, and what exactly the next daemon makes of it. */
import { describe, expect, it } from "vitest";
import { agentProcesses, untilTrue } from "../scenarios/processes.ts";
import type { Line } from "./line.ts";
import { unsettledEffects } from "./remains.ts";
import { done, everything, remainsAfter, type Backend, type Stage } from "./failpoints/stage.ts";

const backends: readonly Backend[] = ["claude-code", "codex"];
const sides = ["before", "after"] as const;

const onStage = async (play: (stage: Stage) => Promise<void>): Promise<void> => {
  expect(await remainsAfter(play)).toEqual([]);
};

const append = (line: Line, session: string, clientId: string) =>
  line.call("events.append", {
    session,
    events: [{ type: "test.fact", data: { id: clientId }, clientId }],
  });

const answerOf = async (line: Line, session: string, clientId: string) =>
  (await append(line, session, clientId)).events[0];

/** The life before: a session at rest. */
const withSession = async (stage: Stage, backend: Backend = "claude-code", more = {}) => {
  const line = await stage.live();
  const session = await stage.create(line, backend, more);
  await done(line, session);
  const events = await everything(line, session.id);
  await stage.kill();
  return { session, seq: events.length };
};

const factsOf = async (line: Line, session: string): Promise<number[]> =>
  (await everything(line, session))
    .filter(({ type }) => type === "session.reported")
    .map(({ seq }) => seq);

it.concurrent("commit:before: what was not committed never was", () =>
  onStage(async (stage) => {
    const { session, seq } = await withSession(stage);
    let acknowledged = false;
    await stage.dieAt("commit:before:1", async (line) => {
      await append(line, session.id, "one");
      acknowledged = true;
    });
    expect(acknowledged).toBe(false);
    const line = await stage.live();
    expect(await factsOf(line, session.id)).toEqual([]);
    expect(await answerOf(line, session.id, "one")).toMatchObject({ repeated: false });
    const [place] = await factsOf(line, session.id);
    expect(place).toBeGreaterThan(seq);
  }));

describe.concurrent("what was committed is there, acknowledged or not", () => {
  it.each([
    "commit:after:1",
    "publish:before:1",
    "publish:after:1",
    "acknowledge:before:1",
    "acknowledge:after:1",
  ])("%s", (point) =>
    onStage(async (stage) => {
      const { session } = await withSession(stage);
      let acknowledged = false;
      await stage.dieAt(point, async (line) => {
        await append(line, session.id, "one");
        acknowledged = true;
      });
      expect(acknowledged).toBe(false);
      const line = await stage.live();
      const places = await factsOf(line, session.id);
      expect(places).toHaveLength(1);
      expect(await answerOf(line, session.id, "one")).toMatchObject({
        repeated: true,
        seq: places[0],
      });
      expect(await factsOf(line, session.id)).toEqual(places);
    }),
  );

  it("a command that was not answered is answered with its receipt when it comes again", () =>
    onStage(async (stage) => {
      const folder = stage.place.folder("work");
      const create = (line: Line) =>
        line.call("sessions.create", { backend: "claude-code", folder, clientId: "create-once" });
      await stage.dieAt("commit:after:1", create);
      const line = await stage.live();
      const { session } = await create(line);
      const { sessions } = await line.call("sessions.list", {});
      expect(sessions.map(({ id }) => id)).toEqual([session.id]);
      expect((await done(line, session)).generation).toBe(1);
      expect(await stage.agents(session.id)).toHaveLength(1);
    }));

  it("a watcher that was told before the death is told the same after it, once", () =>
    onStage(async (stage) => {
      const { session } = await withSession(stage);
      const told: number[] = [];
      let position = 0;
      const follow = (line: Line): Promise<void> =>
        line.watch(
          { after: position, filter: { sessions: [session.id], live: false } },
          (frame) => {
            if (frame.frame !== "events") return;
            for (const event of frame.events) {
              position = event.position;
              told.push(event.seq);
            }
          },
        );
      await stage.dieAt("acknowledge:before:1", async (line) => {
        await follow(line);
        await append(line, session.id, "one");
      });
      const line = await stage.live();
      await follow(line);
      const { seq } = (await answerOf(line, session.id, "two"))!;
      await untilTrue("the watcher has seen the newest", () => told.at(-1) === seq);
      expect(told).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
    }));
});

describe.concurrent.each(backends)("an agent is started once: %s", (backend) => {
  const expectStarted = async (stage: Stage): Promise<void> => {
    const line = await stage.live();
    const { sessions } = await line.call("sessions.list", {});
    const session = sessions[0]!;
    const after = await done(line, session);
    expect(after).toMatchObject({ generation: 1, status: { state: "idle" } });
    await line.call("sessions.send", { session: session.id, text: "say PONG" });
    await done(line, session);
    const events = await everything(line, session.id);
    expect(events.filter(({ type }) => type === "session.process.starting")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "session.turn.ended")).toHaveLength(1);
    if (backend === "claude-code") expect(await stage.agents(session.id)).toHaveLength(1);
  };

  it.each([
    "effect.lease:before:1",
    "effect.lease:after:1",
    "spawn:before:1",
    "spawn:after:1",
    "effect.settle:before:1",
    "effect.settle:after:1",
  ])("%s", async (point) => {
    const left = await remainsAfter(async (stage) => {
      await stage.dieAt(point, async (line) => {
        await stage.create(line, backend);
        await line.broken;
      });
      await expectStarted(stage);
    });
    expect(left).toEqual([]);
  });
});

it.concurrent("an agent that was spawned is adopted by the next daemon, not started again", () =>
  onStage(async (stage) => {
    await stage.dieAt("spawn:after:1", async (line) => {
      await stage.create(line, "claude-code");
      await line.broken;
    });
    const { session } = await onlySession(stage);
    const before = await stage.agents(session);
    expect(before).toHaveLength(1);
    const line = await stage.live();
    await line.call("sessions.wait", { sessions: [session], timeoutMs: 30_000 });
    expect(await stage.agents(session)).toEqual(before);
  }));

/** By its mark: the daemon is dead and cannot be asked. */
const onlySession = async (stage: Stage): Promise<{ session: string }> => {
  const found = (await agentProcesses(stage.place.home)).find(({ session }) =>
    session?.startsWith("ses_"),
  );
  if (found?.session == null) throw new Error("no agent runs");
  return { session: found.session };
};

const expectGivenOnce = async (
  stage: Stage,
  backend: Backend,
  point: string,
  pad = "",
): Promise<void> => {
  const { session } = await withSession(stage, backend, { permissions: "full" });
  const mark = stage.mark(session, "given");
  const text = `${mark.text}\n${pad}`;
  const send = (line: Line) =>
    line.call("sessions.send", { session: session.id, text, clientId: "send-once" });
  await stage.dieAt(point, async (line) => {
    await send(line);
    await line.broken;
  });
  const line = await stage.live();
  await send(line);
  await done(line, session);
  expect(mark.count()).toBe(1);
  await line.call("sessions.send", { session: session.id, text: "COUNT" });
  await done(line, session);
  const { messages } = await line.call("sessions.lastMessage", { session: session.id });
  expect(messages[0]?.text).toBe("2");
  const events = await everything(line, session.id);
  expect(events.filter(({ type }) => type === "session.prompt.accepted")).toHaveLength(2);
};

describe.concurrent("a prompt is given once", () => {
  for (const backend of backends)
    it.each([
      "effect.lease:before:1",
      "effect.lease:after:1",
      "effect.settle:before:1",
      "effect.settle:after:1",
    ])(`${backend}: %s`, async (point) => {
      expect(await remainsAfter((stage) => expectGivenOnce(stage, backend, point))).toEqual([]);
    });

  const write = (side: string, pad = "") =>
    remainsAfter((stage) => expectGivenOnce(stage, "claude-code", `fifo.write:${side}:1`, pad));
  it.each(sides)("claude-code: fifo.write:%s", async (side) => {
    expect(await write(side)).toEqual([]);
  });
  it.each(sides)("claude-code: fifo.write:%s, too large to be written at once", async (side) => {
    expect(await write(side, "pad ".repeat(20_000))).toEqual([]);
  });
});

it.concurrent("a prompt that is given again to an agent that has not read it yet is worked on once", () =>
  onStage(async (stage) => {
    const { session } = await withSession(stage, "claude-code", { permissions: "full" });
    const mark = stage.mark(session, "given");
    const agents = await stage.agents(session.id);
    for (const pid of agents) process.kill(pid, "SIGSTOP");
    await stage.dieAt("fifo.write:after:1", async (line) => {
      await line.call("sessions.send", { session: session.id, text: mark.text });
      await line.broken;
    });
    const line = await stage.live();
    // Given again: that the agent has it already cannot be known.
    await untilTrue("it is given", () => unsettledEffects(stage.place.home) === 0, 20_000);
    for (const pid of agents) process.kill(pid, "SIGCONT");
    await done(line, session);
    expect(mark.count()).toBe(1);
    await line.call("sessions.send", { session: session.id, text: "COUNT" });
    await done(line, session);
    const { messages } = await line.call("sessions.lastMessage", { session: session.id });
    expect(messages[0]?.text).toBe("2");
  }));

describe.concurrent("what an agent said is recorded once", () => {
  it.each([1, 3, 8].flatMap((hit) => sides.map((side) => `spool.read:${side}:${hit}`)))(
    "%s",
    (point) =>
      onStage(async (stage) => {
        const { session } = await withSession(stage);
        await stage.dieAt(point, async (line) => {
          await line.call("sessions.send", { session: session.id, text: "SLOW 0.3" });
          await line.broken;
        });
        const line = await stage.live();
        await done(line, session);
        const { items } = await line.call("sessions.items", { session: session.id, from: "start" });
        expect(items.map(({ body }) => body.kind)).toEqual(["user", "message"]);
        expect(items.map(({ order }) => order)).toEqual([1, 2]);
        const types = (await everything(line, session.id)).map(({ type }) => type);
        for (const type of [
          "session.prompt.accepted",
          "session.turn.started",
          "session.turn.ended",
        ])
          expect([type, types.filter((one) => one === type).length]).toEqual([type, 1]);
      }),
  );
});

describe.concurrent.each(backends)("an approval is answered once: %s", (backend) => {
  it.each(["approval.answer:before:1", "approval.answer:after:1"])("%s", (point) =>
    onStage(async (stage) => {
      const first = await stage.live();
      const session = await stage.create(first, backend);
      await done(first, session);
      const mark = stage.mark(session, "allowed");
      await first.call("sessions.send", { session: session.id, text: mark.text });
      await first.call("sessions.wait", { sessions: [session.id], timeoutMs: 30_000 });
      const [approval] = (await first.call("approvals.list", { session: session.id })).approvals;
      await stage.kill();

      const allow = (line: Line) =>
        line.call("approvals.resolve", {
          approval: approval!.id,
          decision: "allow",
          clientId: "allow-once",
        });
      await stage.dieAt(point, async (line) => {
        await allow(line);
        await line.broken;
      });
      const line = await stage.live();
      expect(await allow(line)).toMatchObject({
        state: "resolved",
        resolution: { decision: "allow" },
      });
      await expect(
        line.call("approvals.resolve", { approval: approval!.id, decision: "deny" }),
      ).rejects.toMatchObject({ code: "already_resolved" });
      const after = await done(line, session);
      expect(after).toMatchObject({ turns: 1, lastTurn: { outcome: "completed" } });
      expect(mark.count()).toBe(1);
    }),
  );
});

describe.concurrent("a deleted session leaves nothing", () => {
  for (const backend of backends)
    it.each([
      "commit:after:1",
      "effect.lease:after:1",
      "effect.settle:before:1",
      "effect.settle:after:2",
    ])(`${backend}: %s`, async (point) => {
      const left = await remainsAfter(async (stage) => {
        const { session } = await withSession(stage, backend);
        await stage.dieAt(point, async (line) => {
          await line.call("sessions.delete", { session: session.id });
          await line.broken;
        });
      });
      expect(left).toEqual([]);
    });

  it("codex: not even its server, when the daemon dies while that lingers", async () => {
    const left = await remainsAfter(async (stage) => {
      const first = await stage.live();
      const session = await stage.create(first, "codex");
      await done(first, session);
      await first.call("sessions.delete", { session: session.id });
      await untilTrue("its end is recorded", async () => {
        const { events } = await first.call("events.list", { session: session.id, limit: 500 });
        return events.at(-1)?.type === "session.process.ended";
      });
      await stage.kill();
    });
    expect(left).toEqual([]);
  });
});

describe.concurrent("a new state folder", () => {
  it.each(sides)("migration:%s", (side) =>
    onStage(async (stage) => {
      await stage.dieStarting(`migration:${side}:1`);
      const line = await stage.live();
      expect((await line.call("sessions.list", {})).sessions).toEqual([]);
    }),
  );
});
