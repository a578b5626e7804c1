/** What goes wrong at the vendor's, and what a session makes of it. */
import { expect } from "vitest";
import type { TurnError } from "@skein/contract";
import { hold } from "./held.ts";
import { agentProcesses } from "./processes.ts";
import type { Step } from "./step.ts";

const failure = (prompt: string, kinds: readonly TurnError["kind"][]): Step => ({
  name: `${prompt} fails the turn as ${kinds.join(" or ")}, and the next turn works`,
  run: async ({ create }) => {
    const agent = await create();
    const { turn } = await agent.say(prompt);
    expect(turn.outcome).toBe("failed");
    expect(kinds).toContain(turn.error?.kind);
    expect(turn.error?.message).toBeTruthy();
    expect(turn.error?.remedy).toBeTruthy();
    const waits = turn.error?.kind === "login" || turn.error?.kind === "limit";
    const status = await agent.state(waits ? "waiting" : "idle");
    expect(status.waitingFor).toBe(waits ? turn.error!.kind : null);
    expect(await agent.say("say PONG")).toMatchObject({
      turn: { outcome: "completed" },
      answer: "PONG",
    });
  },
});

const broken = (prompt: string): Step => ({
  name: `${prompt} on the wire harms nobody`,
  when: ({ breaks }) => breaks.includes(prompt.split(" ")[0]!),
  run: async ({ create }) => {
    const agent = await create();
    const { turn } = await agent.say(prompt);
    expect(turn.endedAt).not.toBeNull();
    expect((await agent.say("say PONG")).answer).toBe("PONG");
  },
});

const dies = (prompt: string): Step => ({
  name: `${prompt}: an agent that dies by itself fails its turn, and comes back with its memory`,
  when: ({ breaks }) => breaks.includes(prompt.split(" ")[0]!),
  run: async ({ create }) => {
    const agent = await create();
    await agent.say("SAY one");
    const { turn } = await agent.say(prompt);
    expect(turn).toMatchObject({ outcome: "failed", error: { kind: "agent" } });
    expect((await agent.state("failed")).reason).toBeTruthy();
    expect((await agent.say("COUNT")).answer).toBe("3");
  },
});

export const failing: readonly Step[] = [
  failure("FAIL 400", ["api"]),
  failure("FAIL 401", ["login"]),
  failure("FAIL 404 model not found", ["model"]),
  failure("FAIL 429", ["limit"]),
  failure("FAIL 500", ["api"]),
  failure("FAIL 529", ["api"]),
  failure("CUT", ["cut"]),
  {
    name: "FAILONCE 500 is retried by the agent and does not fail the turn",
    run: async ({ create }) => {
      const agent = await create();
      const { turn, answer } = await agent.say("FAILONCE 500");
      expect(turn.outcome).toBe("completed");
      expect(answer).toBe("recovered from 500");
    },
  },
  {
    name: "what waits is held while the login is missing, and goes on when it is resumed",
    run: async ({ create, house }) => {
      const agent = await create();
      const slow = hold(agent, 0.3);
      const first = await agent.send(slow.text);
      const failing = await agent.send("FAIL 401");
      const waiting = await agent.send("SAY later");
      await slow.release();
      await agent.ended(first.prompt);
      expect(await agent.ended(failing.prompt)).toMatchObject({ error: { kind: "login" } });
      expect(await agent.state("waiting")).toMatchObject({ waitingFor: "login" });
      expect((await agent.view()).queued).toBe(1);
      await house.call("sessions.resume", { session: agent.id });
      expect(await agent.answer(await agent.ended(waiting.prompt))).toBe("later");
    },
  },
  broken("GARBAGE"),
  broken("FLOOD 5000"),
  dies("DIE 3"),
  dies("HALF"),
  {
    name: "a process that the agent let go of is ended with it",
    when: ({ breaks }) => breaks.includes("CHILD"),
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("CHILD\nPONG");
      const mine = async () =>
        (await agentProcesses(house.agentHome)).filter(({ session }) => session === agent.id);
      expect((await mine()).some(({ args }) => args[0] === "sleep")).toBe(true);
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      expect(await mine()).toEqual([]);
    },
  },
  {
    name: "an agent that ignores the request to end is ended all the same",
    when: ({ breaks }) => breaks.includes("DEAF"),
    alone: { graceSeconds: 0.3 },
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("DEAF\nPONG");
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped", 5_000);
      const left = (await agentProcesses(house.agentHome)).filter(
        ({ session }) => session === agent.id,
      );
      expect(left).toEqual([]);
    },
  },
];
