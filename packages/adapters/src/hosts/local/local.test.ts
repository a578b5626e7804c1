import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAdapterFailure, type Detached } from "@skein/sdk";
import { expect, test } from "vitest";
import { firstLine, makeHome, until } from "./home.testkit.ts";

const node = process.execPath;
/** Tells its lines back, one for one, with a number. */
const echo = [
  node,
  "-e",
  `let n = 0;
   require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(++n + " " + line));`,
] as const;

const failureCode = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return isAdapterFailure(error) ? error.failure.code : `no failure: ${String(error)}`;
};

const isGone = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") Z ")).includes(") Z ");

test("lines go in and come out in order, and the process ends with its own code", async () => {
  await using home = await makeHome();
  const { detached } = await home.start(["sh", "-c", 'read a; read b; echo "$b $a"; exit 7']);
  await Promise.all([detached.write("one"), detached.write("two")]);
  expect(await until(detached.lines(0), () => false)).toEqual([
    { text: "two one", cut: false, end: 8 },
  ]);
  expect(await detached.exited).toEqual({ exitCode: 7, signal: null, witnessed: true });
  expect(await detached.liveness()).toBe("dead");
});

test("the folder is private, and what the process gets is only what it was given, with the marks", async () => {
  await using home = await makeHome();
  const { detached, dir, owner } = await home.start(["env"], { COLOR: "blue" });
  const lines = await until(detached.lines(0), () => false);
  expect(new Set(lines.map((line) => line.text.split("=")[0]))).toEqual(
    new Set(["COLOR", "PATH", "SKEIN_GENERATION", "SKEIN_HOME", "SKEIN_SESSION"]),
  );
  expect(lines.map((line) => line.text)).toContain(`SKEIN_SESSION=${owner.session}`);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  for (const name of ["in", "out", "err"]) {
    expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
  }
});

test("a daemon that dies takes nothing with it: the next one adopts, reads on and writes", async () => {
  await using home = await makeHome();
  const { detached, dir, owner } = await home.start(echo);
  await detached.write("before");
  const before = await firstLine(detached);
  await detached.close();

  const adopted = await home.another().adopt(dir, owner);
  expect(adopted?.process).toEqual(detached.process);
  await adopted?.write("after");
  const after = await firstLine(adopted as Detached, before?.end);
  expect(after?.text).toBe("2 after");

  const exit = await adopted?.terminate(2_000);
  expect(exit).toEqual({ exitCode: null, signal: null, witnessed: false });
});

test("the death of an adopted process is noticed, and its last words are given first", async () => {
  await using home = await makeHome();
  const { detached, dir, owner } = await home.start([
    "sh",
    "-c",
    "read line; printf 'half a line'",
  ]);
  await detached.close();
  const adopted = await home.another().adopt(dir, owner);
  const reading = until((adopted as Detached).lines(0), () => false);
  await adopted?.write("go");
  expect((await reading).map((line) => line.text)).toEqual(["half a line"]);
  expect((await adopted?.exited)?.witnessed).toBe(false);
});

test("nothing is adopted when the leader is dead, another generation's, or another home's", async () => {
  await using home = await makeHome();
  await using stranger = await makeHome();
  const { detached, dir, owner } = await home.start(["sleep", "1000"]);
  expect(await home.host.adopt(dir, { ...owner, generation: 99 })).toBeNull();
  expect(await stranger.host.adopt(dir, owner)).toBeNull();
  await detached.terminate(0);
  expect(await home.host.adopt(dir, owner)).toBeNull();
});

test("a command in a session of its own is not taken for the agent, and dies with it", async () => {
  await using home = await makeHome();
  const script = "setsid sh -c 'echo $$; exec sleep 1000' < /dev/null & wait";
  const { detached, dir, owner } = await home.start(["sh", "-c", script]);
  const child = Number((await firstLine(detached))?.text);
  expect((await home.host.adopt(dir, owner))?.process).toEqual(detached.process);
  const pids = (await home.host.owners()).map((one) => new Set(one.pids));
  expect(pids).toEqual([new Set([detached.process.pid, child])]);

  expect((await detached.terminate(1_000)).signal).toBe("SIGTERM");
  expect(await isGone(child)).toBe(true);
  expect(await home.host.owners()).toEqual([]);
});

