/** What is special about a program that is only looked at: how a turn ends, what is typed, what its death leaves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Input } from "@skein/contract";
import { fakeReplCommand } from "@skein/sdk/testkit";
import type { Agent } from "../scenarios/agent.ts";
import type { House } from "../scenarios/house.ts";
import { isAlive, untilTrue } from "../scenarios/processes.ts";
import { processOf } from "../scenarios/remains.ts";
import { openStageHouse, perform, type Stage } from "../scenarios/stage.ts";
import { fakeRepl } from "./fixtures.ts";

let house: House;
beforeAll(async () => {
  house = await openStageHouse(fakeRepl);
});
afterAll(() => house.close());

/** Whatever sessions it makes are deleted after it. */
const played = (run: (stage: Stage) => Promise<void>) => (): Promise<void> =>
  perform(house, fakeRepl, run);

type Program = NonNullable<Input<"sessions.create">["program"]>;
const program = (more: Partial<Program> = {}): { program: Program } => ({
  program: { argv: [...fakeReplCommand], quietMs: 300, ...more },
});

const notices = async (agent: Agent): Promise<string[]> =>
  (await agent.items()).flatMap(({ body }) => (body.kind === "notice" ? [body.text] : []));

describe.concurrent("a turn", () => {
  test(
    "ends when the screen is quiet, where nothing else is said",
    played(async ({ create }) => {
      const agent = await create(program({ quietMs: 700 }));
      expect((await agent.say("SLOW 0.5")).answer).toMatch(/^1 2 3 4 5 slow done/);
      expect((await agent.view()).status).toMatchObject({ state: "idle", source: "screen" });
    }),
  );

  test(
    "goes on over a silence while the last line is not the ready one",
    played(async ({ create }) => {
      const agent = await create(program({ ready: "^> ?$" }));
      expect((await agent.say("SILENT 1.5\nSAY late")).answer).toBe("late");
    }),
  );

  test(
    "whose ready line does not come says what it is waited for, and what is there instead",
    played(async ({ create }) => {
      const asks = "printf '> '; read a; printf 'Continue? [y/N] '; read b; printf 'ok\\n> '; cat";
      const agent = await create(program({ argv: ["/bin/sh", "-c", asks], ready: "^> ?$" }));
      const { prompt } = await agent.send("go");
      const reason = async (): Promise<string> => (await agent.view()).status.reason;
      await untilTrue("the pattern is named", async () =>
        (await reason()).includes("until its last line matches ^> ?$"),
      );
      await untilTrue("the last line is told", async () =>
        /^quiet, and not done: .* matches \^> \?\$; its last line is: .*Continue\? \[y\/N\]$/.test(
          await reason(),
        ),
      );
      await house.call("terminals.type", { terminal: agent.id, text: "y", enter: true });
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
      expect((await agent.state("idle")).reason).toBe("the last turn is done");
    }),
  );

  test(
    "ends with its marker, and with nothing else",
    played(async ({ create }) => {
      const agent = await create(program({ marker: "slow done" }));
      const { answer } = await agent.say("SILENT 1\nSLOW 0.3");
      expect(answer).toBe("1 2 3 slow done");
    }),
  );

  test(
    "gets its prompt literally: nothing in it is a key, a command or an end of the paste",
    played(async ({ create }) => {
      const agent = await create();
      const text = `ECHO $(x) \`y\` "q" 'r' \\ ünïcödé; \u001b[201~\u0003\u0007 C-c Enter`;
      const { answer } = await agent.say(text);
      expect(answer).toBe(text.replace("\u001b[201~\u0003\u0007", ""));
      const [first] = await agent.items();
      expect(first?.body).toMatchObject({ kind: "user", text });
    }),
  );

  test(
    "of many lines is one prompt",
    played(async ({ create }) => {
      const agent = await create();
      expect((await agent.say("SAY one\nSAY two\n\nSAY three")).answer).toBe("one\ntwo\nthree");
      expect((await agent.say("COUNT")).answer).toBe("2");
    }),
  );

  test(
    "whose answer is longer than the screen is told whole",
    played(async ({ create }) => {
      const agent = await create();
      const { answer } = await agent.say("FLOOD 1000");
      const lines = Array.from({ length: 1_000 }, (_, index) => `flood ${index + 1}`);
      expect(answer).toBe(lines.join("\n"));
    }),
  );

  test(
    "whose prompt has a line that the program's terminal would cut fails and says so; the next is taken",
    played(async ({ create }) => {
      const agent = await create(program({ argv: ["/bin/cat"] }));
      const { turn } = await agent.say(`one\n${"x".repeat(1_000_000)}`);
      expect(turn).toMatchObject({ outcome: "failed" });
      expect(turn.error?.message).toMatch(/longest line has 1000000 bytes/);
      expect((await agent.say("two")).answer).toBe("two");
    }),
  );

  test(
    "cannot be steered",
    played(async ({ create }) => {
      const agent = await create();
      const { prompt } = await agent.send("SLOW 1");
      await agent.speaks();
      await expect(agent.send("SAY now", "steer")).rejects.toThrow(/cannot be steered|steer/);
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
    }),
  );

  test(
    "that a person begins at the terminal is not told as one of ours, and does not disturb the next",
    played(async ({ create }) => {
      const agent = await create();
      await agent.state("idle");
      await house.call("terminals.type", { terminal: agent.id, text: "SAY mine", enter: true });
      await untilTrue("it is answered", async () => {
        const { lines } = await house.call("terminals.screen", { terminal: agent.id });
        return lines.includes("mine");
      });
      expect((await agent.say("SAY ours")).answer).toBe("ours");
      expect((await agent.items()).map(({ body }) => body.kind)).toEqual(["user", "message"]);
    }),
  );
});

