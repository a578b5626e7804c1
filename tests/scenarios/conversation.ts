/** Talking: prompts, queue, steer, interrupt, what is counted. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { dataOf } from "./events.ts";
import { hold } from "./held.ts";
import { runningWith, untilTrue } from "./processes.ts";
import { lacks } from "./stage.ts";
import type { Step } from "./step.ts";

/** Turns as they began and ended, in the order of the log: `+1 -1 +2 -2` means that none overlapped. */
const turnsOf = (events: readonly { type: string; data: unknown }[]): string =>
  events
    .flatMap(({ type, data }) => {
      const { turn } = data as { turn?: { number: number } };
      if (type === "session.turn.started") return [`+${turn!.number}`];
      return type === "session.turn.ended" ? [`-${turn!.number}`] : [];
    })
    .join(" ");

/** Long, and never the same: there are agents that break off an answer that repeats itself (Gemini CLI 0.61.0). */
const numbers = (count: number): string =>
  Array.from({ length: count }, (_, index) => index).join(" ");

let sleeps = 0;
/** A command that lasts, told apart from every other by its argument. */
export const longSleep = (): string => `sleep ${10_000 + process.pid}.${++sleeps}`;

export const talking: readonly Step[] = [
  {
    name: "a new session becomes idle",
    run: async ({ create, fixture }) => {
      const agent = await create({ description: "what it is for", tags: ["one", "two"] });
      await agent.state("idle");
      const view = await agent.view();
      expect(view).toMatchObject({
        backend: fixture.id,
        permissions: fixture.create?.permissions ?? "guarded",
        generation: 1,
        turns: 0,
        queued: 0,
        description: "what it is for",
        tags: ["one", "two"],
      });
      expect(view.status.reason).toBeTruthy();
    },
  },
  {
    name: "answers a prompt",
    run: async ({ create, house, fixture }) => {
      const agent = await create();
      const { turn, answer } = await agent.say("say PONG");
      expect({ ...turn, outcome: turn.outcome, answer }).toMatchObject({
        number: 1,
        outcome: "completed",
        error: null,
        answer: "PONG",
      });
      const { messages } = await house.call("sessions.lastMessage", { session: agent.id });
      expect(messages.map(({ text }) => text)).toEqual(["PONG"]);
      const items = await agent.items();
      expect(items.map(({ body }) => body.kind)).toEqual(["user", "message"]);
      expect(items.map(({ order }) => order)).toEqual([1, 2]);
      expect(new Set(items.map((item) => item.turn))).toEqual(new Set([turn.id]));
      const view = await agent.view();
      expect(view.status.state).toBe("idle");
      // Without one it could not be resumed.
      if (fixture.capabilities.resume) expect(view.providerSessionId).toBeTruthy();
    },
  },
  {
    name: "a prompt that begins with a path is no command",
    run: async ({ create }) => {
      const agent = await create();
      const { turn, answer } = await agent.say("/etc/hosts: SAY read");
      expect({ outcome: turn.outcome, answer }).toEqual({ outcome: "completed", answer: "read" });
    },
  },
  {
    name: "a prompt sent while the agent starts is its first turn",
    run: async ({ create }) => {
      const agent = await create();
      const { prompt, delivery } = await agent.send("say PONG");
      expect(["queued", "started"]).toContain(delivery);
      expect(await agent.ended(prompt)).toMatchObject({ number: 1, outcome: "completed" });
    },
  },
  {
    name: "its words are shown as they come, and recorded once",
    run: async ({ create, house }) => {
      const agent = await create();
      const slow = hold(agent, 1);
      const { prompt } = await agent.send(slow.text);
      // While the turn goes on: it is not let go before.
      await agent.speaks();
      await slow.release();
      const turn = await agent.ended(prompt);
      const answer = await agent.answer(turn);
      expect(answer).toBe("1 2 3 4 5 6 7 8 9 10 slow done");
      const shown = house.log.deltas.filter(
        (delta) => delta.session === agent.id && delta.kind === "message",
      );
      // What had not been shown when the message settled is not shown any more: the recorded text has it all.
      expect(answer.startsWith(shown.map(({ text }) => text).join(""))).toBe(true);
      const messages = (await agent.items()).filter(
        (item) => item.turn === turn.id && item.body.kind === "message",
      );
      expect(messages).toHaveLength(1);
    },
  },
  {
    name: "three prompts are worked off in order, one at a time",
    run: async ({ create }) => {
      const agent = await create();
      await agent.state("idle");
      const slow = hold(agent, 0.4);
      const sent = [
        await agent.send(slow.text),
        await agent.send("SAY second"),
        await agent.send("COUNT"),
      ];
      expect(sent.map(({ delivery }) => delivery)).toEqual(["started", "queued", "queued"]);
      expect((await agent.view()).queued).toBe(2);
      await slow.release();
      const turns = await Promise.all(sent.map(({ prompt }) => agent.ended(prompt)));
      expect(turns.map(({ number, outcome }) => [number, outcome])).toEqual([
        [1, "completed"],
        [2, "completed"],
        [3, "completed"],
      ]);
      expect(await Promise.all(turns.map(agent.answer))).toEqual([
        "1 2 3 4 slow done",
        "second",
        "3",
      ]);
      expect(turnsOf(agent.events())).toBe("+1 -1 +2 -2 +3 -3");
    },
  },
  {
    name: "a prompt steers the turn in progress",
    needs: "steer",
    run: async ({ create }) => {
      const agent = await create();
      const slow = hold(agent, 3);
      const { prompt } = await agent.send(slow.text);
      await agent.speaks();
      const steered = await agent.send("SAY steered", "steer");
      expect(steered.delivery).toBe("steered");
      await slow.release();
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 1, outcome: "completed" });
      expect(await agent.answer(turn)).toBe("steered");
      const said = (await agent.items()).filter(({ body }) => body.kind === "user");
      expect(said.map(({ body }) => (body.kind === "user" ? [body.text, body.how] : []))).toEqual([
        [slow.text, "queue"],
        ["SAY steered", "steer"],
      ]);
      expect(turnsOf(agent.events())).toBe("+1 -1");
      expect((await agent.say("COUNT")).answer).toBe("3");
    },
  },
  {
    name: "a turn is interrupted in the middle of its words",
    run: async ({ create, house }) => {
      const agent = await create();
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      const answer = await house.call("sessions.interrupt", { session: agent.id });
      expect(answer.interrupted).toBe(true);
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      await agent.state("idle");
      expect((await house.call("sessions.interrupt", { session: agent.id })).interrupted).toBe(
        false,
      );
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "an interrupt right behind its prompt ends that turn, and no other",
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("SAY one");
      for (let round = 0; round < 3; round++) {
        const { prompt } = await agent.send("SLOW 30");
        await house.call("sessions.interrupt", { session: agent.id });
        expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
        expect((await agent.say("say PONG")).answer).toBe("PONG");
      }
    },
  },
  {
    name: "an interrupt ends the command that runs",
    run: async ({ create, house }) => {
      const agent = await create({ permissions: "full" });
      await agent.state("idle");
      const command = longSleep();
      const word = command.split(" ")[1]!;
      const { prompt } = await agent.send(`RUN ${command}`);
      await untilTrue(
        "the command runs",
        async () => (await runningWith(house.agentHome, word)).length > 0,
      );
      await house.call("sessions.interrupt", { session: agent.id });
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      await untilTrue(
        "the command is dead",
        async () => (await runningWith(house.agentHome, word)).length === 0,
      );
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "a prompt that interrupts goes before those that wait",
    run: async ({ create }) => {
      const agent = await create();
      const first = await agent.send("SLOW 30");
      await agent.speaks();
      const waiting = await agent.send("SAY later");
      const urgent = await agent.send("SAY urgent", "interrupt");
      const turns = await Promise.all(
        [first, urgent, waiting].map(({ prompt }) => agent.ended(prompt)),
      );
      expect(turns.map(({ number, outcome }) => [number, outcome])).toEqual([
        [1, "interrupted"],
        [2, "completed"],
        [3, "completed"],
      ]);
      expect(await Promise.all(turns.slice(1).map(agent.answer))).toEqual(["urgent", "later"]);
    },
  },
  {
    name: "an interrupt can clear the queue",
    run: async ({ create, house }) => {
      const agent = await create();
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      await agent.send("SAY one");
      await agent.send("SAY two");
      const answer = await house.call("sessions.interrupt", {
        session: agent.id,
        clearQueue: true,
      });
      expect(answer).toMatchObject({ interrupted: true, dropped: 2 });
      await agent.ended(prompt);
      await agent.state("idle");
      expect((await agent.view()).queued).toBe(0);
      expect((await agent.say("say PONG")).turn.number).toBe(2);
    },
  },
  {
    name: "what a turn used is told exactly, and added up once",
    run: async ({ create, fixture, house }) => {
      const agent = await create({ permissions: "full" });
      const one = (await agent.say("say PONG")).turn;
      expect(one.usage).toMatchObject(fixture.tokens!);
      // A command and the words after it: two requests.
      const two = (await agent.say("RUN true")).turn;
      const told = lacks(fixture, "usage-of-all-requests") ? 1 : 2;
      expect(two.usage).toMatchObject(times(fixture.tokens!, told));
      expect((await agent.view()).usage).toMatchObject(times(fixture.tokens!, told + 1));
      if (!lacks(fixture, "resuming-at-once")) {
        await house.call("sessions.stop", { session: agent.id });
        await agent.state("stopped");
      }
      const three = (await agent.say("say PONG")).turn;
      expect(three.usage).toMatchObject(fixture.tokens!);
      const { total, sessions } = await house.call("sessions.usage", { session: agent.id });
      expect(total).toMatchObject(times(fixture.tokens!, told + 2));
      expect(sessions).toHaveLength(1);
      expect(total.costUsd).toBeGreaterThan(0);
      expect(one.usage?.costUsd).toBeGreaterThan(0);
    },
  },
  {
    name: "model and effort reach the model's API",
    run: async ({ create, fixture, house }) => {
      const { model, effort } = fixture.choice;
      const agent = await create({ model, ...(effort === null ? {} : { effort }) });
      await agent.say("SAY chosen");
      expect(await fixture.wanted(house, agent)).toEqual({ model: fixture.choice.asked, effort });
    },
  },
  {
    name: "a long prompt and odd characters arrive unchanged",
    run: async ({ create }) => {
      const agent = await create();
      const text = `ECHO \u001b[31mred\u001b[0m \u0007 “quotes” 'single' \\ $HOME \`x\` ünïcödé 🧵\ttab ${numbers(20_000)} end`;
      const { answer } = await agent.say(text);
      expect(answer).toBe(text);
      const [first] = await agent.items();
      expect(first?.body).toMatchObject({ kind: "user", text });
    },
  },
  {
    name: "others report facts about a session, once each",
    run: async ({ create, house }) => {
      const agent = await create();
      const events = [{ type: "hook.stop", data: { ok: true }, clientId: `hook-${agent.id}` }];
      const first = await house.call("events.append", { session: agent.id, events });
      const again = await house.call("events.append", { session: agent.id, events });
      expect(first.events[0]?.repeated).toBe(false);
      expect(again.events[0]).toMatchObject({ repeated: true, seq: first.events[0]?.seq });
      const told = await agent.until(
        "the reported fact",
        (event) => event.type === "session.reported",
      );
      expect(dataOf(told, "session.reported")).toMatchObject({
        type: "hook.stop",
        data: { ok: true },
      });
    },
  },
  {
    name: "files that the agent is told to write lie in its folder",
    run: async ({ create }) => {
      const agent = await create({ permissions: "full" });
      const { turn } = await agent.say(`RUN pwd > ${join(agent.folder, "where")}\nCOUNT`);
      expect(turn.outcome).toBe("completed");
      const [where] = await readLines(join(agent.folder, "where"));
      expect(where).toBe(agent.folder);
    },
  },
];

const readLines = async (path: string): Promise<string[]> =>
  (await readFile(path, "utf8")).split("\n");

const times = <T extends Record<string, number>>(tokens: T, count: number): T =>
  Object.fromEntries(Object.entries(tokens).map(([name, value]) => [name, value * count])) as T;
