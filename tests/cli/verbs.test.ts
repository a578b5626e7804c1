import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { id } from "./fixtures.ts";
import { skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, temporaryHome, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub(worldAnswers);
});
afterAll(() => daemon.close());

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home: daemon.home, ...options });

/** The input of the last call of an operation that fits. */
const sent = (name: Parameters<StubDaemon["inputs"]>[0], has: Record<string, unknown>) =>
  daemon
    .inputs(name)
    .findLast((input) => Object.entries(has).every(([key, value]) => input[key] === value));

const quiet = { code: 0, stderr: "" };

describe.concurrent("the outputs that dev-sessions' users know", () => {
  test.each([
    [["create"], "Created session jinx-bot\n"],
    [["create", "-q"], "jinx-bot\n"],
    [["send", "fizz-top", "hello"], "Sent message to fizz-top\n"],
    [["wait", "fizz-top"], "completed\n"],
    [["ask", "fizz-top", "well?"], "All tests pass.\nDone.\n"],
    [["last-message", "fizz-top"], "All tests pass.\nDone.\n"],
    [["kill", "fizz-top", "busy"], "Killed session fizz-top\nKilled session busy\n"],
    [["list", "--state", "lost"], "No active sessions\n"],
  ])("%j", async (words, stdout) => {
    expect(await skein(words)).toEqual({ ...quiet, stdout });
  });
});

describe.concurrent("other verbs say what they did", () => {
  test.each([
    [["fork", "fizz-top"], "Created session ahri-mid\n"],
    [["rename", "fizz-top", "new-name"], "Renamed session fizz-top to new-name\n"],
    [["rename", "fizz-top", "-d", "for the login"], "Changed session fizz-top\n"],
    [["interrupt", "busy"], "Interrupted busy\n"],
    [["interrupt", "fizz-top"], "fizz-top had no turn in progress\n"],
    [["stop", "fizz-top"], "Stopped session fizz-top\n"],
    [["resume", "fizz-top"], "Resumed session fizz-top\n"],
    [["login"], "http://127.0.0.1:8765/login#code\n"],
    [["token", "create", "laptop", "-q"], "sk-secret\n"],
    [["token", "revoke", id("tok", "laptop")], "Revoked token laptop\n"],
    [["wait", "fizz-top", "evil"], "fizz-top completed\nevil completed\n"],
    [["list", "-q", "--state", "working"], "busy\n"],
  ])("%j", async (words, stdout) => {
    expect(await skein(words)).toEqual({ ...quiet, stdout });
  });

  test("list has one line for each session, of all pages, with the reason", async () => {
    const { code, stdout } = await skein(["list"]);
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines[0]?.split(/ {2,}/)).toEqual([
      "NAME",
      "STATUS",
      "AGENT",
      "PERMISSIONS",
      "FOLDER",
      "ACTIVE",
      "REASON",
    ]);
    expect(lines).toHaveLength(8);
    expect(lines[2]).toMatch(
      /^lux-mid {2,}waiting:approval {2,}claude-code {2,}guarded {2,}\/srv\/shop {2,}\w+ {2,}asks to run a command$/,
    );
  });

  test("status of a session says state, reason, source and since when", async () => {
    const { stdout } = await skein(["status", "busy"]);
    expect(stdout).toMatch(/^busy: working - runs npm test \(protocol, since \w+\)\n$/);
  });

  test("status of the daemon, inspect, usage and backends are complete", async () => {
    const [status, inspect, usage, backends] = await Promise.all([
      skein(["status"]),
      skein(["inspect", "lux-mid"]),
      skein(["usage"]),
      skein(["backends"]),
    ]);
    expect(status.stdout).toMatch(/process +4242/);
    expect(status.stdout).toMatch(/sessions +2 idle, 1 working/);
    expect(inspect.stdout).toMatch(/status +waiting:approval - asks to run a command/);
    expect(inspect.stdout).toContain("skein approve lux-mid");
    expect(usage.stdout).toMatch(/total +2 +12\.3k +0 +0 +67 +0 +\$1\.50/);
    expect(backends.stdout).toContain("claude-code 2.1.197  API key");
    expect(backends.stdout).toContain("opus (default)  effort: low, high");
  });
});

