/** What a daemon does when its state folder is full, damaged, newer, not writable, misconfigured, or already has a daemon. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isRefusal } from "@skein/contract";
import { skein, type Ran } from "../cli/run-skein.ts";
import { takeAgent } from "../scenarios/agent.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { agentProcesses, everyProcess, sweepHome, untilTrue } from "../scenarios/processes.ts";
import { fakeClaudeBackend } from "./fixtures.ts";

const run = promisify(execFile);

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "skein-state-"));
});
afterEach(async () => {
  await sweepHome(home);
  await rm(home, { recursive: true, force: true });
});

const up = (): Promise<Ran> => skein(["up", "--port", "0"], { home });

/** Starts a daemon and ends it in good order, so that the folder is as one that has been used; gives its exit code. */
const used = async (): Promise<number | null> => {
  const { code } = await skein(["up", "--port", "0"], { home, until: / is ready/ });
  expect(code).toBe(0);
  return code;
};

/** One sentence and a remedy on stderr, nothing on stdout, and no process left; gives the exit code. */
const refusesToStart = async (says: RegExp): Promise<number | null> => {
  const { code, stdout, stderr } = await up();
  expect(stderr).toMatch(says);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).not.toMatch(/ at .*\.ts:\d+|This should not have happened/);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
  expect(await everyProcess(home)).toEqual([]);
  return code;
};

const hashOf = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

describe("the database", () => {
  const file = () => join(home, "skein.db");

  test("is nobody else's to read while a daemon runs, and after it", async () => {
    const house = await openHouse({ home, config: async () => ({}) });
    const modes = async () =>
      Promise.all(
        (await readdir(home))
          .filter((name) => name.startsWith("skein.db"))
          .map(async (name) => [name, ((await stat(join(home, name))).mode & 0o777).toString(8)]),
      );
    expect(Object.fromEntries(await modes())).toEqual({
      "skein.db": "600",
      "skein.db-wal": "600",
      "skein.db-shm": "600",
    });
    await house.down();
    expect(Object.fromEntries(await modes())).toMatchObject({ "skein.db": "600" });
    await house.close();
  });

  test("no database at all: refused, the file untouched", async () => {
    await writeFile(file(), "this was never a database\n".repeat(1_000));
    const before = await hashOf(file());
    await refusesToStart(/skein\.db/);
    expect(await hashOf(file())).toBe(before);
  });

  test("cut short: refused, the file untouched", async () => {
    await used();
    await truncate(file(), 8_192);
    const before = await hashOf(file());
    await refusesToStart(/skein\.db/);
    expect(await hashOf(file())).toBe(before);
  });

  test("doctor looks at it while no daemon runs: whole, and then damaged", async () => {
    await used();
    expect((await skein(["doctor"], { home })).stdout).toMatch(/^ok {4}database: .*, whole$/m);
    const descriptor = await open(file(), "r+");
    await descriptor.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, 3 * 4_096);
    await descriptor.close();
    const before = await hashOf(file());
    const { code, stdout } = await skein(["doctor"], { home });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}database: .*skein\.db is damaged: .*\n {6}fix: .*snapshots/m);
    expect(await hashOf(file())).toBe(before);
  });

  test("newer: refused with both versions, the file identical to the byte", async () => {
    await used();
    const db = new DatabaseSync(file());
    db.exec("PRAGMA user_version = 9999");
    db.close();
    const before = await hashOf(file());
    await refusesToStart(/newer Skein.*9999/);
    expect(await hashOf(file())).toBe(before);
  });
});

describe("the configuration", () => {
  const configure = (text: string): Promise<void> => writeFile(join(home, "config.json5"), text);

  test.each([
    ["{ server: { port: 1,, } }", /config\.json5.*not JSON5/],
    ["{ sesions: {} }", /sesions is no setting[^]*Did you mean sessions\?/],
    ["{ sessions: { idleMinute: 3 } }", /idleMinute.*sessions[^]*Did you mean idleMinutes\?/],
    ["{ backends: { claude: {} } }", /claude is no setting[^]*claude-code/],
    ["{ server: { port: 'many' } }", /server\.port is not right/],
    ["{ sessions: { idleMinutes: -1 } }", /idleMinutes is not right/],
    ["[]", /config\.json5/],
  ])("%s is refused and named", async (text, says) => {
    await configure(text);
    expect(await refusesToStart(says)).toBe(1);
  });

  test("comments and trailing commas are welcome", async () => {
    await configure("// mine\n{ sessions: { idleMinutes: 0, }, }\n");
    expect(await used()).toBe(0);
  });
});

