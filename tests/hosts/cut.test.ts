/**
 * A host whose wire is taken down while agents work on it, seen through the doors that people use: nobody is dead, nothing is
 * lost or told twice, what was asked meanwhile is done on return, and what cannot be done is refused at once.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectTerminal, type TerminalSocketLike } from "@skein/client";
import { setTimeout as pause } from "node:timers/promises";
import { skein } from "../cli/run-skein.ts";
import { fakeClaudeBackend, fakeCodexBackend } from "../daemon/fixtures.ts";
import { takeAgent, type Agent } from "../scenarios/agent.ts";
import { dataOf } from "../scenarios/events.ts";
import { hold } from "../scenarios/held.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { agentProcesses, everyProcess, untilTrue } from "../scenarios/processes.ts";
import { isWhole, saidByUser } from "../scenarios/remains.ts";
import { openFar } from "./far.ts";
import { makeNetwork, type Network } from "./network.ts";

/** Three questions of ssh without an answer, and the time that each waits. */
const NOTICED_MS = 40_000;
/** The longest pause between two tries, and a slow machine. */
const BACK_MS = 40_000;
/** A try to reach a host on a cut wire takes so long: what is refused sooner has not waited for one, however busy the machine. */
const ONE_TRY_MS = 10_000;

const inHouse = async (run: (house: House, network: Network) => Promise<void>): Promise<void> => {
  await using network = await makeNetwork();
  const house = await openHouse({
    far: await openFar({ network, env: { LANG: "C.UTF-8" } }),
    config: async (place) => ({
      hosts: {
        far: {
          backends: {
            "claude-code": await fakeClaudeBackend(place),
            codex: await fakeCodexBackend(place),
          },
        },
      },
    }),
  });
  try {
    await run(house, network);
    expect(house.log.faults).toEqual([]);
  } catch (error) {
    if (error instanceof Error) error.message += `\ndaemon's log:\n${await house.tail()}`;
    throw error;
  } finally {
    await house.close();
  }
  expect(await everyProcess(house.agentHome)).toEqual([]);
};

const backends = ["claude-code", "codex"] as const;

const create = async (house: House, backend: (typeof backends)[number]): Promise<Agent> => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { backend, folder, host: "far" });
  return takeAgent(house, session);
};

const isAway = (agent: Agent): Promise<unknown> =>
  agent.until(
    "it is said to be out of reach",
    (event) => dataOf(event, "session.status")?.reason.includes("unreachable") === true,
    NOTICED_MS,
  );

const count = (upTo: number): string =>
  `${Array.from({ length: upTo }, (_, index) => index + 1).join(" ")} slow done`;

const problemOf = (operation: Promise<unknown>): Promise<unknown> =>
  operation.then(
    () => null,
    (error: unknown) => (error as { problem?: { code: string } }).problem?.code,
  );

