import { spawnSync } from "node:child_process";
import { systemClock, type AdapterFailure, type Clock } from "@skein/sdk";
import { describe, expect, test } from "vitest";
import { makeBackoff } from "./backoff.ts";
import { makeMarkFinder } from "./client.ts";
import { channelArgs, masterArgs } from "./command.ts";
import { makeEnvironment } from "./environment.ts";
import { BORN, ENDED, UNSEEN } from "./far.ts";
import { makeProcesses, readEnded, readProcesses } from "./processes.ts";
import type { Master } from "./master.ts";
import { unreachable, whyUnreached } from "./reasons.ts";
import { makeTrunks } from "./trunks.ts";

describe("the wait before the next try", () => {
  const times = { firstMs: 100, longestMs: 1_000, steadyMs: 30_000 };
  const hands = (): { clock: Clock; turn: (ms: number) => void } => {
    let now = 0;
    const clock = { now: () => now, monotonic: () => now, after: () => () => undefined };
    return { clock, turn: (ms) => (now += ms) };
  };

  test("doubles, up to a limit, each time a little different", () => {
    const { clock } = hands();
    const least = makeBackoff(clock, () => 0, times);
    expect([1, 2, 3, 4, 5, 6].map(() => least.next())).toEqual([50, 100, 200, 400, 500, 500]);
    expect(makeBackoff(clock, () => 1, times).next()).toBe(100);
  });

  test("is not made short again by a success of five seconds, but by one that lasted", () => {
    const { clock, turn } = hands();
    const backoff = makeBackoff(clock, () => 1, times);
    for (let tries = 0; tries < 3; tries += 1) backoff.next();
    backoff.worked();
    turn(5_000);
    expect(backoff.next()).toBe(800);
    backoff.worked();
    turn(30_000);
    expect(backoff.next()).toBe(100);
  });
});

