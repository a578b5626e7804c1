/** Bad input, through the API and the command line: one clear sentence and a remedy each time, nothing half done. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ERRORS, isRefusal, LIMITS, type ErrorCode, type Problem } from "@skein/contract";
import { skein } from "../cli/run-skein.ts";
import { takeAgent, type Agent } from "../scenarios/agent.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { agentProcesses } from "../scenarios/processes.ts";
import { fakeClaudeBackend, fakeCodexBackend } from "./fixtures.ts";

let house: House;
/** Codex is not installed there, and Claude Code has no login. */
let bare: House;

beforeAll(async () => {
  house = await openHouse({
    config: async (place) => ({
      backends: {
        "claude-code": { ...(await fakeClaudeBackend(place)), models: ["my-own-model"] },
        codex: await fakeCodexBackend(place),
      },
    }),
  });
  bare = await openHouse({
    config: async (place) => {
      const { command, env } = await fakeClaudeBackend(place);
      return {
        backends: {
          "claude-code": { command, env: { ...env, ANTHROPIC_API_KEY: "" } },
          codex: { command: join(place, "nothing", "codex") },
        },
      };
    },
  });
});
afterAll(() => Promise.all([house?.close(), bare?.close()]));

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    process.stderr.write(`daemon's log:\n${await house.tail(40)}\n`);
  });
});

/** The operation is refused so, with a sentence and a remedy. */
const refusedWith = async (
  operation: Promise<unknown>,
  code: ErrorCode,
  says: RegExp,
): Promise<void> => {
  const refusal = await operation.then(
    () => null,
    (error: unknown) => (isRefusal(error) ? error.problem : error),
  );
  expect(refusal).toMatchObject({
    code,
    message: expect.stringMatching(says),
    remedy: expect.stringMatching(/\S/),
    retryable: ERRORS[code].retryable,
  });
  // A sentence; or, for what the schema refuses, the words of the socket's protocol.
  expect((refusal as Problem).message).toMatch(/\.$|^invalid \S+ params: /);
};

/** The command line says the same on stderr, in at most three lines, and exits with 1. */
const cliRefuses = async (words: readonly string[], says: RegExp, at = house): Promise<void> => {
  const { code, stdout, stderr } = await skein(words, { home: at.home });
  expect(stderr).toMatch(says);
  expect({ code, stdout, lines: stderr.trim().split("\n").length <= 3 }).toEqual({
    code: 1,
    stdout: "",
    lines: true,
  });
};

const create = async (backend: "claude-code" | "codex" = "claude-code"): Promise<Agent> => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { backend, folder });
  return takeAgent(house, session);
};

const discard = async ({ id }: Agent): Promise<void> =>
  void (await house.call("sessions.delete", { session: id }));

const count = async (at = house): Promise<number> =>
  (await at.call("sessions.list", { limit: 500 })).sessions.length;