describe.concurrent("create", () => {
  test("works in the current folder, as the kernel names it", async () => {
    const home = temporaryHome();
    mkdirSync(join(home, "real"));
    symlinkSync(join(home, "real"), join(home, "link"));
    await skein(["create", "--name", "from-here"], { cwd: join(home, "link") });
    await skein(["create", "--name", "from-path", "-p", "link"], { cwd: home });
    expect(sent("sessions.create", { name: "from-here" })?.["folder"]).toBe(join(home, "real"));
    expect(sent("sessions.create", { name: "from-path" })?.["folder"]).toBe(join(home, "real"));
    rmSync(home, { recursive: true });
  });

  test("passes on what was chosen, and nothing that was not", async () => {
    const line =
      "create --name chosen --cli claude --model opus --effort high " +
      "--permissions workspace -d why --tag a --tag b";
    await skein(line.split(" "));
    expect(sent("sessions.create", { name: "chosen" })).toEqual({
      name: "chosen",
      backend: "claude-code",
      folder: expect.any(String),
      model: "opus",
      effort: "high",
      permissions: "workspace",
      description: "why",
      tags: ["a", "b"],
      clientId: expect.any(String),
    });
  });

  test("inside a session of the same state folder, that session is the parent", async () => {
    const env = { SKEIN_SESSION: id("ses", "fizz") };
    await skein(["create", "--name", "a-child"], { env });
    expect(sent("sessions.create", { name: "a-child" })?.["parent"]).toBe(id("ses", "fizz"));
  });

  test("a clientId of one's own is passed on, so that a repeat is the same session", async () => {
    await skein(["create", "--name", "keyed", "--client-id", "job-7"]);
    expect(sent("sessions.create", { name: "keyed" })?.["clientId"]).toBe("job-7");
  });
});

describe.concurrent("prompts", () => {
  test("come whole from standard input and from a file, blanks and line ends included", async () => {
    const text = "  first\n\ttab\nöäü 虎\n\n";
    const file = join(daemon.home, "prompt.md");
    writeFileSync(file, text);
    const ran = await Promise.all([
      skein(["send", "evil", "-", "--client-id", "k1"], { input: text }),
      skein(["send", "evil", "-f", file, "--client-id", "k2"]),
      skein(["send", "evil", "-f", "-", "--client-id", "k3"], { input: text }),
    ]);
    expect(ran.map(({ stderr }) => stderr)).toEqual(["", "", ""]);
    for (const clientId of ["k1", "k2", "k3"])
      expect(sent("sessions.send", { clientId })).toMatchObject({ session: "evil", text });
  });

  test("of exactly 1 MiB are sent, of one byte more refused", async () => {
    const limit = 1024 * 1024;
    const [fits, over] = await Promise.all([
      skein(["send", "fizz-top", "-"], { input: "x".repeat(limit) }),
      skein(["send", "fizz-top", "-"], { input: "x".repeat(limit + 1) }),
    ]);
    expect(fits.code).toBe(0);
    expect(over).toMatchObject({ code: 1, stdout: "" });
    expect(over.stderr).toBe(
      "skein: Standard input holds more than 1 MiB, the most that a prompt may have. [prompt_too_large]\n" +
        "  Put it where the agent can read it, and send the path.\n",
    );
  });

  test.each([
    [["--steer"], "steer"],
    [["--interrupt"], "interrupt"],
    [[], "queue"],
  ])("%j is sent as %s", async (flags, how) => {
    await skein(["send", "fizz-top", ...flags, "--client-id", `how-${how}`, "--", "-v"]);
    expect(sent("sessions.send", { clientId: `how-${how}` })).toMatchObject({ how, text: "-v" });
  });
});