test("a child that dropped its environment is found by the session it sits in", async () => {
  await using home = await makeHome();
  const script = "env -i sh -c 'echo $$; sleep 1000' & wait";
  const { detached, owner } = await home.start(["sh", "-c", script]);
  const child = Number((await firstLine(detached))?.text);
  await detached.signal("SIGKILL");
  await detached.exited;
  // Its leader is dead, and with it the last process that carried the marks: only a living one leads to the session.
  await home.host.sweep(owner);
  expect(await isGone(detached.process.pid)).toBe(true);
  process.kill(child, "SIGKILL");

  const second = await home.start(["sh", "-c", script]);
  const other = Number((await firstLine(second.detached))?.text);
  await home.host.sweep(second.owner);
  expect(await isGone(other)).toBe(true);
});

test("a sweep spares what it is told to", async () => {
  await using home = await makeHome();
  const script = "setsid sh -c 'echo $$; exec sleep 1000' & exec sleep 1000";
  const { detached, owner } = await home.start(["sh", "-c", script]);
  const child = Number((await firstLine(detached))?.text);
  const { pid } = detached.process;
  expect(await home.host.sweep(owner, (one) => one.ageMs > 3_600_000)).toBe(2);
  const second = await home.start(["sh", "-c", script]);
  const other = Number((await firstLine(second.detached))?.text);
  const spared = second.detached.process.pid;
  expect(await home.host.sweep(second.owner, (one) => one.session === spared)).toBe(1);
  expect(await second.detached.liveness()).toBe("alive");
  expect(await Promise.all([pid, child, other].map(isGone))).toEqual([true, true, true]);
});

test("a process that will not end on request is killed after the grace", async () => {
  await using home = await makeHome();
  const { detached } = await home.start([
    "sh",
    "-c",
    "trap '' TERM; echo ready; while :; do sleep 1; done",
  ]);
  await firstLine(detached);
  expect((await detached.terminate(50)).signal).toBe("SIGKILL");
});

test("a megabyte goes through the FIFO whole to a reader that sleeps first, and short lines keep their turn", async () => {
  await using home = await makeHome();
  const script = `setTimeout(() => {
    let all = "";
    process.stdin.setEncoding("utf8").on("data", (text) => {
      all += text;
      const lines = all.split("\\n");
      if (lines.length === 3) console.log(JSON.stringify(lines.map((line) => [line.length, line[0], line.at(-1)])));
    });
  }, 200);`;
  const { detached } = await home.start([node, "-e", script]);
  const writes = [detached.write("x".repeat(1_000_000) + "!"), detached.write("short")];
  expect(JSON.parse((await firstLine(detached))?.text ?? "")).toEqual([
    [1_000_001, "x", "!"],
    [5, "s", "t"],
    [0, null, null],
  ]);
  await Promise.all(writes);
});

test("a reader that never reads makes a write wait, and its death ends the waiting with a failure", async () => {
  await using home = await makeHome();
  const { detached } = await home.start(["sleep", "1000"]);
  const write = failureCode(detached.write("x".repeat(1_000_000)));
  await detached.signal("SIGKILL");
  expect(await write).toBe("backend_unavailable");
  expect(await failureCode(detached.write("again"))).toBe("backend_unavailable");
});

test("letting go ends reading and waiting writes, and harms nothing", async () => {
  await using home = await makeHome();
  const { detached } = await home.start(["sleep", "1000"]);
  const reading = until(detached.lines(0), () => false);
  const write = failureCode(detached.write("x".repeat(1_000_000)));
  await detached.close();
  await detached.close();
  expect(await reading).toEqual([]);
  expect(await write).toBe("backend_unavailable");
  expect(await detached.liveness()).toBe("alive");
});

test("an appended line is there within a few milliseconds", async () => {
  await using home = await makeHome();
  const { detached } = await home.start(echo);
  const lines = detached.lines(0)[Symbol.asyncIterator]();
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const begun = performance.now();
    await detached.write("ping");
    await lines.next();
    times.push(performance.now() - begun);
  }
  await lines.return?.(undefined);
  const median = times.toSorted((one, other) => one - other)[10] ?? Infinity;
  expect(median).toBeLessThan(25);
});

