/** The command line on the real daemon with a scripted agent: what the stubs promise holds for the whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LIMITS, operations } from "@skein/contract";
import { skein as run, type Ran, type RunOptions } from "./run-skein.ts";
import { sweepHome, untilTrue } from "../scenarios/processes.ts";
import { temporaryHome } from "./stub-daemon.ts";

const fakeClaude = fileURLToPath(
  new URL("../../packages/sdk/src/testkit/fake-claude/main.ts", import.meta.url),
);
const home = temporaryHome();
const folder = join(home, "work");

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home, cwd: folder, env: { HOME: home }, ...options });

const start = () =>
  skein(["up", "--detach", "--port", "0"], { env: { HOME: home, SKEIN_COMMAND: "./skein" } });
const daemonPid = (): number =>
  (JSON.parse(readFileSync(join(home, "run", "daemon.json"), "utf8")) as { pid: number }).pid;

const queued = (text: string): RegExp =>
  new RegExp(`"session\\.prompt\\.queued".*"text":"${text}"`);

let started: Ran;
beforeAll(async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "a-file"), "");
  const config = {
    backends: {
      "claude-code": {
        command: [process.execPath, fakeClaude],
        env: { CLAUDE_CONFIG_DIR: join(home, "claude"), ANTHROPIC_API_KEY: "sk-fake-000" },
      },
      codex: { command: join(home, "no-such-codex") },
    },
  };
  writeFileSync(join(home, "config.json5"), JSON.stringify(config));
  started = await start();
});
afterAll(async () => {
  await skein(["kill", "--all"]);
  await skein(["down"]);
  // tmux outlives the daemon, as it should.
  await sweepHome(home);
  rmSync(home, { recursive: true, force: true });
});

test("up --detach says where it listens, once it does", () => {
  expect(started).toMatchObject({ code: 0, stderr: "" });
  expect(started.stdout).toMatch(
    /^Skein \d+\.\d+\.\d+ is ready\n {2}address +http:\/\/127\.0\.0\.1:\d+\n/,
  );
  expect(started.stdout).toMatch(/\n {2}next +\.\/skein create -p \. --cli claude\n/);
  // How a person called it then is nothing to the agents.
  expect(readFileSync(`/proc/${daemonPid()}/environ`, "utf8")).not.toContain("SKEIN_COMMAND");
});

test("create, ask, list, logs, usage: the main job", async () => {
  expect((await skein(["create", "--name", "main-job"])).stdout).toBe("Created session main-job\n");
  expect(await skein(["ask", "main-job", "PONG", "-t", "20"])).toEqual({
    code: 0,
    stdout: "PONG\n",
    stderr: "",
  });
  expect((await skein(["logs", "main-job"])).stdout).toMatch(
    / you\n {2}PONG\n[^]* agent\n {2}PONG\n/,
  );
  const { stdout } = await skein(["list", "--json"]);
  const { sessions } = operations["sessions.list"].output.parse(JSON.parse(stdout));
  expect(sessions).toMatchObject([{ name: "main-job", folder, turns: 1 }]);
  expect((await skein(["usage", "main-job"])).stdout).toMatch(/\nmain-job +claude-code +1 /);
});

test("a permission is asked, shown, answered from here", async () => {
  await skein(["create", "--name", "asks"]);
  const asked = await skein(["ask", "asks", "RUN touch made-by-agent", "-t", "20"]);
  expect(asked).toMatchObject({ code: 3, stderr: "" });
  expect(asked.stdout).toContain("$ touch made-by-agent");
  expect((await skein(["approve", "asks"])).stdout).toMatch(/^Allowed asks: /);
  expect(await skein(["wait", "asks", "-t", "20"])).toMatchObject({
    code: 0,
    stdout: "completed\n",
  });
  expect(readFileSync(join(folder, "made-by-agent"), "utf8")).toBe("");
  const again = await skein(["approve", "asks"]);
  expect([again.code, again.stderr.split("\n")[0]]).toEqual([
    1,
    "skein: asks waits for no decision. [approval_not_found]",
  ]);
});

test("an ask ends by its own turn, whatever is queued before and behind it", async () => {
  await skein(["create", "--name", "shared"]);
  await skein(["send", "shared", "FAIL 400"]);
  const failing = skein(["ask", "shared", "SLOW 2", "-t", "20"]);
  await skein(["logs", "shared", "-f", "--json"], { until: queued("SLOW 2") });
  const asking = skein(["ask", "shared", "PONG", "-t", "20"]);
  await skein(["logs", "shared", "-f", "--json"], { until: queued("PONG") });
  await skein(["send", "shared", "RUN touch made-by-another"]);
  expect(await asking).toEqual({ code: 0, stdout: "PONG\n", stderr: "" });
  expect(await failing).toMatchObject({ code: 0, stderr: "" });
  expect((await skein(["wait", "shared", "-t", "20"])).code).toBe(3);
  // Behind a turn that asks for a person, it is a person that is needed.
  const behind = await skein(["ask", "shared", "PONG", "-t", "20"]);
  expect([behind.code, behind.stdout]).toEqual([3, expect.stringContaining("made-by-another")]);
});

test("an ask whose prompt is dropped before its turn says so", async () => {
  await skein(["create", "--name", "hasty"]);
  await skein(["send", "hasty", "SLOW 30"]);
  const asking = skein(["ask", "hasty", "PONG", "-t", "20"]);
  await skein(["logs", "hasty", "-f", "--json"], { until: queued("PONG") });
  await skein(["interrupt", "hasty", "--clear-queue"]);
  expect(await asking).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^skein: The prompt to hasty was dropped before its turn\./),
  });
});

test("a daemon killed in the middle of an ask: started again, the ask gets its answer", async () => {
  await skein(["create", "--name", "survivor"]);
  await skein(["ask", "survivor", "PONG", "-t", "20"]);
  const asking = skein(["ask", "survivor", "SLOW 2", "-t", "20"]);
  // Followed until the second turn has begun.
  const until = /"session\.turn\.started".*"number":2\b/;
  expect((await skein(["logs", "survivor", "-f", "--json"], { until })).code).toBe(130);
  process.kill(daemonPid(), "SIGKILL");
  expect((await start()).code).toBe(0);
  expect(await asking).toMatchObject({ code: 0, stderr: "" });
});

test("a token lets a program in over TCP and narrows it over the socket, as far as its scopes go, until it is revoked", async () => {
  const created = await skein(["token", "create", "laptop", "--json"]);
  expect(created).toMatchObject({ code: 0, stderr: "" });
  const { token, secret } = operations["tokens.create"].output.parse(JSON.parse(created.stdout));
  const { stdout: status } = await skein(["status", "--json"]);
  const { address } = operations["system.status"].output.parse(JSON.parse(status));
  const env = { HOME: home, SKEIN_URL: address ?? "", SKEIN_TOKEN: secret };
  expect((await skein(["list", "-q"], { env })).stdout).toContain("main-job\n");
  const overSocket = { HOME: home, SKEIN_TOKEN: secret };
  expect((await skein(["list", "-q"], { env: overSocket })).stdout).toContain("main-job\n");
  for (const each of [env, overSocket]) {
    const sent = await skein(["send", "main-job", "PONG"], { env: each });
    expect([sent.code, sent.stdout]).toEqual([1, ""]);
    expect(sent.stderr).toContain("[forbidden]");
  }
  expect((await skein(["token", "list"])).stdout).toMatch(
    new RegExp(`^laptop +${token.id} +read .* good$`, "m"),
  );
  expect(await skein(["token", "revoke", token.id])).toEqual({
    code: 0,
    stdout: "Revoked token laptop\n",
    stderr: "",
  });
  const refused = await skein(["list", "-q"], { env });
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("[unauthenticated]");
  expect((await skein(["list", "-q"], { env: overSocket })).stderr).toMatch(
    /\[unauthenticated\]\n {2}It came from SKEIN_TOKEN;/,
  );
  expect((await skein(["token", "list"])).stdout).toMatch(/^laptop .* revoked /m);
});

test("the conversation of a killed session is not begun outside: --all tells whose it was, and adopt gets it back", async () => {
  await skein(["create", "--name", "regretted"]);
  await skein(["ask", "regretted", "PONG", "-t", "20"]);
  const { stdout: inspected } = await skein(["inspect", "regretted", "--json"]);
  const { session } = operations["sessions.get"].output.parse(JSON.parse(inspected));
  const conversation = session.providerSessionId ?? "";
  const projects = join(home, "claude", "projects", "beside");
  mkdirSync(projects, { recursive: true });
  const stranger = "11111111-1111-4111-8111-111111111111";
  for (const id of [conversation, stranger]) {
    const message = { role: "user", content: `Say\nPONG \u001b[2J to\t${id}` };
    const line = { type: "user", uuid: id, cwd: folder, timestamp: session.createdAt, message };
    writeFileSync(join(projects, `${id}.jsonl`), `${JSON.stringify(line)}\n`);
  }
  await skein(["kill", "regretted"]);
  const { stdout: outside } = await skein(["outside"]);
  expect(outside).toMatch(new RegExp(`^${stranger} .* Say PONG \\[2J to ${stranger}$`, "m"));
  expect(outside).not.toContain(conversation);
  const { stdout: all } = await skein(["outside", "--all"]);
  expect(all).toMatch(new RegExp(`^${conversation} .* regretted \\(deleted\\) `, "m"));
  expect((await skein(["adopt", conversation, "--name", "back"])).stdout).toBe(
    "Created session back\n",
  );
  expect((await skein(["outside", "--all"])).stdout).toMatch(
    new RegExp(`^${conversation} .* back  `, "m"),
  );
});

test("a conversation is the session's in its first turn already: not listed, not taken from it, and known when it was killed", async () => {
  const project = join(home, "first");
  mkdirSync(project);
  await skein(["create", "--name", "first", "-p", project]);
  await skein(["send", "first", "SLOW 60"]);
  const projects = join(home, "claude", "projects");
  const own = (): string[] =>
    readdirSync(projects)
      .filter((name) => name.endsWith("-first"))
      .flatMap((name) => readdirSync(join(projects, name)));
  await untilTrue(
    "its words are on the disk",
    async () => existsSync(projects) && own().length > 0,
  );
  const conversation = own()[0]?.replace(".jsonl", "") ?? "";
  const message = { role: "user", content: "SLOW 60" };
  const timestamp = new Date().toISOString();
  const line = { type: "user", uuid: conversation, cwd: project, timestamp, message };
  mkdirSync(join(projects, "as-the-vendor-writes"));
  const file = join(projects, "as-the-vendor-writes", `${conversation}.jsonl`);
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  const { stdout: inspected } = await skein(["inspect", "first", "--json"]);
  const { session } = operations["sessions.get"].output.parse(JSON.parse(inspected));
  expect([session.providerSessionId, session.turn?.number]).toEqual([null, 1]);

  const all = async (): Promise<string> => (await skein(["outside", "--all"])).stdout;
  expect((await skein(["outside"])).stdout).not.toContain(conversation);
  expect(await all()).toMatch(new RegExp(`^${conversation} .* first  `, "m"));
  const taken = await skein(["adopt", conversation, "--name", "stolen"]);
  expect(taken.code).not.toBe(0);
  expect(taken.stderr).toContain(`The session first has the conversation ${conversation} already.`);
  await skein(["kill", "first"]);
  expect((await skein(["outside"])).stdout).not.toContain(conversation);
  expect(await all()).toMatch(new RegExp(`^${conversation} .* first \\(deleted\\) `, "m"));
});

test("host list knows this machine's system and agents, though nobody added it", async () => {
  expect((await skein(["host", "list"])).stdout).toMatch(
    /\nlocal +reachable +\d+ +Linux \w+ +[\w:,-]*claude-code/,
  );
});

test("a goal that is reached is neither paused nor resumed, and says what it is", async () => {
  await skein(["create", "--name", "goalie"]);
  await skein(["goal", "goalie", "SAY GOAL COMPLETE"]);
  expect((await skein(["wait", "goalie", "--goal", "-t", "20"])).code).toBe(0);
  for (const action of ["pause", "resume"]) {
    const ran = await skein(["goal", "goalie", `--${action}`]);
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toMatch(
      new RegExp(
        `^skein: The goal of goalie is complete \\(.+\\): there is nothing to ${action}\\. \\[goal_over\\]\n`,
      ),
    );
  }
});

test("acp for a session that is not there ends at once and says so, before any protocol", async () => {
  const input = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":1}}\n';
  expect(await skein(["acp", "nobody"], { input })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^skein: There is no session "nobody"\. \[session_not_found\]\n/),
  });
  expect((await skein(["acp", "main-job"], { input })).stdout).toMatch(/"protocolVersion":1/);
});

test("a prompt of 1 MiB is taken whatever it is made of, over HTTP as well", async () => {
  const words = "PONG\n";
  const input = words + "\x01".repeat(LIMITS.promptBytes - words.length);
  expect(await skein(["ask", "main-job", "-", "-t", "20"], { input })).toEqual({
    code: 0,
    stdout: "PONG\n",
    stderr: "",
  });
});

test("of several, one that is not there or was killed keeps the verb from all of them", async () => {
  const names = ["first", "second"];
  for (const name of names) await skein(["create", "--name", name]);
  const { stdout } = await skein(["create", "--name", "gone", "--json"]);
  const { session } = operations["sessions.create"].output.parse(JSON.parse(stdout));
  await skein(["kill", "gone"]);
  for (const [wrong, code] of [
    ["nosuch", "session_not_found"],
    [session.id, "session_deleted"],
  ] as const)
    for (const words of [["kill"], ["stop"], ["send"]]) {
      const text = words[0] === "send" ? ["PONG"] : [];
      const ran = await skein([...words, "first", wrong, "second", ...text]);
      expect([ran.code, ran.stdout]).toEqual([1, ""]);
      expect(ran.stderr).toContain(`[${code}]`);
    }
  for (const name of names)
    expect((await skein(["status", name])).stdout).toMatch(new RegExp(`^${name}: idle`));
});

test("of several terminals, one that is not there keeps all of them open", async () => {
  const opened = await skein(["terminal", "open", "--folder", folder, "-q"]);
  const id = opened.stdout.trim();
  const refused = await skein(["terminal", "close", id, "nosuch"]);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect((await skein(["terminal", "list", "-q"])).stdout).toContain(id);
  expect((await skein(["terminal", "close", id])).stdout).toBe(`Closed terminal ${id}\n`);
});

test("logs tell of an agent's death, of its stop and of a start that failed, in every format", async () => {
  const place = join(home, "short-lived");
  mkdirSync(place);
  await skein(["create", "--name", "mortal", "-p", place]);
  await skein(["ask", "mortal", "DIE 3", "-t", "20"]);
  await skein(["ask", "mortal", "PONG", "-t", "20"]);
  await skein(["stop", "mortal"]);
  await skein(["logs", "mortal", "-f", "--json"], {
    until: /"session\.process\.ended".*"generation":2/,
  });
  rmSync(place, { recursive: true });
  await skein(["ask", "mortal", "PONG", "-t", "20"]);
  const said = [
    /the agent died \(exit code 3\)/,
    /the agent is being stopped\n/,
    /the agent has ended/,
    /the agent could not be started/,
  ];
  const [text, page, data] = await Promise.all([
    skein(["logs", "mortal"]),
    skein(["logs", "mortal", "--format", "md"]),
    skein(["logs", "mortal", "--json"]),
  ]);
  for (const words of said) expect(text.stdout).toMatch(words);
  for (const words of said) expect(page.stdout.replaceAll("\\", "")).toMatch(words);
  const { events } = JSON.parse(data.stdout) as { events: { type: string }[] };
  expect(events.filter(({ type }) => type === "session.process.ended")).toHaveLength(3);
});

test.each([
  [["status", "nobody"], "session_not_found"],
  [["create", "-p", "nowhere"], "folder_not_found"],
  [["create", "-p", "a-file"], "folder_not_directory"],
  [["create", "--cli", "vim"], "backend_unknown"],
  [["create", "--cli", "codex"], "backend_not_installed"],
  [["create", "--model", "no-such-model"], "model_unknown"],
  [["create", "--effort", "utmost"], "effort_unknown"],
  [["create", "--name", "main-job"], "name_taken"],
  [["create", "--name", "Not A Name"], "invalid_input"],
  [["send", "main-job", ""], "prompt_empty"],
  [["send", "main-job", "-"], "prompt_is_binary"],
  [["approve", "apr_00000000000000000000000000"], "approval_not_found"],
  [["token", "revoke", "tok_00000000000000000000000000"], "token_not_found"],
])("%j is refused with a sentence, %s and a remedy", async (words, code) => {
  const ran = await skein(words, { input: "NUL \0 in it" });
  expect([ran.code, ran.stdout]).toEqual([1, ""]);
  expect(ran.stderr).toMatch(new RegExp(`^skein: \\S.*[.!] \\[${code}\\]\n  [A-Z].*\n$`));
});

test("doctor finds nothing broken, and the agent as the daemon knows it", async () => {
  const { code, stdout } = await skein(["doctor"]);
  expect(stdout).not.toMatch(/^fail/m);
  expect(stdout).toMatch(/^ok {4}claude-code: /m);
  expect(stdout).toMatch(/^ok {4}configuration: /m);
  expect(stdout).toMatch(/^ok {4}leftovers: none/m);
  expect(code).toBe(0);
});

test("down ends it in good order, and what was recorded is there after the next up", async () => {
  const pid = daemonPid();
  expect(await skein(["down"])).toEqual({
    code: 0,
    stdout: `Stopped the daemon (process ${pid}); agents go on\n`,
    stderr: "",
  });
  expect((await skein(["list"])).code).toBe(255);
  await start();
  expect((await skein(["last-message", "main-job"])).stdout).toBe("PONG\n");
});