describe("what does not exist", () => {
  test("a session", async () => {
    const session = "no-such-one";
    await refusedWith(house.call("sessions.get", { session }), "session_not_found", /no-such-one/);
    await refusedWith(
      house.call("sessions.send", { session, text: "hi" }),
      "session_not_found",
      /no-such-one/,
    );
    await refusedWith(
      house.call("sessions.get", { session: "ses_00000000000000000000000000" }),
      "session_not_found",
      /ses_0/,
    );
    await cliRefuses(["send", session, "hi"], /no session "no-such-one"[^]*skein list/);
    expect(await count()).toBe(0);
  });

  test("a folder, or one that is a file", async () => {
    const before = await count();
    const folder = join(house.place, "nowhere");
    const file = join(house.place, "a-file");
    await writeFile(file, "");
    await refusedWith(house.call("sessions.create", { folder }), "folder_not_found", /nowhere/);
    await refusedWith(
      house.call("sessions.create", { folder: file }),
      "folder_not_directory",
      /is a file/,
    );
    await refusedWith(
      house.call("sessions.create", { folder: "relative/path" }),
      "invalid_input",
      /no absolute path/,
    );
    await cliRefuses(["create", "-p", folder], /no folder .*nowhere[^]*[Cc]reate it/);
    await cliRefuses(["create", "-p", file], /is a file/);
    expect(await count()).toBe(before);
  });

  test("an agent: unknown, not installed, not logged in", async () => {
    const folder = await bare.folder("project");
    const begin = (backend: string) => bare.call("sessions.create", { backend, folder } as never);
    await refusedWith(begin("parrot"), "backend_unknown", /parrot/);
    await refusedWith(begin("codex"), "backend_not_installed", /not installed/);
    await refusedWith(begin("claude-code"), "backend_not_logged_in", /not logged in/);
    await cliRefuses(["create", "-p", folder, "--cli", "codex"], /not installed/, bare);
    await cliRefuses(["create", "-p", folder], /not logged in/, bare);
    // A program, as it was meant: the rule for those is told.
    await cliRefuses(
      ["create", "-p", folder, "--cli", "cat"],
      /no agent cat[^]*its path is given, or --quiet-ms, --ready/,
      bare,
    );
    expect(await count(bare)).toBe(0);
    expect(await agentProcesses(bare.home)).toEqual([]);
  });

  test("a model or an effort; one that the configuration names is taken", async () => {
    const folder = await house.folder("project");
    const begin = (more: { model?: string; effort?: string }) =>
      house.call("sessions.create", { folder, ...more });
    await refusedWith(begin({ model: "gpt-99" }), "model_unknown", /gpt-99/);
    await refusedWith(begin({ effort: "heroic" }), "effort_unknown", /heroic/);
    await cliRefuses(["create", "-p", folder, "--model", "gpt-99"], /gpt-99[^]*sonnet/);
    const { session } = await begin({ model: "my-own-model" });
    expect(session.model).toBe("my-own-model");
    await house.call("sessions.delete", { session: session.id });
  });
});