describe("one daemon for each state folder", () => {
  test("what a killed one left behind stops nobody", async () => {
    const house = await openHouse({ home, config: async () => ({}) });
    await house.kill9();
    expect(await readdir(join(home, "run"))).toEqual(
      expect.arrayContaining(["daemon.json", "daemon.lock", "skein.sock"]),
    );
    await house.restart();
    expect((await house.call("system.status", {})).pid).toBe(house.pid());
    await house.close();
  });

  test("a state folder that others could look into is closed to them, and the log says so", async () => {
    await chmod(home, 0o755);
    await used();
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const log = await readFile(join(home, "logs", "daemon.log"), "utf8");
    expect(log).toMatch(
      /the state folder was open to others.*"was":"755"|"was":"755".*open to others/,
    );
  });

  test("of twenty started at once one runs, nineteen say which and exit 0", async () => {
    const starts = Array.from({ length: 20 }, up);
    await untilTrue(
      "one is left",
      async () =>
        (await everyProcess(home)).length === 1 &&
        (await readdir(join(home, "run"))).includes("daemon.json"),
      100_000,
    );
    const { pid } = JSON.parse(await readFile(join(home, "run", "daemon.json"), "utf8")) as {
      pid: number;
    };
    const status = await skein(["status", "--json"], { home });
    expect(status.code).toBe(0);
    process.kill(pid, "SIGTERM");
    const all = await Promise.all(starts);
    expect(new Set(all.map(({ code, stderr }) => `${code}${stderr}`))).toEqual(new Set(["0"]));
    expect(all.filter(({ stdout }) => stdout.includes(" is ready"))).toHaveLength(1);
    const others = all.filter(({ stdout }) => !stdout.includes(" is ready"));
    for (const { stdout } of others) expect(stdout).toMatch(/runs already/);
  }, 120_000);
});

/** A small disk of its own as the state folder. Only root may mount one, and not in every container. */
const mayMount = await (async (): Promise<boolean> => {
  const place = await mkdtemp(join(tmpdir(), "skein-mount-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place]);
    await run("umount", [place]);
    return true;
  } catch {
    process.stderr.write("no right to mount: the tests of a full disk are left out\n");
    return false;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
})();

describe.each(mayMount ? ["a disk of its own"] : [])("%s", () => {
  let house: House | undefined;
  beforeEach(() => run("mount", ["-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", home]));
  afterEach(async () => {
    await house?.close();
    house = undefined;
    await sweepHome(home);
    // A process that was killed lets go of its files a moment after it has left the list.
    await run("umount", ["--lazy", home]);
  });

  /** Takes what is left of the disk, to the last block. */
  const fill = async (): Promise<void> => {
    await run("dd", ["if=/dev/zero", `of=${join(home, "ballast")}`, "bs=4k"]).catch(() => 0);
  };

  test("full: refused as such, nothing lost, and it goes on when there is room", async () => {
    house = await openHouse({
      home,
      config: async (place) => ({
        backends: { "claude-code": await fakeClaudeBackend(place) },
      }),
    });
    const { call } = house;
    const folder = await house.folder("project");
    const { session } = await call("sessions.create", { folder });
    const agent = takeAgent(house, session);
    expect((await agent.say("SAY one")).answer).toBe("one");
    const before = (await agent.view()).turns;
    await fill();
    const events = (number: number) => ({
      session: session.id,
      events: [{ type: "hook.note", data: "x".repeat(60_000), clientId: `note-${number}` }],
    });
    let refusal: unknown;
    // What is left in the write-ahead log's last pages may take a few.
    for (let number = 0; number < 500 && refusal === undefined; number++)
      await call("events.append", events(number)).catch((error: unknown) => {
        refusal = isRefusal(error) ? error.problem : error;
      });
    expect(refusal).toMatchObject({
      code: "storage_full",
      message: expect.stringMatching(/full/),
      retryable: true,
    });
    expect((await agent.view()).turns).toBe(before);
    expect((await call("system.status", {})).pid).toBe(house.pid());
    await rm(join(home, "ballast"));
    await call("events.append", events(1_000));
    expect((await agent.say("COUNT")).answer).toBe("2");
    expect(house.log.faults).toEqual([]);
  });

  test("full in the middle of a turn: the session answers again when there is room", async () => {
    house = await openHouse({
      home,
      config: async (place) => ({
        backends: { "claude-code": await fakeClaudeBackend(place) },
      }),
    });
    const folder = await house.folder("project");
    const { session } = await house.call("sessions.create", { folder });
    const agent = takeAgent(house, session);
    await agent.say("SAY one");
    const { prompt } = await agent.send("SLOW 3");
    await agent.speaks();
    await fill();
    const pid = house.pid();
    // The stand-in ends when its words find no room; nobody can record that yet.
    await untilTrue("the agent is dead", async () => (await agentProcesses(home)).length === 0);
    await rm(join(home, "ballast"));
    const turn = await agent.ended(prompt);
    expect(turn).toMatchObject({ outcome: "failed", error: { kind: "agent" } });
    expect((await agent.say("SAY two")).answer).toBe("two");
    expect(house.pid()).toBe(pid);
    const items = await agent.items();
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(house.log.faults).toEqual([]);
  });

  test("read-only: refused with the folder's name", async () => {
    await used();
    await run("mount", ["-o", "remount,ro", home]);
    await refusesToStart(new RegExp(`${home}[^]*(SKEIN_HOME|right to write|writ)`));
    await run("mount", ["-o", "remount,rw", home]);
    await used();
    expect(await readdir(home)).toContain("skein.db");
  });
});

test("a port that is taken is refused by its number", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    const { code, stdout, stderr } = await skein(["up", "--port", String(port)], { home });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(String(port));
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
    expect(await everyProcess(home)).toEqual([]);
  } finally {
    other.close();
  }
  await used();
});

test("a state folder that is a file is refused", async () => {
  const file = join(home, "file");
  await writeFile(file, "");
  await mkdir(join(home, "x"));
  const { code, stderr } = await skein(["up", "--port", "0"], { home: file });
  expect(code).toBe(1);
  expect(stderr).toContain(file);
  expect(stderr).not.toContain("This should not have happened");
});
