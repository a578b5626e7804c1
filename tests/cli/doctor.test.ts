import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backend, id } from "./fixtures.ts";
import { skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, temporaryHome } from "./stub-daemon.ts";
import { SESSIONS, worldAnswers } from "./world.ts";

type Finding = { part: string; level: string; detail: string; fix: string | null };

const main = fileURLToPath(new URL("stub-main.ts", import.meta.url));
let home: string;
let bin: string;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  home = temporaryHome();
  bin = temporaryHome();
  program("claude", "echo '2.1.197 (Claude Code)'");
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(home, { recursive: true, force: true });
  rmSync(bin, { recursive: true, force: true });
});

/** A program on the PATH that the doctor sees; nothing of the machine decides. */
const program = (name: string, script: string) =>
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

const doctor = async (options: Partial<RunOptions> = {}) => {
  const env = { PATH: bin };
  const ran = await run(["doctor", "--json"], { home, main, ...options, env });
  expect(ran.stderr).toBe("");
  const { findings } = JSON.parse(ran.stdout) as { findings: Finding[] };
  const of = (part: string) => findings.filter((each) => each.part === part);
  return { code: ran.code, findings, of };
};

const withTools = () => {
  program("git", "echo git version 2.51.0");
  program("tmux", "echo tmux 3.6");
};

const listening = async (server: Server, path = join(home, "run", "skein.sock")) => {
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o600);
};

test("without a daemon everything is looked at, and nothing is broken", async () => {
  withTools();
  const { code, findings } = await doctor();
  expect(code).toBe(0);
  expect(findings.map(({ part, level }) => `${part} ${level}`)).toEqual([
    "node ok",
    "git ok",
    "tmux ok",
    "disk ok",
    "state folder ok",
    "configuration ok",
    "daemon warn",
    "claude-code ok",
    "codex warn",
    "leftovers ok",
  ]);
  const detail = findings.map((each) => each.detail);
  expect(detail).toContain("git version 2.51.0");
  expect(detail).toContain(
    "2.1.197 (Claude Code); login and models are asked once the daemon runs",
  );
});

test("every warning and failure comes with a fix; people see it below the finding", async () => {
  rmSync(join(bin, "claude"));
  const { code, findings, of } = await doctor();
  expect(code).toBe(1);
  for (const { level, fix } of findings) expect(level === "ok").toBe(fix === null);
  expect(of("agents")[0]?.level).toBe("fail");
  const { stdout } = await run(["doctor"], { home, main, env: { PATH: bin } });
  expect(stdout).toContain("warn  daemon: not running\n      fix: skein up --detach\n");
  const inClone = { PATH: bin, SKEIN_COMMAND: "./skein" };
  expect((await run(["doctor"], { home, env: inClone })).stdout).toContain(
    "      fix: ./skein up --detach\n",
  );
});

test("without a daemon, the agents are the programs that the configuration names", async () => {
  rmSync(join(bin, "claude"));
  program("my-claude", 'test "$1 $SET" = "--version x" && echo 2.1.198');
  const named = { "claude-code": { command: join(bin, "my-claude"), env: { SET: "x" } } };
  const missing = { codex: { command: ["/opt/no codex", "--fast"] } };
  const mine = { "acp:mine": { command: ["/opt/mine/agent", "--acp"] } };
  const findings = async (backends: object): Promise<Finding[]> => {
    writeFileSync(join(home, "config.json5"), JSON.stringify({ backends }));
    const { stdout } = await run(["doctor", "--json"], { home, env: { PATH: bin } });
    const told = (JSON.parse(stdout) as { findings: Finding[] }).findings;
    return told.filter(({ part }) => /^(claude-code|codex|acp:mine|agents)$/.test(part));
  };
  expect(await findings({ ...named, ...missing })).toMatchObject([
    { part: "claude-code", level: "ok", detail: expect.stringMatching(/^2\.1\.198; /) },
    {
      part: "codex",
      level: "warn",
      detail: "'/opt/no codex' --fast --version does not work",
      fix: "correct backends.codex.command in config.json5",
    },
  ]);
  expect(await findings(mine)).toMatchObject([
    { part: "claude-code", level: "warn" },
    { part: "codex", level: "warn" },
    { part: "acp:mine", level: "ok" },
  ]);
});