describe.concurrent("a program", () => {
  test(
    "is not ended by closing its terminal: that would look like a crash; what it has left may be closed",
    played(async ({ create }) => {
      const agent = await create();
      await agent.say("SAY one");
      await expect(house.call("terminals.close", { terminal: agent.id })).rejects.toMatchObject({
        problem: { code: "terminal_of_agent", remedy: expect.stringContaining("skein stop") },
      });
      expect((await agent.say("COUNT")).answer).toBe("2");
      await house.call("sessions.stop", { session: agent.id });
      await agent.state("stopped");
      const { terminal } = await house.call("terminals.close", { terminal: agent.id });
      expect(terminal.state).toBe("gone");
      expect((await agent.say("COUNT")).answer).toBe("1");
    }),
  );

  test(
    "that is not there is said so",
    played(async ({ create }) => {
      const agent = await create(program({ argv: ["no-such-program-here"] }));
      expect((await agent.state("failed")).reason).toContain("no-such-program-here");
    }),
  );

  test(
    "that ends at once is told with its last words",
    played(async ({ create }) => {
      const argv = ["/bin/sh", "-c", "echo it wants a key; exit 4"];
      const agent = await create(program({ argv }));
      expect((await agent.state("failed")).reason).toMatch(/exit code 4.*it wants a key/);
    }),
  );

  test(
    "whose ready line is no pattern is refused",
    played(async ({ create }) => {
      await expect(create(program({ ready: "(" }))).rejects.toThrow(/regular expression/);
    }),
  );

  test(
    "whose ready pattern never comes to an end is watched without it, and that is said",
    played(async ({ create }) => {
      const agent = await create(program({ ready: "^(> ?|(a+)+;)$" }));
      const { answer } = await agent.say(`SAY ${"a".repeat(60)}!\nSILENT 5`);
      expect(answer).toContain("aaa");
      expect((await notices(agent)).join()).toMatch(/takes too long/);
    }),
  );

  test(
    "that ends by itself fails its turn, with its exit code; the next prompt starts it anew",
    played(async ({ create }) => {
      const agent = await create();
      await agent.say("SAY one");
      const { turn } = await agent.say("DIE 3");
      expect(turn).toMatchObject({ outcome: "failed", error: { kind: "agent" } });
      expect((await agent.state("failed")).reason).toContain("exit code 3");
      expect((await agent.say("COUNT")).answer).toBe("1");
      expect((await notices(agent)).join()).toMatch(/started again/);
      expect((await agent.view()).generation).toBe(2);
    }),
  );

  test(
    "that is killed in the middle of a turn: told within 2 s, with what it had said",
    played(async (stage) => {
      const agent = await stage.create();
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      const { pid } = await processOf(stage, agent);
      process.kill(pid, "SIGKILL");
      const turn = await agent.ended(prompt, 2_000);
      expect(turn).toMatchObject({ outcome: "failed", error: { kind: "agent" } });
      expect(await agent.answer(turn)).toMatch(/^1/);
      expect((await agent.state("failed")).reason).toContain("SIGKILL");
      expect(isAlive(pid)).toBe(false);
    }),
  );

  test(
    "may be asked to be a backend of its own permissions only",
    played(async ({ create }) => {
      await expect(create({ ...program(), permissions: "guarded" })).rejects.toThrow(/asks nobody/);
    }),
  );
});
