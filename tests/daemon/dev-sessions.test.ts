/**
 * The open issues of dev-sessions, the tool that Skein's command line comes from: each with a test that is named after it,
 * through the doors that people use. What the whole list asks and where it is proven: docs/dev-sessions.md.
 */
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { skein } from "../cli/run-skein.ts";
import { takeAgent, type Agent } from "../scenarios/agent.ts";
import { dataOf } from "../scenarios/events.ts";
import { openHouse, type House, type HouseOptions } from "../scenarios/house.ts";
import { agentProcesses, everyProcess, untilTrue } from "../scenarios/processes.ts";
import { fakeClaudeBackend, fakeCodexBackend } from "./fixtures.ts";

type Backend = "claude-code" | "codex";

const bothFakes = async (place: string) => ({
  "claude-code": await fakeClaudeBackend(place),
  codex: await fakeCodexBackend(place),
});

/** A house of its own for each test: they kill it, and count what is in it. */
const inHouse = async (
  run: (house: House) => Promise<void>,
  options: Partial<HouseOptions> & { readonly sessions?: object } = {},
): Promise<void> => {
  const { sessions = {}, ...more } = options;
  const house = await openHouse({
    config: async (place) => ({ sessions, backends: await bothFakes(place) }),
    ...more,
  });
  try {
    await run(house);
    expect(house.log.faults).toEqual([]);
  } catch (error) {
    if (error instanceof Error) error.message += `\ndaemon's log:\n${await house.tail()}`;
    throw error;
  } finally {
    await house.close();
  }
  expect(await everyProcess(house.home)).toEqual([]);
};

const create = async (
  house: House,
  backend: Backend = "claude-code",
  more: object = {},
): Promise<Agent> => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { backend, folder, ...more });
  return takeAgent(house, session);
};

const appServers = async (house: House) =>
  (await agentProcesses(house.home)).filter(({ args }) => args.includes("app-server"));

/** Only ends one that hangs: dozens of programs are started, and the machine may be busy. */
const PATIENCE_MS = 90_000;