test("a healthy daemon: agents with version, login and models", async () => {
  withTools();
  const daemon = await startStub(
    {
      ...worldAnswers,
      "backends.list": () => ({
        backends: [
          backend(),
          backend({ id: "codex", login: "logged-out", remedy: "Run: codex login" }),
        ],
      }),
    },
    home,
  );
  closing.push(daemon.close);
  chmodSync(daemon.socketPath, 0o600);
  const { code, of } = await doctor();
  expect(of("daemon")[0]).toMatchObject({ level: "ok" });
  expect(of("socket")[0]).toMatchObject({ level: "ok" });
  expect(of("claude-code")[0]).toMatchObject({
    level: "ok",
    detail: "2.1.197, API key, 1 models",
  });
  expect(of("codex")[0]).toMatchObject({ level: "warn", fix: "Run: codex login" });
  expect(code).toBe(0);
});

test("rights that let others in are failures with the chmod that closes them", async () => {
  const server = createServer();
  closing.push(() => server.close());
  await listening(server);
  chmodSync(join(home, "run", "skein.sock"), 0o666);
  chmodSync(home, 0o755);
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of("state folder")[0]).toMatchObject({ level: "fail", fix: `chmod 700 ${home}` });
  expect(of("socket")[0]).toMatchObject({
    level: "fail",
    fix: `chmod 600 ${home}/run/skein.sock`,
  });
});

/** Holds the daemon's lock as the daemon does, in this process. */
const holdLock = () => {
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(home, "run", "daemon.lock"));
  database.exec("BEGIN IMMEDIATE");
  closing.push(() => database.close());
};

test("a daemon that takes connections and does not answer within two seconds", async () => {
  const server = createServer(() => undefined);
  closing.push(() => server.close());
  await listening(server);
  holdLock();
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of("daemon")).toEqual([
    {
      part: "daemon",
      level: "fail",
      detail: `process ${process.pid} takes connections at ${home}/run/skein.sock but does not answer`,
      fix: `kill -9 ${process.pid}; skein up --detach   # agents go on`,
    },
  ]);
});

test("a daemon that holds the state folder but does not listen", async () => {
  holdLock();
  const { of } = await doctor();
  expect(of("daemon")[0]).toMatchObject({
    level: "fail",
    detail: `process ${process.pid} holds the state folder but does not listen`,
  });
});

test("a socket that a dead daemon left is no failure", async () => {
  const child = spawn(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify(join(home, "run", "skein.sock"))}, () => console.log("up"))`,
  ]);
  mkdirSync(join(home, "run"), { mode: 0o700 });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await exited;
  const { of } = await doctor();
  expect(of("daemon")[0]).toMatchObject({ level: "warn" });
  expect(of("daemon")[0]?.detail).toContain("one that died left");
});

test("a configuration with a mistyped setting, in the words of the daemon's own check", async () => {
  writeFileSync(join(home, "config.json5"), "{ server: { prot: 1 } }");
  const { code, of } = await doctor();
  expect(code).toBe(1);
  expect(of("configuration")[0]).toMatchObject({
    level: "fail",
    detail: "prot is no setting in server.",
    fix: "Did you mean port?",
  });
});

test("leftovers: processes of lives that are over, and spool folders of unknown sessions", async () => {
  const daemon = await startStub(worldAnswers, home);
  closing.push(daemon.close);
  const known = SESSIONS[0]?.id ?? "";
  const agent = async (session: string, generation = 1) => {
    const env = { SKEIN_HOME: home, SKEIN_SESSION: session, SKEIN_GENERATION: `${generation}` };
    const child = spawn("/bin/sh", ["-c", "echo up; exec sleep 60"], { env });
    closing.push(() => child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return child.pid;
  };
  await agent(known);
  const strays = [await agent(id("ses", "gone")), await agent(known, 0)].sort(
    (a = 0, b = 0) => a - b,
  );
  await agent("codex-server-1");
  mkdirSync(join(home, "spool", known), { recursive: true });
  mkdirSync(join(home, "spool", id("ses", "gone")));
  const { of } = await doctor();
  expect(of("leftovers")).toEqual([
    {
      part: "leftovers",
      level: "warn",
      detail: expect.stringMatching(
        new RegExp(`^processes whose agents are gone \\(.*\\): ${strays.join(" ")}$`),
      ) as string,
      fix: `kill ${strays.join(" ")}`,
    },
    {
      part: "leftovers",
      level: "warn",
      detail: "spool folders of sessions that are gone: 1",
      fix: `rm -r ${home}/spool/${id("ses", "gone")}`,
    },
  ]);
});
