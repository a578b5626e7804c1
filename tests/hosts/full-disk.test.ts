/** A disk that fills up on the far side, through the doors that people use: never silent, and refused before it is worse. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startSshd } from "@skein/sdk/testkit";
import { skein } from "../cli/run-skein.ts";
import { fakeClaudeBackend } from "../daemon/fixtures.ts";
import { takeAgent } from "../scenarios/agent.ts";
import { dataOf } from "../scenarios/events.ts";
import { openHouse } from "../scenarios/house.ts";
import { makeDisk } from "./disk.ts";

const execute = promisify(execFile);

const openFull = async () => {
  const disk = await makeDisk(16 * 1024, 4_096);
  const sshd = await startSshd({ home: disk.home, env: { LANG: "C.UTF-8" } });
  const house = await openHouse({
    far: { name: "far", config: sshd.config, close: () => sshd[Symbol.asyncDispose]() },
    config: async (place) => ({
      hosts: { far: { backends: { "claude-code": await fakeClaudeBackend(place) } } },
    }),
  });
  const filler = join(disk.home, "filler");
  return {
    house,
    fill: () => execute("sh", ["-c", 'cat /dev/zero > "$0" 2>/dev/null; :', filler]),
    empty: () => rm(filler),
    async [Symbol.asyncDispose]() {
      await house.close();
      await disk[Symbol.asyncDispose]();
    },
  };
};

test("a disk that fills up in a turn is told of, refuses what would be lost, and is told of again when there is room", async () => {
  await using full = await openFull();
  const { house } = full;
  const folder = await house.folder("project");
  const create = () =>
    house.call("sessions.create", {
      backend: "claude-code",
      folder,
      host: "far",
      permissions: "full",
    });
  const agent = takeAgent(house, (await create()).session);
  expect((await agent.say("say PONG")).answer).toBe("PONG");
  const says = (words: RegExp) =>
    agent.until(
      `a status that says ${words}`,
      (event) => words.test(dataOf(event, "session.status")?.reason ?? ""),
      60_000,
    );

  await agent.send("RUN sleep 600");
  await agent.until("its command runs", (event) => {
    const body = dataOf(event, "session.item")?.item.body;
    return body?.kind === "command" && body.status === "running";
  });
  await full.fill();
  await says(/the disk of far is full: what the agent says cannot be kept there/);
  const refused = { problem: { code: "storage_full", remedy: expect.stringMatching(/Make room/) } };
  await expect(agent.send("say PONG")).rejects.toMatchObject(refused);
  await expect(create()).rejects.toMatchObject(refused);
  const sent = await skein(["send", agent.name, "say PONG"], { home: house.home });
  expect(sent).toMatchObject({ code: 1, stdout: "" });
  expect(sent.stderr).toMatch(/The disk of far is full[^]*\[storage_full\]\n {2}Make room on far/);

  await full.empty();
  await says(/the disk of far was full: what the agent said meanwhile is lost/);
  const notices = (await agent.items()).flatMap(({ body }) =>
    body.kind === "notice" ? [body] : [],
  );
  expect(notices).toMatchObject([
    { level: "error", text: expect.stringContaining("Make room on far") },
    { level: "warning", text: expect.stringContaining("stop the session and resume it") },
  ]);
  await house.call("sessions.stop", { session: agent.id });
  await agent.state("stopped");
  await house.call("sessions.resume", { session: agent.id });
  await agent.state("idle");
  expect((await agent.say("COUNT")).turn.outcome).toBe("completed");
}, 180_000);

test("a prompt that finds the disk full is refused, or fails its turn: never silence", async () => {
  await using full = await openFull();
  const { house } = full;
  const folder = await house.folder("project");
  const made = await house.call("sessions.create", { backend: "claude-code", folder, host: "far" });
  const agent = takeAgent(house, made.session);
  expect((await agent.say("say PONG")).answer).toBe("PONG");
  await full.fill();
  const told = await agent.send("say PONG").then(
    async ({ prompt }) => (await agent.ended(prompt)).error?.message,
    (error: { readonly problem: { readonly code: string } }) => error.problem.code,
  );
  expect(told).toMatch(/storage_full|cannot be written/);
  await full.empty();
  expect((await agent.say("COUNT")).turn.outcome).toBe("completed");
}, 120_000);

test("a full disk under the daemon itself is told by status, doctor and /ready for as long as it is so", async () => {
  await using disk = await makeDisk(64 * 1024, 4_096);
  const house = await openHouse({ home: disk.home, config: async () => ({}) });
  try {
    const told = async () => {
      const status = await house.call("system.status", {});
      const ready = await fetch(`${status.address}/ready`);
      const { stdout } = await skein(["doctor", "--json"], { home: house.home });
      const { findings } = JSON.parse(stdout) as { findings: { part: string; level: string }[] };
      return {
        store: status.health.find(({ part }) => part === "store"),
        ready: [ready.status, await ready.json()],
        daemon: findings.find(({ part }) => part === "daemon"),
      };
    };
    const well = {
      store: { ok: true, detail: "writable" },
      ready: [200, { ready: true }],
      daemon: { level: "ok" },
    };
    const filler = join(disk.home, "filler");
    expect(await told()).toMatchObject(well);
    await execute("sh", ["-c", 'cat /dev/zero > "$0" 2>/dev/null; :', filler]);
    const full = expect.stringMatching(/the disk of .* is full/);
    expect(await told()).toMatchObject({
      store: { ok: false, detail: full },
      ready: [503, { ready: false }],
      daemon: { level: "fail", detail: full, fix: "do what is said there" },
    });
    await rm(filler);
    expect(await told()).toMatchObject(well);
  } finally {
    await house.close();
  }
}, 120_000);
