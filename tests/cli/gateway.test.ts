/** A program in a sandbox, with nothing but its token and the gateway's address, on the real daemon with a scripted agent. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { LIMITS, operations } from "@skein/contract";
import { MAIN, plainEnv, skein as run, type Ran, type RunOptions } from "./run-skein.ts";
import { temporaryHome } from "./stub-daemon.ts";

const fakeClaude = fileURLToPath(
  new URL("../../packages/sdk/src/testkit/fake-claude/main.ts", import.meta.url),
);
const home = temporaryHome();
/** The same folder on the host and, by its other name, in the sandbox. */
const folder = join(home, "project");
const inside = join(home, "workspace");

let gateway: ChildProcess;
let address: string;
let secret: string;
let other: string;
const lines: string[] = [];

/** On the host. */
const skein = (words: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> =>
  run(words, { home, cwd: folder, env: { HOME: home }, ...options });

/** In the sandbox: no state folder of the host, no home of it. */
const sandboxed = (
  words: readonly string[],
  env: Record<string, string> = {},
  cwd = inside,
): Promise<Ran> =>
  run(words, {
    home: "/nowhere",
    cwd,
    env: {
      HOME: "/nowhere",
      IS_SANDBOX: "1",
      SKEIN_GATEWAY_URL: address,
      SKEIN_TOKEN: secret,
      HOST_PATH: folder,
      SKEIN_SANDBOX_PATH: inside,
      ...env,
    },
  });

const makeToken = async (label: string): Promise<string> => {
  const words = ["token", "create", label, "--own", "--scope", "write", "--scope", "approvals"];
  return (await skein([...words, "-q"])).stdout.trim();
};

/** Resolves with the address once it listens. */
const startGateway = (): Promise<string> =>
  new Promise((resolve, reject) => {
    gateway = spawn(process.execPath, [MAIN, "gateway", "--port", "0", "--json"], {
      env: { ...plainEnv(home), HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    gateway.stdout?.once("data", (text: Buffer) =>
      resolve((JSON.parse(String(text)) as { address: string }).address),
    );
    gateway.stderr?.on("data", (text: Buffer) => lines.push(...String(text).trim().split("\n")));
    gateway.once("exit", (code) => reject(new Error(`the gateway ended with ${String(code)}`)));
  });

beforeAll(async () => {
  for (const each of [folder, join(folder, "sub"), join(inside, "sub")])
    mkdirSync(each, { recursive: true });
  const claude = {
    command: [process.execPath, fakeClaude],
    env: { CLAUDE_CONFIG_DIR: join(home, "claude"), ANTHROPIC_API_KEY: "sk-fake-000" },
  };
  writeFileSync(
    join(home, "config.json5"),
    JSON.stringify({ backends: { "claude-code": claude } }),
  );
  await skein(["up", "--detach", "--port", "0"]);
  secret = await makeToken("sandbox");
  other = await makeToken("another");
  await skein(["create", "--name", "on-the-host"]);
  address = await startGateway();
});
afterAll(async () => {
  gateway.kill("SIGTERM");
  await skein(["kill", "--all"]);
  await skein(["down"]);
  rmSync(home, { recursive: true, force: true });
});

type Reply = { readonly status: number; readonly body: Record<string, unknown> };

const ask = (
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const going = request(
      `${address}${path}`,
      {
        method,
        agent: false,
        headers: {
          authorization: `Bearer ${secret}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: answer.statusCode ?? 0,
            body: JSON.parse(text) as Record<string, unknown>,
          });
        });
      },
    );
    going.on("error", reject);
    going.end(body === undefined ? undefined : JSON.stringify(body));
  });

const codeOf = ({ status, body }: Reply): unknown[] => [
  status,
  body["ok"] ?? false,
  (body["error"] as { code?: string } | undefined)?.code,
];

describe("the command line in a sandbox", () => {
  test("creates, asks, decides, looks and kills as outside, under its own names for folders", async () => {
    expect(await sandboxed(["create", "--name", "from-inside", "-p", "sub"])).toEqual({
      code: 0,
      stdout: "Created session from-inside\n",
      stderr: "",
    });
    const { stdout } = await sandboxed(["list", "--json"]);
    const { sessions } = operations["sessions.list"].output.parse(JSON.parse(stdout));
    expect(sessions.map(({ name, folder: at }) => [name, at])).toEqual([
      ["from-inside", join(inside, "sub")],
    ]);
    const outside = await skein(["inspect", "from-inside", "--json"]);
    expect(JSON.parse(outside.stdout)).toMatchObject({
      session: { folder: join(folder, "sub") },
    });
    expect(await sandboxed(["ask", "from-inside", "PONG", "-t", "20"])).toEqual({
      code: 0,
      stdout: "PONG\n",
      stderr: "",
    });
    expect((await sandboxed(["send", "from-inside", "RUN touch made"])).code).toBe(0);
    expect((await sandboxed(["wait", "from-inside", "-t", "20"])).code).toBe(3);
    expect((await sandboxed(["respond", "from-inside", "allow"])).code).toBe(0);
    expect((await sandboxed(["wait", "from-inside", "-t", "20"])).stdout).toBe("completed\n");
    expect((await sandboxed(["last-message", "from-inside", "-n", "2"])).stdout).toMatch(/^PONG\n/);
    expect((await sandboxed(["logs", "from-inside"])).stdout).toContain("agent\n  PONG\n");
    expect((await sandboxed(["status", "from-inside"])).stdout).toMatch(/^from-inside: idle/);
    expect((await sandboxed(["inspect", "from-inside"])).stdout).toContain(join(inside, "sub"));
    expect(await sandboxed(["kill", "from-inside"])).toMatchObject({
      code: 0,
      stdout: "Killed session from-inside\n",
    });
    expect((await sandboxed(["list"])).stdout).toBe("No active sessions\n");
  });

  test("follows what happens as it happens", async () => {
    await sandboxed(["create", "--name", "followed"]);
    const until = /"session\.turn\.ended"/;
    const following = run(["logs", "followed", "-f", "--json"], {
      home: "/nowhere",
      cwd: inside,
      until,
      env: { IS_SANDBOX: "1", DEV_SESSIONS_GATEWAY_URL: address, SKEIN_TOKEN: secret },
    });
    await skein(["send", "followed", "PONG"]);
    expect((await following).stdout).toMatch(until);
    await sandboxed(["kill", "followed"]);
  });

  test.each([
    [["status", "on-the-host"]],
    [["send", "on-the-host", "PONG"]],
    [["wait", "on-the-host", "-t", "1"]],
    [["last-message", "on-the-host"]],
    [["logs", "on-the-host"]],
    [["inspect", "on-the-host"]],
    [["interrupt", "on-the-host"]],
    [["kill", "on-the-host"]],
    [["create", "--parent", "on-the-host"]],
  ])("%j finds nobody else's session", async (words) => {
    const ran = await sandboxed(words);
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toMatch(/^skein: .* \[session_not_found\]\n/);
  });

  test("may not govern the daemon", async () => {
    for (const words of [["down"], ["token", "list"], ["login"]]) {
      const ran = await sandboxed(words);
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("[forbidden]")]);
    }
    expect(await sandboxed(["up"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the daemon runs on its host"),
    });
    expect((await skein(["status", "on-the-host"])).code).toBe(0);
  });

  test("has a doctor for what a sandbox needs", async () => {
    expect(await sandboxed(["doctor"])).toEqual({
      code: 0,
      stdout:
        `ok    gateway: ${address}\nok    token: good; it sees 0 sessions\n` +
        `ok    folders: ${inside} is ${folder} on the host\n`,
      stderr: "",
    });
    const sick: [Record<string, string>, RegExp][] = [
      [{ SKEIN_GATEWAY_URL: "http://127.0.0.1:9" }, /^fail {2}gateway: none answers .*\n.*install/],
      [{ SKEIN_TOKEN: "wrong" }, /^fail {2}token: .*\n +fix: On the host: skein token create/m],
      [{ SKEIN_SANDBOX_PATH: "/nowhere" }, /^fail {2}folders: .* not there\n/m],
    ];
    for (const [env, words] of sick) {
      const ran = await sandboxed(["doctor"], env);
      expect([ran.code, ran.stdout]).toEqual([1, expect.stringMatching(words)]);
    }
    const warned = await sandboxed(["doctor"], { HOST_PATH: "" });
    expect([warned.code, warned.stdout]).toEqual([0, expect.stringMatching(/^warn {2}folders: /m)]);
  });

  test("says what is wrong with its surroundings", async () => {
    const hint = /On the host: skein gateway install/;
    const nobody = await sandboxed(["list"], { SKEIN_GATEWAY_URL: "http://127.0.0.1:9" });
    expect([nobody.code, nobody.stdout]).toEqual([255, ""]);
    expect(nobody.stderr).toMatch(
      /^skein: No gateway answers at http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\)/,
    );
    expect(nobody.stderr).toMatch(hint);
    const stranger = await sandboxed(["list"], { SKEIN_TOKEN: "wrong" });
    expect([stranger.code, stranger.stderr]).toEqual([
      1,
      expect.stringMatching(
        /\[unauthenticated\]\n {2}On the host: skein token create sandbox --own/,
      ),
    ]);
    expect(await sandboxed(["list"], { SKEIN_TOKEN: "" })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^skein: This is a sandbox, and SKEIN_TOKEN is not set\.\n/),
    });
    expect(await sandboxed(["create", "-p", home], {}, inside)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not shared with the host\. \[folder_not_shared\]\n/),
    });
    expect(await sandboxed(["create", "-p", join(inside, "..", "claude")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[folder_not_shared]"),
    });
  });
});

describe("the routes of dev-sessions' gateway", () => {
  test("do the main job, with its fields and our views", async () => {
    const made = await ask("POST", "/create", { body: { path: folder, cli: "claude" } });
    expect(made.body).toMatchObject({ ok: true, sessionId: expect.any(String) });
    const id = String(made.body["sessionId"]);
    const { session } = operations["sessions.create"].output.parse(made.body);
    expect(session.name).toBe(id);
    expect(
      (await ask("POST", "/send", { body: { sessionId: id, message: "PONG" } })).body,
    ).toMatchObject({ ok: true, delivery: expect.stringMatching(/^(started|queued)$/) });
    expect((await ask("GET", `/wait?id=${id}&timeout=20&interval=2`)).body).toMatchObject({
      ok: true,
      waitResult: { completed: true, timedOut: false, elapsedMs: expect.any(Number) },
      outcome: "done",
    });
    expect((await ask("GET", `/last-message?id=${id}&n=1`)).body).toMatchObject({
      ok: true,
      blocks: ["PONG"],
    });
    expect((await ask("GET", `/status?id=${id}`)).body).toMatchObject({ ok: true, status: "idle" });
    const { body: list } = await ask("GET", "/list");
    expect(list).toMatchObject({ ok: true, sessions: [{ name: id }] });
    expect((await ask("GET", `/logs?id=${id}`)).body["logs"]).toMatch(/agent\n {2}PONG$/);
    expect((await ask("GET", `/inspect?id=${id}`)).body).toMatchObject({ session: { name: id } });
    await ask("POST", "/send", { body: { sessionId: id, message: "RUN touch nothing" } });
    expect((await ask("GET", `/wait?id=${id}&timeout=20`)).body).toMatchObject({
      waitResult: { completed: false, timedOut: false },
      outcome: "waiting",
    });
    expect((await ask("GET", `/status?id=${id}`)).body["status"]).toBe("waiting_for_input");
    expect((await ask("GET", `/approvals?id=${id}`)).body["approvals"]).toHaveLength(1);
    expect(
      (await ask("POST", "/respond", { body: { sessionId: id, decision: "deny", message: "no" } }))
        .body,
    ).toMatchObject({ ok: true, approval: { state: "resolved" } });
    expect((await ask("GET", `/wait?id=${id}&timeout=20`)).body["outcome"]).toBe("done");
    expect((await ask("POST", "/kill", { body: { sessionId: id } })).body["ok"]).toBe(true);
    expect((await ask("GET", "/list")).body["sessions"]).toEqual([]);
  });

  test("set a goal, show it and take it away", async () => {
    const { body: made } = await ask("POST", "/create", { body: { path: folder } });
    const sessionId = String(made["sessionId"]);
    const goal = async (more: object): Promise<Reply> =>
      ask("POST", "/goal", { body: { sessionId, ...more } });
    expect((await goal({ objective: "PONG", tokenBudget: 100 })).body).toMatchObject({
      ok: true,
      goal: { text: "PONG", budget: { tokens: 100, usd: null } },
    });
    expect((await ask("GET", `/goal?id=${sessionId}`)).body).toMatchObject({
      goal: { text: "PONG" },
    });
    for (const wrong of [{}, { clear: true, status: "paused" }, { status: "done" }])
      expect(codeOf(await goal(wrong))).toEqual([400, false, "invalid_input"]);
    expect(codeOf(await goal({ objective: "PONG", status: "paused" }))[0]).toBe(400);
    expect((await goal({ clear: true })).body).toMatchObject({ ok: true, cleared: true });
    expect((await ask("GET", `/goal?id=${sessionId}`)).body["goal"]).toBeNull();
    await ask("POST", "/kill", { body: { sessionId } });
  });

  test("refuse in words, each with its code", async () => {
    const refusals: [Reply, unknown[]][] = [
      [await ask("GET", "/status?id=on-the-host"), [404, false, "session_not_found"]],
      [
        await ask("POST", "/kill", { body: { sessionId: "on-the-host" } }),
        [404, false, "session_not_found"],
      ],
      [await ask("GET", "/status"), [400, false, "invalid_input"]],
      [await ask("GET", "/wait?id=x&timeout=soon"), [400, false, "invalid_input"]],
      [
        await ask("POST", "/create", { body: { path: folder, mode: "docker" } }),
        [400, false, "invalid_input"],
      ],
      [
        await ask("POST", "/send", { body: { sessionId: "x", file: "/etc/passwd" } }),
        [400, false, "invalid_input"],
      ],
      [await ask("POST", "/create", { body: [] }), [400, false, "invalid_input"]],
      [await ask("POST", "/create"), [415, false, "unsupported_media_type"]],
      [
        await ask("POST", "/send", {
          body: { sessionId: "x", message: "x".repeat(LIMITS.httpBodyBytes) },
        }),
        [413, false, "payload_too_large"],
      ],
      [await ask("GET", "/nothing"), [404, false, "unknown_operation"]],
      [await ask("GET", "/constructor"), [404, false, "unknown_operation"]],
    ];
    for (const [reply, wanted] of refusals) expect(codeOf(reply)).toEqual(wanted);
  });
});

describe("the gateway's door", () => {
  test.each([
    ["no token", { authorization: "" }, 401],
    ["something that is none", { authorization: "Basic bWU6bWU=" }, 401],
    ["a token that nobody has", { authorization: "Bearer skein_nobody" }, 401],
    ["a page of any origin", { origin: "http://localhost" }, 403],
    ["a browser", { "sec-fetch-site": "none" }, 403],
    ["a proxy", { "x-forwarded-for": "127.0.0.1" }, 403],
  ])("refuses %s, whatever it asks for", async (_title, headers, status) => {
    for (const path of ["/list", "/api/sessions", "/api/status"]) {
      const reply = await ask("GET", path, { headers });
      expect([path, reply.status]).toEqual([path, status]);
      expect(JSON.stringify(reply.body)).not.toContain("on-the-host");
    }
  });

  test("lets two tokens see nothing of each other", async () => {
    await sandboxed(["create", "--name", "mine"]);
    expect((await sandboxed(["list"], { SKEIN_TOKEN: other })).stdout).toBe("No active sessions\n");
    expect((await sandboxed(["kill", "mine"], { SKEIN_TOKEN: other })).code).toBe(1);
    expect((await sandboxed(["kill", "mine"])).code).toBe(0);
  });

  test("says whether it and the daemon are well, to anyone but pages", async () => {
    const headers = { authorization: "" };
    expect(await ask("GET", "/health", { headers })).toEqual({
      status: 200,
      body: { ok: true, gateway: true, daemon: true },
    });
    expect((await ask("GET", "/health", { headers: { origin: "http://x.test" } })).status).toBe(
      403,
    );
  });

  test("writes a line for each request, without tokens and words", async () => {
    await ask("POST", "/send", { body: { sessionId: "on-the-host", message: "SECRET words" } });
    const line = / POST \/send 404 \d+ms on-the-host$/;
    await expect.poll(() => lines.some((each) => line.test(each))).toBe(true);
    const log = lines.join("\n");
    expect(log).not.toContain("SECRET");
    expect(log).not.toContain(secret);
    expect(
      lines.every((each) => /^\d{4}-\d\d-\d\dT\S+Z [A-Z]+ \/\S* (\d{3}|gone) \d+ms/.test(each)),
    ).toBe(true);
  });

  test("is not opened twice, nor inside a sandbox", async () => {
    const { port } = new URL(address);
    const twice = await skein(["gateway", "--port", port]);
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringMatching(/^skein: Port \d+ is in use\. \[port_unavailable\]\n/),
    ]);
    expect((await sandboxed(["gateway"])).code).toBe(2);
  });
});

test("a daemon that is stopped is told of and given up, though the gateway itself answers", async () => {
  const { stdout } = await skein(["status", "--json"]);
  const { pid } = operations["system.status"].output.parse(JSON.parse(stdout));
  const goOn = (): void => void process.kill(pid, "SIGCONT");
  onTestFinished(goOn);
  process.kill(pid, "SIGSTOP");
  expect(await sandboxed(["list"])).toEqual({
    code: 255,
    stdout: "",
    stderr:
      "skein: the daemon does not answer; waiting for it\n" +
      "skein: The daemon does not answer. [no_answer]\n  Look with: skein doctor\n",
  });
  goOn();
  expect((await sandboxed(["list"])).code).toBe(0);
}, 60_000);

test("without a daemon it says so, and the command line exits as if nobody had answered", async () => {
  await skein(["down"]);
  expect(await ask("GET", "/health")).toMatchObject({ status: 503, body: { daemon: false } });
  expect(codeOf(await ask("GET", "/list"))).toEqual([503, false, "daemon_unreachable"]);
  const ran = await sandboxed(["list"]);
  expect([ran.code, ran.stderr]).toEqual([255, expect.stringContaining("[daemon_unreachable]")]);
  expect((await sandboxed(["doctor"])).stdout).toContain("fail  daemon: not running\n");
  await skein(["up", "--detach", "--port", "0"]);
  expect((await sandboxed(["list"])).code).toBe(0);
});
