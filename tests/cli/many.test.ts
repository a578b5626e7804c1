/** Verbs for several sessions and for groups, prompts from templates, goals: what is asked of the daemon, and what is said. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { refuse } from "@skein/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { id, session } from "./fixtures.ts";
import { skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

const GROUP = [
  session("grace", { group: "review", host: "cloud", folder: "/srv/grace" }),
  session("stuck", { group: "review" }),
  session("ada", { group: "review", folder: "/srv/ada" }),
];
const find = (ref: string) => {
  const found = GROUP.find((each) => each.id === ref || each.name === ref);
  if (found === undefined) throw refuse("session_not_found", `There is no session ${ref}.`, "See.");
  return found;
};
const answer = (ref: string) => {
  if (find(ref).name === "stuck") throw refuse("queue_full", "100 prompts wait already.", "Wait.");
  return { session: find(ref) };
};
const PROMPT = id("prm", "one");

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub({
    ...worldAnswers,
    "sessions.list": ({ group }) => ({
      sessions: group === undefined || group === "review" ? GROUP : [],
      next: null,
    }),
    "sessions.get": (input) => ({ session: find(input.session) }),
    "sessions.send": (input) => ({ ...answer(input.session), prompt: PROMPT, delivery: "queued" }),
    "sessions.stop": (input) => answer(input.session),
    "sessions.interrupt": (input) => ({ ...answer(input.session), interrupted: true, dropped: 0 }),
    "sessions.delete": (input) => answer(input.session),
    "sessions.rename": (input) => ({ session: find(input.session) }),
    "sessions.wait": ({ sessions, group, goal }) => ({
      outcome: goal ? "waiting" : "done",
      sessions: (group === undefined ? sessions.map(find) : GROUP).map((each) => ({
        session: {
          ...each,
          goal: {
            text: "Tests pass",
            state: "blocked",
            reason: "no key",
            budget: { tokens: null, usd: null },
            spent: { tokens: 12_345, usd: 0.5 },
            turnLimit: 50,
            turns: 3,
            by: "me",
            setAt: each.createdAt,
            since: each.createdAt,
          },
        },
        outcome: goal ? "waiting" : "done",
        approvals: [],
        turn: null,
      })),
    }),
    "goals.set": (input) => ({ session: find(input.session) }),
    "goals.change": (input) => ({ session: find(input.session) }),
  });
});
afterAll(() => daemon.close());

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home: daemon.home, ...options });
const sent = (key: string) =>
  daemon.inputs("sessions.send").filter(({ clientId }) => String(clientId).startsWith(key));
const file = (name: string, text: string): string => {
  const path = join(daemon.home, name);
  writeFileSync(path, text);
  return path;
};

describe.concurrent("several sessions", () => {
  test("each gets the prompt, once and with a key of its own; one that fails hides none", async () => {
    const ran = await skein(["send", "--group", "review", "Pull main", "--client-id", "fan"]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe("Sent message to ada\nSent message to grace\n");
    expect(ran.stderr).toBe("skein: stuck: 100 prompts wait already. [queue_full]\n  Wait.\n");
    expect(sent("fan").map(({ session: to, clientId }) => [to, clientId])).toEqual(
      ["ada", "stuck", "grace"].map((name) => [id("ses", name), `fan:${id("ses", name)}`]),
    );
  });

  test("named and grouped, each once, the text last", async () => {
    const ran = await skein(["send", "ada", "grace", "ada", "Hi", "--client-id", "twice"]);
    expect([ran.code, ran.stdout]).toEqual([0, "Sent message to ada\nSent message to grace\n"]);
    expect(sent("twice").map(({ text }) => text)).toEqual(["Hi", "Hi"]);
  });

  test("a text that was not quoted is taken for sessions that are not there, and nothing is sent", async () => {
    const ran = await skein(["send", "ada", "fix", "the", "tests", "--client-id", "unquoted"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("There are no sessions fix, the. [session_not_found]");
    expect(sent("unquoted")).toEqual([]);
  });

  test.each([
    [["stop"], "Stopped session ada\nStopped session grace\n"],
    [["interrupt"], "Interrupted ada\nInterrupted grace\n"],
    [["kill"], "Killed session ada\nKilled session grace\n"],
  ])("%j", async (words, stdout) => {
    const ran = await skein([...words, "--group", "review"]);
    expect([ran.code, ran.stdout]).toEqual([1, stdout]);
    expect(ran.stderr).toContain("skein: stuck: ");
  });

  test("as JSON: what was done and what was not, in one document", async () => {
    const ran = await skein(["stop", "ada", "stuck", "--json"]);
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toEqual({
      results: [{ session: find("ada") }],
      failures: [
        {
          session: id("ses", "stuck"),
          code: "queue_full",
          message: "100 prompts wait already.",
          remedy: "Wait.",
        },
      ],
    });
  });

  test("a group of nobody is refused, and a verb for nobody is mistyped", async () => {
    const [empty, none] = await Promise.all([
      skein(["stop", "--group", "nobody"]),
      skein(["stop"]),
    ]);
    expect(empty).toMatchObject({ code: 1, stdout: "" });
    expect(empty.stderr).toContain("No session is in the group nobody. [session_not_found]");
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("No session was named."),
    });
  });

  test("wait takes groups; list shows them; rename moves sessions between them", async () => {
    const [waited, listed] = await Promise.all([
      skein(["wait", "--group", "review", "--any"]),
      skein(["list"]),
      skein(["rename", "ada", "--group", "other"]),
      skein(["rename", "grace", "--no-group"]),
    ]);
    expect(waited.stdout).toBe("grace completed\nstuck completed\nada completed\n");
    expect(daemon.inputs("sessions.wait")).toContainEqual(
      expect.objectContaining({ group: "review", until: "any" }),
    );
    expect(listed.stdout.split("\n")[0]?.split(/ {2,}/).slice(0, 5)).toEqual([
      "NAME",
      "STATUS",
      "AGENT",
      "HOST",
      "GROUP",
    ]);
    const groups = daemon.inputs("sessions.rename").map(({ session: of, group }) => [of, group]);
    expect(groups).toEqual(
      expect.arrayContaining([
        ["ada", "other"],
        ["grace", null],
      ]),
    );
  });
});

describe.concurrent("a prompt from a file", () => {
  const template = "{{name}} ({{session}}) on {{host}} in {{workspace}}: {{ticket}} \\{{raw}}";

  test("is filled for each session with its own values", async () => {
    const path = file("each.md", template);
    await skein(["send", "ada", "grace", "-f", path, "--var", "ticket=47=11", "--client-id", "t1"]);
    expect(sent("t1").map(({ text }) => text)).toEqual([
      `ada (${id("ses", "ada")}) on local in /srv/ada: 47=11 {{raw}}`,
      `grace (${id("ses", "grace")}) on cloud in /srv/grace: 47=11 {{raw}}`,
    ]);
  });

  test("is filled for one, from standard input, and for ask", async () => {
    const input = "in {{workspace}} on {{date}}";
    await skein(["send", "ada", "-f", "-", "--client-id", "t2"], { input });
    await skein(["ask", "ada", "-f", file("ask.md", input), "--client-id", "t3"]);
    const today = expect.stringMatching(/^in \/srv\/ada on 20\d\d-\d\d-\d\d$/) as unknown;
    expect([...sent("t2"), ...sent("t3")].map(({ text }) => text)).toEqual([today, today]);
  });

  test("with variables that nobody set is refused, all of them, before anything is sent", async () => {
    const path = file("unknown.md", "{{worksapce}} {{ticket}} {{name}}");
    const ran = await skein(["send", "ada", "grace", "-f", path, "--client-id", "t4"]);
    expect([ran.code, ran.stdout, sent("t4")]).toEqual([1, "", []]);
    expect(ran.stderr).toBe(
      "skein: The file refers to what nobody set: {{worksapce}} (did you mean {{workspace}}?), {{ticket}}. [template_unknown]\n" +
        "  Known are session, name, host, workspace, date. Set others with --var NAME=VALUE, write \\{{ for a literal {{, or send the file as it is with --no-vars.\n",
    );
  });

  test("goes as it is with --no-vars; so do a text and -", async () => {
    const raw = "${{ matrix.node }} {{x}}";
    await skein(["send", "ada", "-f", file("raw.md", raw), "--no-vars", "--client-id", "t5"]);
    await skein(["send", "ada", raw, "--client-id", "t6"]);
    await skein(["send", "ada", "-", "--client-id", "t7"], { input: raw });
    const all = [...sent("t5"), ...sent("t6"), ...sent("t7")];
    expect(all.map(({ text }) => text)).toEqual([raw, raw, raw]);
  });

  test.each([
    [["--var", "x"], "--var x is no NAME=VALUE."],
    [["--var", "name=x"], "{{name}} is set by Skein."],
    [["--var", "y=1", "--var", "y=2"], "--var y is given more than once."],
    [["--var", "x=1"], "The file does not refer to {{x}}."],
    [["--var", "x=1", "--no-vars"], "--var is for the variables of a file."],
  ])("%j makes no sense", async (flags, said) => {
    const ran = await skein(["send", "ada", "-f", file("any.md", "x"), ...flags]);
    expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([2, `skein: ${said}`]);
  });
});

describe.concurrent("a goal", () => {
  test.each([
    [["Tests pass"], { text: "Tests pass" }, "Set"],
    [["w", "--budget", "900tokens"], { text: "w", budget: { tokens: 900 } }, "Set"],
    [["x", "--budget", "200k"], { text: "x", budget: { tokens: 200_000 } }, "Set"],
    [["y", "--budget", "1.5m", "--budget", "$5"], { budget: { tokens: 1_500_000, usd: 5 } }, "Set"],
    [["z", "--budget", "2.50usd", "--turns", "9"], { budget: { usd: 2.5 }, turnLimit: 9 }, "Set"],
  ])("%j is set", async (words, input, what) => {
    const ran = await skein(["goal", "ada", ...words]);
    expect(ran).toEqual({ code: 0, stderr: "", stdout: `${what} the goal of ada\n` });
    expect(daemon.inputs("goals.set")).toContainEqual(expect.objectContaining(input));
  });

  test.each([
    [["--pause"], { action: "pause" }, "Paused"],
    [["--clear"], { action: "clear" }, "Cleared"],
    [["--resume", "--budget", "10usd"], { action: "resume", budget: { usd: 10 } }, "Resumed"],
  ])("%j changes it", async (words, input, what) => {
    const ran = await skein(["goal", "grace", ...words]);
    expect(ran.stdout).toBe(`${what} the goal of grace\n`);
    expect(daemon.inputs("goals.change")).toContainEqual(expect.objectContaining(input));
  });

  test.each([
    [["--pause", "--clear"], "--pause, --resume and --clear exclude each other."],
    [["--pause", "text"], "--pause takes no text."],
    [["--pause", "--turns", "3"], "--pause takes no budget."],
    [["--budget", "5usd"], "It was not said what the budget is for."],
  ])("%j makes no sense", async (words, said) => {
    const ran = await skein(["goal", "ada", ...words]);
    expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([2, `skein: ${said}`]);
  });

  test.each(["5", "5k tokens", "0k", "-1", "$", "5eur", ""])("no budget: %j", async (budget) => {
    const ran = await skein(["goal", "ada", "x", `--budget=${budget}`]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("Say of what: tokens as")]);
  });

  test("is waited for: blocked needs a person, with the command that goes on", async () => {
    const ran = await skein(["wait", "ada", "--goal"]);
    expect(ran).toEqual({
      code: 3,
      stderr: "",
      stdout: "The goal of ada is blocked: no key\n  resume  skein goal ada --resume\n",
    });
  });

  test("that is not there is said", async () => {
    expect((await skein(["goal", "ada"])).stdout).toBe("ada has no goal\n");
  });
});