describe("why a host was not reached, from ssh's words", () => {
  test.each([
    ["ssh: Could not resolve hostname x: Name or service not known", "host_unreachable", /address/],
    ["ssh: connect to host x port 22: Connection refused", "host_unreachable", /refuses/],
    ["Connection timed out during banner exchange", "host_unreachable", /not answer/],
    ["ssh: connect to host x port 22: No route to host", "host_unreachable", /No way/],
    ["Timeout, server 1.2.3.4 not responding.", "host_unreachable", /not answer/],
    ["x@y: Permission denied (publickey,password).", "host_login_failed", /publickey,password/],
    ["Received disconnect: Too many authentication failures", "host_login_failed", /too many/],
    ["Bad owner or permissions on ~/.ssh/config", "host_unreachable", /Bad owner/],
    ["", "host_unreachable", /cannot be reached/],
  ])("%s", (said, code, sentence) => {
    const { message, failure } = whyUnreached(
      { name: "box" },
      `debug1: Connecting to x\n${said}\n`,
    );
    expect({ code: failure.code, message }).toEqual({
      code,
      message: expect.stringMatching(sentence),
    });
    expect(failure.remedy).not.toBe("");
  });

  test.each([
    ["ssh: Could not resolve hostname x: Name or service not known", "HostName in /etc/work ssh."],
    ["ssh: connect to host x port 22: Connection refused", "Port in /etc/work ssh."],
    ["x@y: Permission denied (publickey).", "`ssh -F '/etc/work ssh' box`"],
    ["No ED25519 host key is known for x", "`ssh -F '/etc/work ssh' box`"],
    ["", "`ssh -F '/etc/work ssh' box`"],
  ])("with another configuration the remedy names it: %s", (said, words) => {
    const { remedy } = whyUnreached({ name: "box", config: "/etc/work ssh" }, said).failure;
    expect(remedy).toContain(words);
    expect(remedy).not.toMatch(/~\/\.ssh\/config|`ssh box|ssh-copy-id/);
  });
});

test("nobody is asked, nothing accepted, and a name is never an option", () => {
  const deps = { name: "box", env: {} };
  const args = masterArgs(deps, "/r/s.1");
  for (const option of ["BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no"])
    expect(args).toContain(option);
  expect(args.slice(-3, -1)).toEqual(["--", "box"]);
  // A channel that finds no connection must not make one of its own.
  expect(channelArgs("/r/s.1")).toContain("ProxyCommand=false");
});

test("a mark is found wherever the bytes are cut, and only at the end of a line of its own", () => {
  const find = makeMarkFinder("mark", 100);
  const told = Array.from("noise mark no\nmark\nrest", (one) => find(Buffer.from(one)));
  expect(Buffer.concat(told.filter((one) => one !== null)).toString()).toBe("rest");
  expect(() => makeMarkFinder("mark", 3)(Buffer.from("noise"))).toThrow("without end");
});

const stat = (pid: number, session: number): string =>
  `stat ${pid} (a) b) S 1 ${pid} ${session} 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1000 1 2 3`;

test("processes are known by their marks, or by the session that a marked one sits in", () => {
  const text = [
    "up 30.00",
    "me 7",
    stat(7, 7),
    stat(8, 7),
    stat(9, 9),
    "pid 7",
    "in /h/spool/1/in",
    "SKEIN_HOME=/h",
    "SKEIN_SESSION=ses_a",
    "SKEIN_GENERATION=2",
    "pid 9",
    "in ",
    "SKEIN_HOME=/h/other",
    "SKEIN_SESSION=ses_b",
    "SKEIN_GENERATION=1",
    "pid 10",
    "in ",
  ].join("\n");
  const owner = { session: "ses_a", generation: 2 };
  expect(readProcesses(text, "/h")).toEqual([
    { pid: 7, group: 7, session: 7, started: "1000", owner, stdin: "/h/spool/1/in", ageMs: 20_000 },
    { pid: 8, group: 8, session: 7, started: "1000", owner, stdin: null, ageMs: 20_000 },
  ]);
});

test("where there is no /proc, the same is read from ps", () => {
  const row =
    "ps    42    42     0 Ss   Thu Nov  5 10:00:00 2026 sleep 5 SKEIN_HOME=/h SKEIN_SESSION=ses_a SKEIN_GENERATION=3 X=1";
  const now = Date.parse("2026-11-05T10:00:05Z") / 1000;
  const owner = { session: "ses_a", generation: 3 };
  expect(readProcesses(`now ${now}\n${row}\n`, "/h")).toMatchObject([
    { pid: 42, session: 42, started: "Thu Nov 5 10:00:00 2026", owner, ageMs: 5_000 },
  ]);
});

test("ended are those that are not said to be alive, and zombies", () => {
  const zombie = stat(8, 7).replace(") S ", ") Z ");
  expect(readEnded(`${stat(7, 7)}\n${zombie}\n`, [7, 8, 9])).toEqual(new Set([8, 9]));
  expect(readEnded("ps   7 Ss+\nps  8 ZN\nps   17 R\n", [7, 8, 9])).toEqual(new Set([8, 9]));
  expect(readEnded("", [7])).toEqual(new Set([7]));
});

/** What runs the scripts: this machine, or one like it that has no /proc. */
const processesBy = (hasProc: boolean, words = "") => {
  const ask = async (script: string) => {
    const whole = `bye() { exit "$1"; }\n${words}\n${script}`;
    const here = hasProc ? whole : whole.replaceAll("/proc/", "/no-such-folder/");
    const { status, stdout, stderr } = spawnSync("sh", ["-c", here]);
    return { code: status ?? -1, output: stdout, errors: stderr.toString() };
  };
  return makeProcesses({ home: "/h", clock: systemClock, ask });
};

describe("which processes have ended", () => {
  const { pid: dead } = spawnSync("true");
  test.each([true, false])("is said by /proc, and by ps (%j)", async (hasProc) => {
    const { ended } = processesBy(hasProc);
    expect(await ended([process.pid, dead])).toEqual(new Set([dead]));
    expect(await ended([dead])).toEqual(new Set([dead]));
  });

  test("is not known when ps fails", async () => {
    const { ended } = processesBy(false, `ps() { echo "ps: fork failed"; return 1; }`);
    await expect(ended([dead])).rejects.toThrow("fork failed");
  });

  test("is not known when /proc cannot be read, but of those that are not in it", async () => {
    const { ended } = processesBy(true, `tr() { echo "tr: no room" >&2; return 1; }`);
    await expect(ended([dead, process.pid])).rejects.toThrow("no room");
    expect(await ended([dead])).toEqual(new Set([dead]));
  });
});

test.each(["JST-9", "EST5"])(
  "where there is no /proc, a process is as old as it is, wherever its login is (%s)",
  async (zone) => {
    const marks = "SKEIN_HOME=/h SKEIN_SESSION=ses_a SKEIN_GENERATION=1";
    const row = `42 42 0 Ss $(date '+%a %b %e %H:%M:%S %Y') sh ${marks} X=1`;
    const words = `TZ=${zone}; export TZ; ps() { echo "${row}"; }`;
    const [found] = await processesBy(false, words).owned();
    expect(Math.abs(found?.ageMs ?? Infinity)).toBeLessThan(60_000);
  },
);

describe("which process has a pid", () => {
  const { pid: dead } = spawnSync("true");
  test.each([true, false])("is said by /proc, and by ps (%j)", async (hasProc) => {
    const { process: look } = processesBy(hasProc);
    const started = expect.stringMatching(hasProc ? /^\d+$/ : /^\w+ \w+ \d+ [\d:]+ \d+$/);
    expect(await look(process.pid)).toEqual({ pid: process.pid, started });
    expect(await look(dead)).toBeNull();
  });

  test("is not known when ps fails", async () => {
    const { process: look } = processesBy(false, "ps() { return 1; }");
    await expect(look(dead)).rejects.toThrow("cannot be looked at");
  });
});

describe("which processes are ours", () => {
  const oneOfPs = `ps() { echo "42 42 0 Ss Thu Nov 20 10:00:00 2026 sh SKEIN_HOME=/h X=1"; }`;

  test.each([
    [true, ""],
    [true, `printf() { [ "$1" != 'a\\000b' ] && command printf "$@"; }`],
    [false, oneOfPs],
  ])("is none where a look was had and showed none (%j, %j)", async (hasProc, words) => {
    expect(await processesBy(hasProc, words).owned()).toEqual([]);
  });

  test.each([
    [true, "cat() { return 126; }"],
    [true, "sed() { return 126; }"],
    [true, "grep() { return 126; }"],
    [true, `grep() { case $1 in -lF) return 126;; *) command grep "$@";; esac; }`],
    [false, "ps() { return 1; }"],
    [false, `${oneOfPs}; grep() { return 126; }`],
    [false, `${oneOfPs}; sed() { return 126; }`],
  ])("is not known where none was had (%j, %s)", async (hasProc, words) => {
    await expect(processesBy(hasProc, words).owned()).rejects.toThrow("cannot be looked at");
  });
});

describe("whether a process lives, where there is no /proc", () => {
  const born = BORN.replaceAll("/proc/", "/no-such-folder/");
  const ended = (script: string): number | null =>
    spawnSync("sh", ["-c", `${born}${script}`], { stdio: "ignore" }).status;

  test("is told by ps; another process with its number is not it", () => {
    expect(ended(`born ${process.pid}; b=$B; same ${process.pid} "$b"`)).toBe(0);
    expect(ended("born $$")).toBe(0);
    expect(ended(`same ${process.pid} "Thu Jan 1 00:00:00 1970"`)).toBe(ENDED);
    const { pid } = spawnSync("true");
    expect(ended(`born ${pid}`)).toBe(ENDED);
  });

  test("is told alike in every time zone", () => {
    const script = `TZ=JST-9; export TZ; born ${process.pid}; b=$B; TZ=EST5; same ${process.pid} "$b"`;
    expect(ended(script)).toBe(0);
  });

  test("is not known when ps fails", () => {
    expect(ended(`ps() { return 1; }; same ${process.pid} x`)).toBe(UNSEEN);
    expect(ended(`ps() { echo "sh: fork: no room"; }; born ${process.pid}`)).toBe(UNSEEN);
  });
});

describe("what does not die", () => {
  const row = [
    "up 30.00",
    "me 7",
    stat(7, 7),
    "pid 7",
    "in ",
    "SKEIN_HOME=/h",
    "SKEIN_SESSION=ses_a",
    "SKEIN_GENERATION=2",
  ].join("\n");
  const owner = { session: "ses_a", generation: 2 };
  const swept = async (code: number) => {
    let now = 0;
    let looks = 0;
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      after: (ms, run) => {
        now += ms;
        queueMicrotask(run);
        return () => undefined;
      },
    };
    const ask = async () => {
      looks += 1;
      return { code, output: Buffer.from(row), errors: "" };
    };
    const failure = await makeProcesses({ home: "/h", clock, ask })
      .sweep(owner)
      .catch((error: unknown) => String(error));
    return { failure, looks };
  };

  test("is looked at ever more seldom, for ten seconds", async () => {
    const { failure, looks } = await swept(0);
    expect(failure).toMatch(/could not be ended/);
    expect(looks).toBeLessThan(70);
  });

  test("is not taken for gone when nobody could look", async () => {
    expect(await swept(1)).toMatchObject({
      failure: expect.stringMatching(/cannot be looked at/),
      looks: 1,
    });
  });
});

describe("a login's environment", () => {
  /** What the login's shells print, and what the channel's own does. */
  const told = (shells: string, own: string) => {
    let asked = 0;
    const environment = makeEnvironment({
      name: "box",
      clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
      mark: () => "mark",
      ask: async (script) => {
        asked += 1;
        const output = Buffer.from(script.startsWith("s=") ? shells : own);
        return { code: 0, output, errors: "" };
      },
    });
    return { environment, asked: () => asked };
  };

  test("is the channel's own where no login shell tells one", async () => {
    const { environment } = told("", "mark\nPATH=/bin\0SHLVL=1\0mark\n");
    expect(await environment()).toEqual({ PATH: "/bin" });
  });

  test("that nobody tells is a failure, and is asked for anew", async () => {
    const { environment, asked } = told("mark\nmark\n", "");
    await expect(environment()).rejects.toThrow("nothing there tells");
    const before = asked();
    await expect(environment()).rejects.toThrow("nothing there tells");
    expect(asked()).toBe(before * 2);
  });
});

test("a connection that is being made when all are let go of is ended, and is none of the next ones", async () => {
  const fake = () => {
    const ready = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<AdapterFailure>();
    let closed = 0;
    const close = (): void => {
      closed += 1;
      gone.resolve(unreachable("box", "let go of"));
    };
    const master: Master = { control: "", ready: ready.promise, gone: gone.promise, close };
    return { master, ready: ready.resolve, closed: () => closed };
  };
  const [first, further] = [fake(), fake()];
  const trunks = makeTrunks(
    () => further.master,
    () => unreachable("box", "no room"),
  );
  trunks.add(first.master);
  for (let place = 0; place < 6; place += 1) await trunks.take("lasting");
  const waits = trunks.take("lasting");
  // It asks for the first one before it begins another.
  await trunks.first();
  await Promise.resolve();
  trunks.clear();
  expect([first.closed(), further.closed()]).toEqual([1, 1]);
  further.ready();
  await expect(waits).rejects.toThrow("let go of");
  await expect(trunks.take("soon")).rejects.toThrow("let go of");
});
