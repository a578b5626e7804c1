/** `up` and `down`, with a stand-in for the daemon itself. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plainEnv, skein as run, type RunOptions } from "./run-skein.ts";
import { temporaryHome } from "./stub-daemon.ts";

const main = fileURLToPath(new URL("stub-main.ts", import.meta.url));
let home: string;
beforeEach(() => {
  home = temporaryHome();
});
const pids = new Set<number>();
afterEach(() => {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  pids.clear();
  rmSync(home, { recursive: true, force: true });
});

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home, main, ...options });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const runningPid = (): number => {
  const { pid } = JSON.parse(readFileSync(join(home, "about.json"), "utf8")) as { pid: number };
  pids.add(pid);
  return pid;
};

const BANNER = (port: number) =>
  [
    "Skein 0.1.0 is ready",
    `  address  http://127.0.0.1:${port}`,
    `  log in   http://127.0.0.1:${port}/login#code  (one use, within a minute)`,
    `  state    ${home}`,
    "  agents   claude-code 2.1.197  API key",
    "           codex 2.1.197  not installed - Install it: npm i -g @openai/codex",
    "  next     skein create -p . --cli claude",
    "",
  ].join("\n");

/** In the foreground: resolves with what it printed first. */
const foreground = (words: readonly string[]) => {
  const child = spawn(process.execPath, [main, "up", ...words], {
    cwd: tmpdir(),
    env: plainEnv(home),
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.pid !== undefined) pids.add(child.pid);
  const printed = new Promise<string>((resolve) =>
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8"))),
  );
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, printed, ended };
};

test("in the foreground: the banner, then a good end at SIGTERM", async () => {
  const { child, printed, ended } = foreground(["--port", "9000"]);
  expect(await printed).toBe(BANNER(9000));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(join(home, "about.json"))).toBe(false);
});

test("in the foreground: down ends it", async () => {
  const { printed, ended } = foreground([]);
  await printed;
  expect(await skein(["down"])).toEqual({
    code: 0,
    stderr: "",
    stdout: "Stopped the daemon (process 4242); agents go on\n",
  });
  expect(await ended).toBe(0);
});

test("a second up says which one runs and exits 0, in the foreground and in the background", async () => {
  const { child, printed, ended } = foreground([]);
  await printed;
  const expected = {
    code: 0,
    stderr: "",
    stdout: `Skein runs already for ${home}: process ${child.pid} at http://127.0.0.1:8765\n`,
  };
  expect(await skein(["up"])).toEqual(expected);
  expect(await skein(["up", "--detach"])).toEqual(expected);
  child.kill("SIGTERM");
  await ended;
});

test("in the background: returns when ready, in a session of its own, words to logs/", async () => {
  const marks = { SKEIN_SESSION: "ses_of_an_agent", SKEIN_GENERATION: "1" };
  const ran = await skein(["up", "--detach", "--port", "9001"], { env: marks });
  expect(ran).toEqual({ code: 0, stderr: "", stdout: BANNER(9001) });
  const pid = runningPid();
  expect(isAlive(pid)).toBe(true);
  // Fields after the name in parentheses (proc(5)): state, parent, group, session.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  expect(Number(stat[3])).toBe(pid);
  // Started by an agent, it does not end with the agent: it carries no marks of its session.
  expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toMatch(/SKEIN_(SESSION|GENERATION)/);
  expect(statSync(join(home, "logs", "up.log")).mode & 0o777).toBe(0o600);
  expect((await skein(["list", "-q"])).stdout).toContain("fizz-top");
  expect((await skein(["down"])).code).toBe(0);
});

test("in the background with --json: the daemon's status", async () => {
  const { stdout } = await skein(["up", "--detach", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ pid: 4242, version: "0.1.0" });
  runningPid();
  expect(await skein(["down", "--json"])).toMatchObject({ stdout: '{"stopping":true}\n' });
  expect(await skein(["down", "--json"])).toMatchObject({
    stdout: '{"stopping":false}\n',
    code: 0,
  });
});

test.each([["up"], ["up --detach"]])(
  "%s: a refusal to start is said as any other",
  async (line) => {
    expect(await skein(line.split(" "), { env: { STUB_REFUSES: "1" } })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "skein: The database is newer than this program. [storage_failed]\n  Upgrade Skein.\n",
    });
  },
);

test("in the background: one that dies leaves its last words", async () => {
  const ran = await skein(["up", "--detach"], { env: { STUB_DIES: "1" } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(
    /^skein: The daemon ended before it was ready\. Its last words:\nout of memory \[daemon_died\]\n/,
  );
});

test("a state folder that cannot be made", async () => {
  writeFileSync(join(home, "file"), "");
  const ran = await run(["up", "--detach"], { home: join(home, "file", "x"), main });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/^skein: The state folder cannot be written: ENOTDIR/);
  expect(ran.stderr).toContain("SKEIN_HOME");
});

test("up refuses to start one here while SKEIN_URL points elsewhere", async () => {
  const env = { SKEIN_URL: "http://127.0.0.1:1", SKEIN_TOKEN: "t" };
  expect((await skein(["up"], { env })).code).toBe(2);
  expect(existsSync(join(home, "run"))).toBe(false);
});

test("of several started at once where no state folder is yet, none finds it in the way", async () => {
  const fresh = join(home, "new", "state");
  const env = { STUB_SLOW: "1" };
  const six = Array.from({ length: 6 }, () => run(["up", "--detach"], { home: fresh, main, env }));
  const ran = await Promise.all(six);
  const about = JSON.parse(readFileSync(join(fresh, "about.json"), "utf8")) as { pid: number };
  pids.add(about.pid);
  expect(ran.map(({ code, stderr }) => [code, stderr])).toEqual(six.map(() => [0, ""]));
  expect(statSync(fresh).mode & 0o777).toBe(0o700);
  expect((await run(["down"], { home: fresh, main })).code).toBe(0);
});

test("of several started at once one becomes the daemon, the others say which, all exit 0", async () => {
  const env = { STUB_SLOW: "1" };
  const ran = await Promise.all([1, 2, 3].map(() => skein(["up", "--detach"], { env })));
  const pid = runningPid();
  expect(ran.map(({ code, stderr }) => [code, stderr])).toEqual([1, 2, 3].map(() => [0, ""]));
  const said = ran.map(({ stdout }) => stdout);
  expect(said.filter((each) => each === BANNER(8765))).toHaveLength(1);
  const other = `Skein runs already for ${home}: process ${pid} at http://127.0.0.1:8765\n`;
  expect(said.filter((each) => each === other)).toHaveLength(2);
  expect((await skein(["down"])).code).toBe(0);
});