describe.concurrent("a wire that is cut while agents work", () => {
  test.each([
    ["cut", "mend"],
    ["drop", "allow"],
  ] as const)(
    "(%s) for 10 s: each word arrives, once, and nobody has died",
    async (down, up) => {
      await inHouse(async (house, network) => {
        const agents = await Promise.all(backends.map((backend) => create(house, backend)));
        const slow = agents.map((agent) => hold(agent, 8));
        const sent = await Promise.all(agents.map((agent, index) => agent.send(slow[index]!.text)));
        await Promise.all(agents.map((agent) => agent.speaks()));
        const waiting = await Promise.all(agents.map((agent) => agent.send("COUNT")));
        await network[down]();
        await Promise.all(slow.map(({ release }) => release()));
        // The one thing here that is a time: how long the wire is down.
        await pause(10_000);
        await network[up]();
        for (const [index, agent] of agents.entries()) {
          const turn = await agent.ended(sent[index]!.prompt, BACK_MS);
          expect(turn).toMatchObject({ outcome: "completed", number: 1 });
          expect(await agent.answer(turn)).toBe(count(80));
          const next = await agent.ended(waiting[index]!.prompt, BACK_MS);
          expect(await agent.answer(next)).toBe("2");
          expect((await agent.view()).generation).toBe(1);
          await isWhole({ house }, agent);
        }
      });
    },
    120_000,
  );

  test("for longer: it is shown since when, the daemon is killed meanwhile, and all of it goes on", async () => {
    await inHouse(async (house, network) => {
      const [working, stopped, deleted, codex] = [
        await create(house, "claude-code"),
        await create(house, "claude-code"),
        await create(house, "claude-code"),
        await create(house, "codex"),
      ];
      for (const agent of [stopped, deleted]) await agent.say("say PONG");
      const slow = [hold(working, 3), hold(codex, 3)] as const;
      const { prompt } = await working.send(slow[0].text);
      const other = await codex.send(slow[1].text);
      await Promise.all([working.speaks(), codex.speaks()]);
      const wait = skein(["wait", working.name, codex.name, "--all", "-t", "5m"], {
        home: house.home,
      });
      await network.cut();
      // They end behind the cut, where nobody hears of it.
      await Promise.all(slow.map(({ release }) => release()));
      await Promise.all([working, stopped, deleted, codex].map(isAway));

      const view = await working.view();
      expect(view.status.state).toBe("working");
      expect(Date.parse(view.unreachable ?? "")).toBeGreaterThan(0);
      const { hosts } = await house.call("hosts.list", {});
      expect(hosts.find(({ name }) => name === "far")).toMatchObject({
        state: "unreachable",
        since: expect.stringMatching(/^\d{4}-/),
        reason: expect.stringMatching(/\S/),
      });
      const told = await skein(["status", working.name], { home: house.home });
      expect(told.stdout).toMatch(/^\S+: working[^]*far has not answered for \d+s \(since /);

      // What would need the host is refused at once; what can wait does, and says so.
      const folder = working.folder;
      const began = performance.now();
      expect(await problemOf(house.call("sessions.create", { folder, host: "far" }))).toBe(
        "host_unreachable",
      );
      for (const operation of ["sessions.resume", "sessions.fork"] as const)
        expect(await problemOf(house.call(operation, { session: stopped.id }))).toBe(
          "host_unreachable",
        );
      expect(performance.now() - began).toBeLessThan(ONE_TRY_MS);
      const later = await working.send("COUNT");
      expect(later.delivery).toBe("queued");
      const stop = await skein(["stop", stopped.name], { home: house.home });
      expect(stop.stdout).toBe(`Session ${stopped.name} stops as soon as far answers\n`);
      expect((await stopped.view()).status.reason).toMatch(/stopped as soon as its host answers/);
      const kill = await skein(["kill", deleted.name], { home: house.home });
      expect(kill).toMatchObject({ code: 0, stdout: `Killed session ${deleted.name}\n` });
      expect(kill.stderr).toMatch(/far does not answer: the agent there is ended as soon as/);

      await house.kill9();
      await house.restart();
      expect(await working.view()).toMatchObject({
        unreachable: view.unreachable,
        status: { state: "working" },
        generation: 1,
      });
      await network.mend();

      const turn = await working.ended(prompt, BACK_MS);
      expect(turn).toMatchObject({ outcome: "completed" });
      expect(await working.answer(turn)).toBe(count(30));
      expect(await working.answer(await working.ended(later.prompt))).toBe("2");
      const codexTurn = await codex.ended(other.prompt, BACK_MS);
      expect(await codex.answer(codexTurn)).toBe(count(30));
      expect((await stopped.state("stopped", BACK_MS)).reason).toBe("stopped on request");
      await untilTrue("only the two that work are left", async () => {
        const left = (await agentProcesses(house.agentHome)).map(({ session }) => session);
        return !left.includes(deleted.id) && !left.includes(stopped.id);
      });
      expect(await wait).toMatchObject({ code: 0, stderr: "" });
      expect(await saidByUser(working)).toEqual([slow[0].text, "COUNT"]);
      for (const agent of [working, codex]) {
        expect(await agent.view()).toMatchObject({ unreachable: null, generation: 1 });
        await isWhole({ house }, agent);
      }
    });
  }, 180_000);
});

test("what is typed into a terminal there while the wire is cut waits, and is typed once when it is mended", async () => {
  await inHouse(async (house, network) => {
    const folder = await house.folder("typed");
    const file = join(folder, "typed");
    const argv = ["/bin/sh", "-c", "stty -echo; exec cat > typed"];
    const { terminal } = await house.call("terminals.open", { host: "far", folder, argv });
    const kept: number[] = [];
    let state = "";
    const person = connectTerminal({
      socket: (query) =>
        new WebSocket(
          `ws+unix:${join(house.home, "run", "skein.sock")}:/api/terminals/${terminal.id}${query}`,
        ) as unknown as TerminalSocketLike,
      attempts: 1_000,
      on: {
        snapshot: (_, done) => done(),
        output: (_, done) => done(),
        attached: ({ program }) => (state = program.state),
        program: (program) => (state = program.state),
        kept: (bytes) => kept.push(bytes),
      },
    });
    expect(await person.input(Buffer.from("before\r"))).toBe("typed");
    await network.cut();
    await untilTrue("it is noticed", () => state === "unknown", NOTICED_MS);
    const typed = ["one\r", "two\r"].map((text) => person.input(Buffer.from(text)));
    await untilTrue("they wait", () => kept.at(-1) === 8);
    await network.mend();
    expect(await Promise.all(typed)).toEqual(["typed", "typed"]);
    await untilTrue(
      "cat has written them",
      async () => (await readFile(file, "utf8")) === "before\none\ntwo\n",
    );
    expect(kept.at(-1)).toBe(0);
    person.close();
    await person.ended;
    await house.call("terminals.close", { terminal: terminal.id });
  });
}, 180_000);