describe("names", () => {
  test("one that is taken, and one that is none", async () => {
    const agent = await create();
    const folder = agent.folder;
    await refusedWith(
      house.call("sessions.create", { folder, name: agent.name }),
      "name_taken",
      new RegExp(agent.name),
    );
    await cliRefuses(["create", "-p", folder, "--name", agent.name], /is in use/);
    for (const name of ["Big", "with space", "-x", "../x", "a".repeat(65), ""])
      await refusedWith(
        house.call("sessions.create", { folder, name }),
        "invalid_input",
        /name|lower|characters/i,
      );
    expect(await count()).toBe(1);
    await discard(agent);
  });

  test("ten at once with the same name: one gets it", async () => {
    const folder = await house.folder("project");
    const name = "only-one";
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        house.call("sessions.create", { backend: "codex", folder, name }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await house.call("sessions.delete", { session: name });
  });
});

describe("prompts", () => {
  test.each(["claude-code", "codex"] as const)(
    "%s: empty, too large and binary ones are refused; 1 MB and ESC arrive unchanged",
    async (backend) => {
      const agent = await create(backend);
      const { id: session } = agent;
      const send = (text: string) => house.call("sessions.send", { session, text });
      await refusedWith(send(""), "prompt_empty", /empty/);
      await refusedWith(send(" \n\t "), "prompt_empty", /empty/);
      await refusedWith(send("a\0b"), "prompt_is_binary", /NUL/);
      await refusedWith(send("x".repeat(LIMITS.promptBytes + 1)), "prompt_too_large", /1048577/);
      await refusedWith(send("ü".repeat(LIMITS.promptBytes / 2 + 1)), "prompt_too_large", /bytes/);
      expect((await agent.view()).turns).toBe(0);
      const whole = `ECHO ${"0123456789abcdef".repeat(LIMITS.promptBytes / 16)}`.slice(
        0,
        LIMITS.promptBytes,
      );
      expect((await agent.say(whole)).answer).toBe(whole);
      const odd = "ECHO\n\u001b]0;title\u0007 \u001b[2J ]]> </script> \r ${HOME} $(id) %s é 🧵";
      expect((await agent.say(odd)).answer).toBe(odd);
      await discard(agent);
    },
  );

  test("the command line takes 1 MB from a pipe, and refuses more", async () => {
    const agent = await create("codex");
    const text = `ECHO ${"y".repeat(LIMITS.promptBytes - 5)}`;
    const sent = await skein(["send", agent.name, "-f", "-"], { home: house.home, input: text });
    expect({ code: sent.code, stdout: sent.stdout }).toEqual({
      code: 0,
      stdout: `Sent message to ${agent.name}\n`,
    });
    await agent.until("the end", ({ type }) => type === "session.turn.ended");
    const last = await house.call("sessions.lastMessage", { session: agent.id });
    expect(last.messages[0]?.text).toBe(text);
    const more = await skein(["send", agent.name, "-f", "-"], {
      home: house.home,
      input: `${text}!!`,
    });
    expect(more.code).not.toBe(0);
    expect(more.stderr).toMatch(/more than 1 MiB/);
    await discard(agent);
  });

  test("a queue that is full refuses the next one, and says what to do", async () => {
    const agent = await create("codex");
    const first = await agent.send("SLOW 60");
    await agent.speaks();
    for (let number = 0; number < LIMITS.queuedPrompts; number++) await agent.send("SAY later");
    await refusedWith(agent.send("SAY too much"), "queue_full", /100 prompts/);
    await house.call("sessions.interrupt", { session: agent.id, clearQueue: true });
    await agent.ended(first.prompt);
    expect((await agent.say("PONG")).answer).toBe("PONG");
    await discard(agent);
  });
});

describe("the same command again", () => {
  test("gets the first one's receipt, after kill -9 of the daemon too", async () => {
    const folder = await house.folder("project");
    const input = { backend: "codex" as const, folder, clientId: "create-once" };
    const first = await house.call("sessions.create", input);
    const session = first.session.id;
    const again = await Promise.all([
      house.call("sessions.create", input),
      house.call("sessions.create", input),
    ]);
    for (const one of again) expect(one.session.id).toBe(session);
    const agent = takeAgent(house, first.session);
    const send = { session, text: "COUNT", clientId: "send-once" };
    const sent = await house.call("sessions.send", send);
    expect((await house.call("sessions.send", send)).prompt).toBe(sent.prompt);
    await agent.ended(sent.prompt);
    await house.kill9();
    await house.restart();
    expect((await house.call("sessions.send", send)).prompt).toBe(sent.prompt);
    expect((await house.call("sessions.create", input)).session.id).toBe(session);
    await refusedWith(
      house.call("sessions.send", { ...send, text: "something else" }),
      "client_id_reused",
      /send-once/,
    );
    expect((await agent.say("COUNT")).answer).toBe("2");
    await discard(agent);
  });
});

describe("many at once", () => {
  test("50 pairs of command lines create: unique names, no row lost, nobody told of a lock", async () => {
    const before = await count();
    const folder = await house.folder("project");
    await mkdir(folder, { recursive: true });
    const make = () =>
      skein(["create", "-q", "--cli", "codex", "-p", folder], { home: house.home });
    const names: string[] = [];
    for (let pair = 0; pair < 50; pair += 5) {
      const made = await Promise.all(Array.from({ length: 10 }, make));
      for (const { code, stdout, stderr } of made) {
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        names.push(stdout.trim());
      }
    }
    expect(new Set(names).size).toBe(100);
    const { sessions } = await house.call("sessions.list", { limit: 500 });
    expect(sessions).toHaveLength(before + 100);
    expect(new Set(sessions.map(({ name }) => name))).toEqual(
      new Set([...sessions.map(({ name }) => name), ...names]),
    );
    await Promise.all(names.map((session) => house.call("sessions.delete", { session })));
    expect(await count()).toBe(before);
  }, 120_000);
});

test("the watcher of all this saw no gap and no duplicate", () => {
  expect(house.log.faults).toEqual([]);
  expect(bare.log.faults).toEqual([]);
});
