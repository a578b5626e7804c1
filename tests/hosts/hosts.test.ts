/** Hosts through the doors that people use: added, listed, checked, removed, and all that can be wrong with one. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRefusal } from "@skein/contract";
import { startSshd, type Sshd } from "@skein/sdk/testkit";
import { skein } from "../cli/run-skein.ts";
import { fakeClaudeBackend } from "../daemon/fixtures.ts";
import { takeAgent } from "../scenarios/agent.ts";
import { dataOf } from "../scenarios/events.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { agentProcesses, everyProcess, sweepHome, untilTrue } from "../scenarios/processes.ts";

const execute = promisify(execFile);

const MANY = Array.from({ length: 10 }, (_, index) => `far-${index}`);

/** Each wrong in its own way; all but the first two lead to the server that is there. */
const writeWrongHosts = async (sshd: Sshd): Promise<void> => {
  const other = join(sshd.folder, "other_key");
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
  const strange = (await readFile(`${other}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
  await writeFile(join(sshd.folder, "changed"), `[127.0.0.1]:${sshd.port} ${strange}\n`);
  const known = `UserKnownHostsFile ${sshd.knownHosts}`;
  const there = (name: string, ...lines: readonly string[]): string =>
    [
      `Host ${name}`,
      "  HostName 127.0.0.1",
      `  Port ${sshd.port}`,
      "  IdentitiesOnly yes",
      "  GlobalKnownHostsFile none",
      ...lines.map((line) => `  ${line}`),
      "",
    ].join("\n");
  const key = `IdentityFile ${sshd.folder}/user_key`;
  const nobody = `UserKnownHostsFile ${sshd.folder}/nobody`;
  const text = [
    "Host closed\n  HostName 127.0.0.1\n  Port 1\n",
    "Host nowhere\n  HostName nowhere.invalid\n",
    there("strange", key, nobody),
    there("changed", key, `UserKnownHostsFile ${sshd.folder}/changed`),
    there("turning", key, `UserKnownHostsFile ${sshd.folder}/turning`),
    there("locked", `IdentityFile ${other}`, known),
    ...MANY.map((name) => there(name, key, known)),
  ];
  // The user's own entry comes first in the file, and what comes first counts.
  await appendFile(sshd.config, text.join("\n"));
};

let sshd: Sshd;
let house: House;
beforeAll(async () => {
  sshd = await startSshd({ env: { LANG: "C.UTF-8" } });
  await writeWrongHosts(sshd);
  house = await openHouse({
    config: async (place) => {
      const backends = { "claude-code": await fakeClaudeBackend(place) };
      return { ssh: { config: sshd.config }, hosts: { far: { backends } } };
    },
  });
});
afterAll(async () => {
  await house?.close();
  await sshd?.[Symbol.asyncDispose]();
});

/** A server that takes every connection and says nothing, until it ends. */
const takeConnections = async (port: number) => {
  const taken = new Set<Socket>();
  const server = createServer((socket) => taken.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    end: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of taken) socket.destroy();
      }),
  };
};

const problemOf = async (operation: Promise<unknown>) =>
  operation.then(
    () => null,
    (error: unknown) => (isRefusal(error) ? error.problem : error),
  );

const names = async (): Promise<string[]> =>
  (await house.call("hosts.list", {})).hosts.map(({ name }) => name);

const run = (...words: string[]) => skein(words, { home: house.home });

describe("a host that cannot be used is not added, and says what to do", () => {
  test.each([
    ["closed", "host_unreachable", /refuses the connection/],
    ["nowhere", "host_unreachable", /nowhere/],
    ["strange", "host_key_unknown", /SHA256:/],
    ["changed", "host_key_changed", /SHA256:/],
    ["locked", "host_login_failed", /locked/],
  ])("%s: %s", async (host, code, says) => {
    expect(await problemOf(house.call("hosts.add", { host }))).toMatchObject({
      code,
      message: expect.stringMatching(says),
      remedy: expect.stringMatching(/\S/),
    });
    const { code: exit, stdout, stderr } = await run("host", "add", host);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`\\[${code}\\]\\n {2}\\S`));
    expect(await names()).not.toContain(host);
  });

  test("a name that ssh would take for an option", async () => {
    expect(await problemOf(house.call("hosts.add", { host: "-oProxyCommand=x" }))).toMatchObject({
      code: "invalid_input",
    });
  });

  test("local is there already, and stays", async () => {
    expect(await problemOf(house.call("hosts.add", { host: "local" }))).toMatchObject({
      code: "host_known",
    });
    expect(
      await problemOf(house.call("hosts.remove", { host: "local", force: true })),
    ).toMatchObject({ code: "host_in_use" });
    expect(await names()).toContain("local");
    const checked = await run("host", "check", "local");
    expect(checked.stdout).toMatch(/^local\n[^]*tools +tmux/);
  });
});

test("a host is added, checked, worked on, refused to be forgotten, and forgotten", async () => {
  const added = await run("host", "add", "far");
  expect(added).toMatchObject({ code: 0, stderr: "" });
  expect(added.stdout).toMatch(
    /^Added host far\nfar\n +state +reachable\n +folder +\/\S+\n +sessions +0\n +system +\w+ \w+, \d+ ms away\n +tools +.*git [^]*agents +claude-code 2\.1\.197/,
  );
  const { host } = await house.call("hosts.check", { host: "far" });
  expect(host).toMatchObject({
    kind: "ssh",
    state: "reachable",
    check: { git: { found: true }, clockSkewMs: 0, freeBytes: expect.any(Number) },
  });
  expect(await problemOf(house.call("hosts.add", { host: "far" }))).toMatchObject({
    code: "host_known",
  });

  const folder = await house.folder("project");
  const relative = await run("create", "--host", "far", "-p", "project");
  expect(relative).toMatchObject({ code: 2, stdout: "" });
  expect(relative.stderr).toMatch(/project is no whole path[^]*begins with \//);
  const made = await run("create", "-q", "--host", "far", "-p", folder);
  const name = made.stdout.trim();
  const { session } = await house.call("sessions.get", { session: name });
  const agent = takeAgent(house, session);
  expect((await agent.say("say PONG")).answer).toBe("PONG");
  expect((await run("list")).stdout).toMatch(/NAME .*HOST[^]* far /);
  expect((await run("list", "-q", "--host", "local")).stdout).toBe("");
  expect((await run("host", "list")).stdout).toMatch(/\nfar +reachable +1 /);

  expect(await problemOf(house.call("hosts.remove", { host: "far" }))).toMatchObject({
    code: "host_in_use",
    message: expect.stringContaining(name),
  });
  expect((await agent.view()).status.state).toBe("idle");
  const { prompt } = await agent.send("SLOW 30");
  await agent.speaks();
  const [process] = await agentProcesses(host.home);
  const removed = await run("host", "remove", "far", "--force");
  expect(removed).toMatchObject({ code: 0, stdout: "Removed host far\n" });
  expect(removed.stderr).toBe(`left to themselves there: ${name}\n`);
  expect(await names()).toEqual(["local"]);
  expect((await agent.state("lost")).reason).toMatch(/^the host far was removed/);
  expect((await agent.ended(prompt)).outcome).toBe("failed");
  expect((await agentProcesses(host.home)).map(({ pid }) => pid)).toContain(process?.pid);

  // What is asked of a session whose host is gone is refused, or fails, and says why.
  expect(await problemOf(house.call("sessions.resume", { session: name }))).toMatchObject({
    code: "host_unknown",
  });
  await agent.send("say PONG");
  expect((await agent.state("failed")).reason).toMatch(/There is no host far/);

  // Added again it is cleared of what was left, and its sessions go on.
  await house.call("hosts.add", { host: "far" });
  await untilTrue("what was left is ended", async () =>
    (await agentProcesses(host.home)).every(({ pid }) => pid !== process?.pid),
  );
  await house.call("sessions.resume", { session: name });
  await agent.state("idle");
  expect((await agent.say("COUNT")).turn.outcome).toBe("completed");
  await house.call("sessions.delete", { session: name });
  await untilTrue("it is ended", async () => (await everyProcess(host.home)).length === 0);
  await untilTrue(
    "nothing runs there",
    async () => (await problemOf(house.call("hosts.remove", { host: "far" }))) === null,
  );
});

test("a host with a terminal is not removed unasked, and nothing of Skein stays on one that is", async () => {
  await house.call("hosts.add", { host: "far" });
  const { host } = await house.call("hosts.check", { host: "far" });
  const open = async () =>
    (await house.call("terminals.open", { host: "far", argv: ["sleep", "7777"] })).terminal;
  const [terminal, other] = [await open(), await open()];
  const refused = await run("host", "remove", "far");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(
    /2 terminals are open on far: trm_[^]*\[host_in_use\]\n[^]*--force/,
  );
  expect((await house.call("terminals.list", { host: "far" })).terminals).toMatchObject([
    { state: "running" },
    { state: "running" },
  ]);
  await house.call("terminals.close", { terminal: other.id });
  expect(await run("host", "remove", "far", "--force")).toMatchObject({
    code: 0,
    stdout: "Removed host far\n",
    stderr: "",
  });
  const { terminals } = await house.call("terminals.list", {});
  expect(terminals.map(({ id }) => id)).not.toContain(terminal.id);
  const { stdout } = await execute("ps", ["-eo", "args"]);
  expect(stdout.split("\n").filter((line) => line.includes(host.home))).toEqual([]);
  expect(await everyProcess(host.home)).toEqual([]);
  expect(existsSync(host.home)).toBe(false);
  // It may be added again.
  await house.call("hosts.add", { host: "far" });
  await house.call("hosts.remove", { host: "far" });
  expect(existsSync(host.home)).toBe(false);
});

test("of a host that does not answer, it is told what stays there", async () => {
  await house.call("hosts.add", { host: "far" });
  const { host } = await house.call("hosts.check", { host: "far" });
  const { terminal } = await house.call("terminals.open", { host: "far", argv: ["sleep", "7777"] });
  await house.kill9();
  await sshd.stop();
  await house.restart();
  expect(await problemOf(house.call("hosts.remove", { host: "far" }))).toMatchObject({
    code: "host_in_use",
    details: { terminals: [terminal.id] },
  });
  const removed = await house.call("hosts.remove", { host: "far", force: true });
  expect(removed.host.reason).toMatch(
    new RegExp(`may run on there: ${terminal.id}; it does not answer.* stays there: ${host.home}$`),
  );
  expect((await house.call("terminals.list", {})).terminals).toEqual([]);
  await sshd.start();
  await house.call("hosts.add", { host: "far" });
  await house.call("hosts.remove", { host: "far" });
  expect(existsSync(host.home)).toBe(false);
  expect(await everyProcess(host.home)).toEqual([]);
});

test("a key that changed while a connection stands is told by check, and by list until it is right again", async () => {
  const [right, wrong] = await Promise.all([
    readFile(sshd.knownHosts, "utf8"),
    readFile(join(sshd.folder, "changed"), "utf8"),
  ]);
  const known = join(sshd.folder, "turning");
  await writeFile(known, right);
  await house.call("hosts.add", { host: "turning" });
  await writeFile(known, wrong);
  await expect(house.call("hosts.check", { host: "turning" })).rejects.toMatchObject({
    problem: { code: "host_key_changed" },
  });
  const listed = async () =>
    (await house.call("hosts.list", {})).hosts.find(({ name }) => name === "turning");
  expect(await listed()).toMatchObject({
    state: "reachable",
    refusal: { message: expect.stringContaining("The key of turning is not the one") },
    remedy: expect.stringContaining("ssh-keygen -R"),
  });
  await writeFile(known, right);
  await house.call("hosts.check", { host: "turning" });
  expect(await listed()).toMatchObject({ state: "reachable", refusal: null, remedy: null });
  await house.call("hosts.remove", { host: "turning" });
});

test("a session shows the present reason: the key that a host shows when it comes back with another", async () => {
  await using other = await startSshd({ env: { LANG: "C.UTF-8" } });
  const own = await openHouse({
    config: async (place) => ({
      ssh: { config: other.config },
      hosts: { far: { backends: { "claude-code": await fakeClaudeBackend(place) } } },
    }),
  });
  let there = "";
  try {
    there = (await own.call("hosts.add", { host: "far" })).host.home;
    const folder = await own.folder("project");
    const { session } = await own.call("sessions.create", {
      backend: "claude-code",
      folder,
      host: "far",
    });
    const agent = takeAgent(own, session);
    await agent.say("say PONG");
    const told = (words: string) =>
      agent.until(
        words,
        (event) => dataOf(event, "session.status")?.reason.includes(words) === true,
        60_000,
      );
    await other.stop();
    // Its connections: an sshd that has ended leaves them standing.
    await execute("pkill", ["-KILL", "-f", other.config]);
    await told("unreachable");
    const { unreachable } = await agent.view();
    await other.changeKey();
    await other.start();
    await told("The key of far is not the one");
    expect((await agent.view()).unreachable).toBe(unreachable);
  } finally {
    await own.close();
    // Nobody reaches it any more to end it.
    await sweepHome(there);
  }
});

test("a host that is being added is not added a second time meanwhile", async () => {
  const host = MANY[0]!;
  const both = [house.call("hosts.add", { host }), house.call("hosts.add", { host })];
  const problems = await Promise.all(both.map(problemOf));
  expect(problems.filter((problem) => problem === null)).toHaveLength(1);
  expect(problems.find((problem) => problem !== null)).toMatchObject({
    code: "host_known",
    message: expect.stringContaining("being added at this moment"),
  });
  // The first one's link was left in peace.
  const { hosts } = await house.call("hosts.list", {});
  expect(hosts.find(({ name }) => name === host)?.state).toBe("reachable");
  await house.call("hosts.remove", { host });
});

test("ten hosts that do not answer hold up no start", async () => {
  for (const host of MANY)
    expect((await house.call("hosts.add", { host })).host.state).toBe("reachable");
  await house.down();
  await sshd.stop();
  const reasons = async (): Promise<(string | null)[]> =>
    (await house.call("hosts.list", {})).hosts
      .filter(({ name }) => MANY.includes(name))
      .map(({ reason }) => reason);
  const silent = await takeConnections(sshd.port);
  await house.restart();
  // No first try is over yet: the start waited for none.
  expect(new Set(await reasons())).toEqual(
    new Set(MANY.map((name) => `${name} has not answered yet.`)),
  );
  await silent.end();
  await untilTrue("each is known to be away", async () =>
    (await reasons()).every((reason) => reason !== null && !reason.endsWith("not answered yet.")),
  );
  expect(await problemOf(house.call("hosts.check", { host: MANY[0]! }))).toMatchObject({
    code: "host_unreachable",
  });
  await sshd.start();
  expect((await house.call("hosts.check", { host: MANY[0]! })).host.state).toBe("reachable");
});