test("each failure to start has its own sentence, and leaves no process behind", async () => {
  await using home = await makeHome();
  const file = join(home.home, "file");
  await writeFile(file, "", { mode: 0o600 });
  const owner = { session: "ses_none", generation: 1 };
  const start = (argv: readonly [string, ...string[]], folder: string) =>
    failureCode(
      home.host.start({ dir: join(home.home, "d"), argv, env: { PATH: "/bin" }, folder, owner }),
    );
  expect(await start(["sleep", "1"], join(home.home, "nowhere"))).toBe("folder_not_found");
  expect(await start(["sleep", "1"], file)).toBe("folder_not_directory");
  expect(await start(["/no/such/program"], home.home)).toBe("backend_not_installed");
  expect(await start([file], home.home)).toBe("backend_not_installed");
  expect(await home.host.owners()).toEqual([]);
});

test("the spool of a dead process is read from where one stopped", async () => {
  await using home = await makeHome();
  const { detached, dir } = await home.start(["printf", "one\\ntwo\\nthree"]);
  await detached.exited;
  const all = await until(home.host.spool(dir, 0), () => false);
  expect(all.map((line) => line.text)).toEqual(["one", "two", "three"]);
  const rest = await until(home.host.spool(dir, all[0]?.end ?? 0), () => false);
  expect(rest.map((line) => line.text)).toEqual(["two", "three"]);
  await home.host.remove(dir);
  await home.host.remove(dir);
  expect(await until(home.host.spool(dir, 0), () => false)).toEqual([]);
});

test("the newest of stderr is told", async () => {
  await using home = await makeHome();
  const { detached } = await home.start(["sh", "-c", "echo first >&2; echo last >&2"]);
  await detached.exited;
  expect(await detached.errors(5)).toBe("last\n");
  expect(await detached.errors(1_000)).toBe("first\nlast\n");
});

test("a short command gives its output, its code, and is ended by the clock or the caller", async () => {
  await using home = await makeHome();
  const env = { PATH: process.env["PATH"] ?? "" };
  const run: typeof home.host.run = (argv, options) => home.host.run(argv, options);
  const cat = await run(["sh", "-c", "cat; echo oops >&2; exit 3"], {
    env,
    timeoutMs: 5_000,
    input: "hi",
  });
  expect(cat).toEqual({
    exitCode: 3,
    signal: null,
    stdout: "hi",
    stderr: "oops\n",
    timedOut: false,
  });
  const capped = await run(["sh", "-c", "yes | head -c 100000"], {
    env,
    timeoutMs: 5_000,
    maxBytes: 10,
  });
  expect(capped.stdout).toHaveLength(10);
  const slow = await run(["sh", "-c", "sleep 1000 & sleep 1000"], { env, timeoutMs: 50 });
  expect(slow).toMatchObject({ signal: "SIGKILL", timedOut: true });
  const given = AbortSignal.abort();
  expect((await run(["sleep", "1000"], { env, timeoutMs: 5_000, signal: given })).signal).toBe(
    "SIGKILL",
  );
  expect(await failureCode(run(["/no/such"], { env, timeoutMs: 50 }))).toBe("backend_unavailable");
});

test("folders and programs are told apart from what only looks like them", async () => {
  await using home = await makeHome();
  const { host } = home;
  await mkdir(join(home.home, "bin"));
  const program = join(home.home, "bin", "tool");
  await writeFile(program, "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(home.home, "bin", "text"), "", { mode: 0o644 });
  expect(await host.folder(home.home)).toBe("directory");
  expect(await host.folder(program)).toBe("file");
  expect(await host.folder(join(home.home, "nowhere"))).toBe("missing");
  expect(await host.folder(join(program, "below"))).toBe("missing");
  expect(await host.which("tool", `/nowhere:${join(home.home, "bin")}`)).toBe(program);
  expect(await host.which("text", join(home.home, "bin"))).toBeNull();
  expect(await host.which(program)).toBe(program);
  expect(await host.which("", "/bin")).toBeNull();
});