describe.concurrent("decisions", () => {
  test.each([
    [["approve", "lux-mid"], { decision: "allow" }, "Allowed lux-mid: Run a command\n"],
    [
      ["respond", id("apr", "luxone"), "always"],
      { decision: "always" },
      "Always allowed lux-mid: Run a command\n",
    ],
    [
      ["deny", "lux-mid", "-m", "not now"],
      { decision: "deny", message: "not now" },
      "Denied lux-mid: Run a command\n",
    ],
    [
      ["respond", "ask-er", "--answer", "2"],
      { decision: "answer", answers: { "q-colour": ["Blue"] } },
      "Answered ask-er: Which colour?\n",
    ],
    [
      ["respond", "ask-er", "answer", "--answer", "colour=red"],
      { decision: "answer", answers: { "q-colour": ["Red"] } },
      "Answered ask-er: Which colour?\n",
    ],
  ])("%j", async (words, input, stdout) => {
    expect(await skein(words)).toEqual({ ...quiet, stdout });
    const clientId: unknown = expect.any(String);
    const approval: unknown = expect.any(String);
    expect(daemon.inputs("approvals.resolve")).toContainEqual({ approval, clientId, ...input });
  });

  test("approvals shows each with what is asked and how to answer, nothing obeyed", async () => {
    const { stdout } = await skein(["approvals"]);
    expect(stdout).toContain("$ rm -rf build\\x1b[2K\\x0dls");
    expect(stdout).toContain("allow   skein approve lux-mid");
    expect(stdout).toContain("1) Red - as fire");
    expect(stdout).toContain("answer  skein respond ask-er --answer 1");
    // Two open ones of a session: its name is not enough.
    expect(stdout).toContain(`skein approve ${id("apr", "twofirst")}`);
    expect(stdout).not.toContain("\u001b");
  });
});

describe.concurrent("kill", () => {
  test("by age takes those that were left alone for that long, and no other", async () => {
    const [old, young] = await Promise.all([
      skein(["kill", "--older-than", "1s"]),
      skein(["kill", "--older-than", "9999w"]),
    ]);
    const killed = ["fizz-top", "broken", "evil"].map((name) => `Killed session ${name}\n`);
    expect(old.stdout).toBe(killed.join(""));
    const asks = ["lux-mid", "ask-er", "two-asks"].map((name) => expect.stringContaining(name));
    expect(old.stderr.trimEnd().split("\n")).toEqual([
      ...asks,
      "skein: busy stays: working, runs npm test",
    ]);
    const none = "No session has been left alone for 9999w\n";
    expect(young).toEqual({ ...quiet, stdout: none });
  });

  test("an age of nothing is no age", async () => {
    const { code, stdout, stderr } = await skein(["kill", "--older-than", "0s"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("for all of them there is --all");
  });

  test("looks up all names first: one that is wrong saves all of them", async () => {
    const { code, stdout, stderr } = await skein(["kill", "evil", "ghost", "spook"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      "skein: There are no sessions ghost, spook. [session_not_found]\n  List them with: skein list\n",
    );
  });
});

describe.concurrent("logs", () => {
  test("renders a transcript in which nothing is obeyed", async () => {
    const { stdout } = await skein(["logs", "evil"]);
    expect(stdout).toBe(
      [
        "2026-11-20 10:00:00 you\n  Fix it\n",
        "2026-11-20 10:00:00 thinks\n  Let me see\n",
        "2026-11-20 10:00:00 runs (failed)\n  $ npm test\n  | 1 failed\n  exit code 1\n",
        "2026-11-20 10:00:00 edits\n  update a.ts\n    -old\n    +new\n",
        "2026-11-20 10:00:00 agent\n  hello \\x1b]52;c;ZXZpbA==\\x07 \\u202egnp.exe \\x9b2J\n",
      ].join("\n"),
    );
  });

  test("names and folders cannot break out of the list either", async () => {
    const { stdout } = await skein(["list"]);
    expect(stdout).toContain("/srv/\\x1b[31mred");
    expect(stdout).not.toContain("\u001b");
  });
});