// Side by side: each has a house of its own, and most of their time is waiting.
describe.concurrent("dev-sessions", { timeout: PATIENCE_MS }, () => {
  test("#2, #3: parallel creates, by many programs at once, get different names and lose nothing", () =>
    inHouse(async (house) => {
      const folder = await house.folder("project");
      const byProgram = Array.from({ length: 6 }, async () => {
        const ran = await skein(["create", "-q", "-p", folder], { home: house.home });
        expect([ran.code, ran.stderr]).toEqual([0, ""]);
        return ran.stdout.trim();
      });
      const byCall = Array.from({ length: 6 }, async () => {
        const { session } = await house.call("sessions.create", { backend: "codex", folder });
        return session.name;
      });
      const wanted = Array.from({ length: 4 }, () =>
        house.call("sessions.create", { backend: "codex", folder, name: "the-one" }).then(
          () => "won",
          () => "refused",
        ),
      );
      const names = await Promise.all([...byProgram, ...byCall]);
      expect((await Promise.all(wanted)).toSorted()).toEqual([
        "refused",
        "refused",
        "refused",
        "won",
      ]);
      expect(new Set(names).size).toBe(12);
      const listed = (await house.call("sessions.list", { limit: 100 })).sessions;
      expect(listed.map(({ name }) => name).toSorted()).toEqual([...names, "the-one"].toSorted());
      // Not one is lost to a daemon that dies while they begin.
      await house.kill9();
      await house.restart();
      const after = (await house.call("sessions.list", { limit: 100 })).sessions;
      expect(new Set(after.map(({ id }) => id))).toEqual(new Set(listed.map(({ id }) => id)));
    }));

  test("#6: liveness has three values: who cannot be asked is unknown, and nothing of it is pruned", () =>
    inHouse(
      async (house) => {
        const agent = await create(house, "codex");
        await agent.say("SAY one");
        const [server] = await appServers(house);
        await house.kill9();
        // It lives, and answers nobody.
        process.kill(server!.pid, "SIGSTOP");
        await house.restart();
        await agent.until("that it cannot be reached", (event) =>
          /unreachable/.test(dataOf(event, "session.status")?.reason ?? ""),
        );
        const { sessions } = await house.call("sessions.list", {});
        expect(sessions).toMatchObject([
          { id: agent.id, generation: 1, unreachable: expect.any(String), deletedAt: null },
        ]);
        expect(await appServers(house)).toMatchObject([{ pid: server!.pid }]);
        process.kill(server!.pid, "SIGCONT");
        expect((await agent.say("COUNT")).answer).toBe("2");
        expect(await agent.view()).toMatchObject({ generation: 1, unreachable: null });
      },
      { sessions: { startSeconds: 5 } },
    ));

  test("#8: a session that could not be recorded leaves no agent, no folder and no name behind", async () => {
    const armed = join(await realpath(await mkdtemp(join(tmpdir(), "skein-"))), "armed");
    const house = await openHouse({
      config: async (place) => ({ backends: await bothFakes(place) }),
      // The record cannot be written, and as hard as can be: the daemon is gone before its first byte.
      env: { SKEIN_FAILPOINT: `commit:before:1:${armed}` },
    });
    try {
      const folder = await house.folder("project");
      // Answered once every agent was asked who it is, and that is recorded.
      await house.call("backends.list", {});
      await writeFile(armed, "");
      const ran = await skein(["create", "--name", "orphan", "-p", folder], { home: house.home });
      expect([ran.code, ran.stdout]).toEqual([255, ""]);
      await rm(armed);
      expect(await agentProcesses(house.home)).toEqual([]);
      await house.restart();
      expect((await house.call("sessions.list", {})).sessions).toEqual([]);
      expect(await readdir(join(house.home, "spool"))).toEqual([]);
      // The name is nobody's.
      const again = await skein(["create", "-q", "--name", "orphan", "-p", folder], {
        home: house.home,
      });
      expect(again).toEqual({ code: 0, stderr: "", stdout: "orphan\n" });
    } finally {
      await rm(dirname(armed), { recursive: true, force: true });
      await house.close();
    }
    expect(await everyProcess(house.home)).toEqual([]);
  });

  test("#8: an agent that could not be started leaves nothing behind but the reason", () =>
    inHouse(
      async (house) => {
        const agent = await create(house, "claude-code");
        const status = await agent.state("failed");
        expect(status.reason).not.toBe("");
        await untilTrue(
          "nothing of it is left",
          async () => (await agentProcesses(house.home)).length === 0,
        );
        const { stdout } = await skein(["logs", agent.name], { home: house.home });
        expect(stdout).toContain("the agent could not be started");
      },
      {
        config: async (place) => {
          const { command, env } = await fakeClaudeBackend(place);
          const broken = join(place, "broken");
          const script = `#!/bin/sh\ncase "$*" in *stream-json*) sleep 100 & echo "no, thanks" >&2; exit 3;; esac\nexec "${command}" "$@"\n`;
          await writeFile(broken, script, { mode: 0o755 });
          return { backends: { "claude-code": { command: broken, env } } };
        },
      },
    ));

  test("#9: starts and creates that come at once make one daemon, and one app-server", async () => {
    await inHouse(async (house) => {
      // The one that runs is stopped first: all of these find none.
      await house.down();
      const folder = await house.folder("project");
      const ups = await Promise.all(
        Array.from({ length: 6 }, () =>
          skein(["up", "--detach", "--port", "0"], { home: house.home }),
        ),
      );
      expect(ups.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
      // Those that lost say so and end, a moment after the one that won answers for all.
      await untilTrue(
        "one daemon is left",
        async () =>
          (await everyProcess(house.home)).filter(({ args }) => args.includes("up")).length === 1,
        PATIENCE_MS,
      );
      const made = await Promise.all(
        Array.from({ length: 5 }, () =>
          skein(["create", "-q", "--cli", "codex", "-p", folder], { home: house.home }),
        ),
      );
      const names = made.map(({ stdout }) => stdout.trim());
      const asked = await Promise.all(
        names.map((name) => skein(["ask", name, "say PONG"], { home: house.home })),
      );
      expect(asked.map(({ stdout }) => stdout)).toEqual(names.map(() => "PONG\n"));
      expect(await appServers(house)).toHaveLength(1);
      const killed = await skein(["kill", "--all"], { home: house.home });
      expect(killed.stdout.trim().split("\n")).toHaveLength(5);
      await untilTrue(
        "the app-server went with the last session",
        async () => (await appServers(house)).length === 0,
        20_000,
      );
      expect((await skein(["down"], { home: house.home })).code).toBe(0);
    });
  });
});

const inShell = async (house: House, ...words: string[]) => {
  const { code, stdout, stderr } = await skein(words, { home: house.home });
  return { code, said: stdout + stderr };
};

describe("dev-sessions, polish and future", { timeout: PATIENCE_MS }, () => {
  test.each(["claude-code", "codex"] as const)(
    "goals: %s is asked to go on, by daemon after daemon",
    (backend) =>
      inHouse(async (house) => {
        const agent = await create(house, backend);
        const wait = (): ReturnType<typeof inShell> =>
          inShell(house, "wait", agent.name, "--goal", "-t", "60");
        const set = await inShell(house, "goal", agent.name, "SLOW 1", "--turns", "3");
        expect(set).toEqual({ code: 0, said: `Set the goal of ${agent.name}\n` });
        await agent.speaks();
        await house.kill9();
        await house.restart();
        expect(await wait()).toMatchObject({
          code: 1,
          said: expect.stringContaining("out of turns"),
        });
        expect(await agent.view()).toMatchObject({ turns: 3, goal: { state: "limit", turns: 3 } });
        const sent = (await agent.items()).flatMap(({ body }) =>
          body.kind === "user" ? body.how : [],
        );
        expect(sent).toEqual(["goal", "goal", "goal"]);

        await inShell(house, "goal", agent.name, "SAY I am done.\\nGOAL COMPLETE");
        expect(await wait()).toEqual({ code: 0, said: "completed\n" });
        await inShell(house, "goal", agent.name, "SAY GOAL BLOCKED: I have no key");
        expect(await wait()).toMatchObject({
          code: 3,
          said: expect.stringContaining("I have no key"),
        });
      }),
  );

  test("groups: sent to, waited for and killed together; prompts from files; logs that say what became of them", () =>
    inHouse(async (house) => {
      const folder = await house.folder("project");
      const file = join(folder, "task.md");
      await writeFile(file, "SAY {{name}} in {{workspace}} for {{ticket}}");
      for (const cli of ["claude", "codex"])
        await inShell(
          house,
          "create",
          "--cli",
          cli,
          "--name",
          `one-${cli}`,
          "--group",
          "pair",
          "-p",
          folder,
        );
      const send = ["send", "--group", "pair", "-f", file, "--var", "ticket=47"];
      expect((await inShell(house, ...send)).said).toBe(
        "Sent message to one-claude\nSent message to one-codex\n",
      );
      const waited = await inShell(house, "wait", "--group", "pair", "--all", "-t", "60");
      expect(waited).toEqual({ code: 0, said: "one-claude completed\none-codex completed\n" });
      const answer = await inShell(house, "last-message", "one-codex");
      expect(answer.said).toBe(`one-codex in ${folder} for 47\n`);

      await inShell(house, "send", "one-claude", "RUN touch it");
      expect((await inShell(house, "wait", "one-claude", "-t", "60")).code).toBe(3);
      await inShell(house, "deny", "one-claude", "-m", "not here");
      await inShell(house, "stop", "one-claude");
      const view = await house.call("sessions.get", { session: "one-claude" });
      await takeAgent(house, view.session).state("stopped");
      const { said } = await inShell(house, "logs", "--group", "pair");
      const told = [
        "== one-claude ==",
        "the agent is ready",
        "asks (command): ",
        "deny by local, not here",
      ];
      for (const line of [
        ...told,
        "the agent is being stopped",
        "the agent has ended",
        "== one-codex ==",
      ])
        expect(said).toContain(line);
      const page = await inShell(house, "logs", "one-claude", "--format", "md");
      expect(page.said).toMatch(/^# one-claude\n/);

      expect(await inShell(house, "kill", "one-codex", "no-such-one")).toMatchObject({ code: 1 });
      expect((await inShell(house, "kill", "--group", "pair")).said).toBe(
        "Killed session one-claude\nKilled session one-codex\n",
      );
      expect((await inShell(house, "list")).said).toBe("No active sessions\n");
    }));

  test("automatic clean-up: what was left alone goes, what waits for a person stays", () =>
    inHouse(
      async (house) => {
        const [quiet, asking] = [await create(house), await create(house, "codex")];
        await quiet.say("SAY one");
        await asking.send("RUN touch it");
        await asking.asked();
        await house.down();
        await house.restart();
        await quiet.until("its end", ({ type }) => type === "session.deleted");
        expect((await house.call("sessions.list", {})).sessions).toMatchObject([{ id: asking.id }]);
      },
      // A day is long; the thousandth part of a second is not.
      { sessions: { deleteAfterDays: 1e-8 } },
    ));

  test("kill --older-than: takes what was left alone, by the same rule", () =>
    inHouse(async (house) => {
      const [quiet, asking] = [await create(house), await create(house, "codex")];
      const working = await create(house, "claude-code", { name: "at-work" });
      await quiet.say("SAY one");
      await asking.send("RUN touch it");
      await asking.asked();
      await working.send("SLOW 600");
      await working.until("its turn", ({ type }) => type === "session.turn.started");
      // Each of them is older than a thousandth part of a second.
      const ran = await skein(["kill", "--older-than", "0.001s"], { home: house.home });
      expect(ran.stdout).toBe(`Killed session ${quiet.name}\n`);
      expect(ran.stderr).toContain("skein: at-work stays: working, a turn is running\n");
      expect(
        (await house.call("sessions.list", {})).sessions.map(({ id }) => id).toSorted(),
      ).toEqual([asking.id, working.id].toSorted());
    }));
});
