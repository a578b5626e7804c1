/** Hosts on the command line: what is shown of them, of sessions whose host does not answer, and what is refused before it is sent. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuse, type Host, type Session } from "@skein/contract";
import { session } from "./fixtures.ts";
import { skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, type StubDaemon } from "./stub-daemon.ts";

const AT = "2026-11-20T10:00:00.000Z";

const host = (name: string, more: Partial<Host> = {}): Host => ({
  name,
  kind: name === "local" ? "local" : "ssh",
  home: "/home/me/.skein",
  state: "reachable",
  reason: null,
  remedy: null,
  since: null,
  sessions: 0,
  check: null,
  refusal: null,
  addedAt: AT,
  ...more,
});

const cloud = host("cloud", {
  state: "unreachable",
  reason: "cloud does not answer.\u001b[2J",
  remedy: "Check that the machine\nis up.",
  since: AT,
  sessions: 2,
  check: {
    checkedAt: AT,
    system: "Linux aarch64",
    latencyMs: 31,
    tmux: { found: false, version: null },
    git: { found: true, version: "2.47.3" },
    containers: { engine: "podman", version: "5.4.2" },
    agents: [{ backend: "codex", command: "/usr/bin/codex", version: "0.169.0" }],
    clockSkewMs: -3_600_000,
    freeBytes: 5 * 1024 ** 3,
    warnings: [{ message: "There is no tmux.", remedy: "Install tmux on cloud." }],
  },
});

const edge = host("edge", {
  remedy: "Ask whoever keeps it.",
  refusal: { at: AT, message: "The key of edge is another." },
});

const away = (name: string): Session =>
  session(name, {
    host: "cloud",
    unreachable: AT,
    folder: "/srv/shop",
    container: { image: "my-agents:1", network: "none", memoryMiB: 2048 },
    status: {
      state: "working",
      waitingFor: null,
      reason: "unreachable: cloud does not answer.",
      source: "process",
      since: AT,
    },
  });

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub({
    "hosts.list": () => ({ hosts: [host("local"), cloud, edge] }),
    "hosts.add": ({ host: name }) => {
      if (name === "strange")
        throw refuse("host_key_unknown", "Its key SHA256:x is not known.", "Run `ssh strange`.");
      return { host: host(name) };
    },
    "hosts.check": () => ({ host: cloud }),
    "hosts.remove": ({ host: name, force }) => {
      if (!force) throw refuse("host_in_use", `An agent runs on ${name}: one.`, "Stop it first.");
      return { host: { ...cloud, reason: "left to themselves there: one" } };
    },
    "sessions.create": ({ folder, name }) => ({
      session: session(name ?? "jinx-bot", { folder, host: "cloud" }),
    }),
    "sessions.list": () => ({ sessions: [session("here"), away("there")], next: null }),
    "sessions.get": () => ({ session: away("there") }),
    "sessions.stop": () => ({ session: away("there") }),
    "sessions.delete": () => ({ session: away("there") }),
    "approvals.list": () => ({ approvals: [], next: null }),
    "sessions.turns": () => ({ turns: [], next: null }),
  });
});
afterAll(() => daemon.close());

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home: daemon.home, ...options });

describe.concurrent("hosts", () => {
  test("are listed with since when they do not answer, and nothing they say is obeyed", async () => {
    const { stdout } = await skein(["host", "list"]);
    const [head, local, far, doubtful, ...below] = stdout.trimEnd().split("\n");
    expect(head?.split(/ {2,}/)).toEqual([
      "NAME",
      "STATE",
      "SESSIONS",
      "SYSTEM",
      "AGENTS",
      "REMARKS",
    ]);
    expect(local).toMatch(/^local +reachable +0 +- +-$/);
    expect(far).toMatch(
      /^cloud +unreachable for \w+ +2 +Linux aarch64 +codex +cloud does not answer\.\\x1b\[2J$/,
    );
    expect(doubtful).toMatch(
      /^edge +reachable, check failed \w+ ago .* The key of edge is another\.$/,
    );
    expect(below).toEqual([
      "",
      "cloud: Check that the machine\\nis up.",
      "edge: Ask whoever keeps it.",
    ]);
    expect((await skein(["host", "list", "-q"])).stdout).toBe("local\ncloud\nedge\n");
    expect(JSON.parse((await skein(["host", "list", "--json"])).stdout)).toEqual({
      hosts: [host("local"), cloud, edge],
    });
  });

  test("are shown with what is there, what is not, and what to do about it", async () => {
    const { stdout } = await skein(["host", "check", "cloud"]);
    for (const line of [
      /state +unreachable for/,
      /system +Linux aarch64, 31 ms away/,
      /tools +no tmux, git 2\.47\.3, podman 5\.4\.2/,
      /agents +codex 0\.169\.0/,
      /clock +1h behind/,
      /disk +5\.0 GiB free/,
      /warning +There is no tmux\.\n +Install tmux on cloud\./,
    ])
      expect(stdout).toMatch(line);
  });

  test("are added and removed with a key of their own, so that a repeat is harmless", async () => {
    const added = await skein(["host", "add", "edge"]);
    expect(added.stdout).toMatch(/^Added host edge\nedge\n/);
    const removed = await skein(["host", "remove", "cloud", "--force"]);
    expect(removed).toEqual({
      code: 0,
      stdout: "Removed host cloud\n",
      stderr: "left to themselves there: one\n",
    });
    for (const name of ["hosts.add", "hosts.remove"] as const)
      expect(daemon.inputs(name)[0]).toHaveProperty("clientId", expect.any(String));
  });

  test("that are refused say why, with the code, and exit 1", async () => {
    expect(await skein(["host", "add", "strange"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "skein: Its key SHA256:x is not known. [host_key_unknown]\n  Run `ssh strange`.\n",
    });
    expect((await skein(["host", "remove", "cloud"])).code).toBe(1);
  });
});

describe.concurrent("a session on another host", () => {
  test("is created in a folder of that host, whole", async () => {
    await skein(["create", "--host", "cloud", "-p", "/srv/./shop", "--name", "far"]);
    expect(daemon.inputs("sessions.create").find((input) => input["name"] === "far")).toMatchObject(
      { host: "cloud", folder: "/srv/./shop" },
    );
  });

  test.each([
    [["-p", "shop"], /^skein: shop is no whole path, and only cloud knows/],
    [[], /^skein: It was not said which folder of cloud is meant\./],
  ])("is refused with %j: nobody guesses a folder there", async (words, says) => {
    const { code, stderr } = await skein(["create", "--host", "cloud", ...words]);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/begins with \/\./);
  });

  test("that does not answer is shown with since when", async () => {
    const [list, status, inspect] = await Promise.all([
      skein(["list"]),
      skein(["status", "there"]),
      skein(["inspect", "there"]),
    ]);
    expect(list.stdout).toMatch(/NAME .* HOST [^]*there .* cloud /);
    expect(list.stdout).toMatch(/there .* unreachable for \d+\w: cloud does not answer\.\n/);
    const since = /cloud has not answered for \w+ \(since 2026-11-20 10:00:00\)/;
    expect(status.stdout).toMatch(since);
    expect(inspect.stdout).toMatch(since);
    expect(inspect.stdout).toMatch(/^container +my-agents:1, network none, 2048 MiB$/m);
  });

  test("is not said to be stopped before it is, and its end is said to come", async () => {
    expect((await skein(["stop", "there"])).stdout).toBe(
      "Session there stops as soon as cloud answers\n",
    );
    const killed = await skein(["kill", "there"]);
    expect(killed.stdout).toBe("Killed session there\n");
    expect(killed.stderr).toBe(
      "skein: cloud does not answer: the agent there is ended as soon as it does\n",
    );
  });
});
