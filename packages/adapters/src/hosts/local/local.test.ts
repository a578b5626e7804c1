import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isAdapterFailure } from "@skein/sdk";
import { hostConformance } from "@skein/sdk/testkit/hosts";
import { expect, test } from "vitest";
import { makeHome } from "./home.testkit.ts";
import { makePsProcesses } from "./processes-ps.ts";

hostConformance("this machine", { make: makeHome, witnesses: true });

const echo = [
  process.execPath,
  "-e",
  `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(line));`,
] as const;

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

test("a process in the middle of an exec is still its owner's", { timeout: 60_000 }, async () => {
  await using home = await makeHome();
  // It does nothing but become itself again; a hundred thousand times, should nobody end it.
  const script = `[ "$1" -lt 100000 ] && exec sh -c "$0" "$0" $(($1 + 1))`;
  const { detached } = await home.start(["sh", "-c", script, script, "0"]);
  for (let look = 0; look < 150; look += 1)
    expect((await home.host.owners()).flatMap((one) => one.pids)).toEqual([detached.process.pid]);
  await detached.terminate(0);
});

test("what `spawn` refuses at once is told like what it tells later", async () => {
  await using home = await makeHome();
  const start = (argv: readonly [string, ...string[]], env = {}) =>
    home.start(argv, env).then(
      () => "it was started",
      (error: unknown) =>
        isAdapterFailure(error) ? error.message : `no failure: ${String(error)}`,
    );
  expect(await start(["/etc/passwd/x"])).toMatch(/^\/etc\/passwd\/x could not be started: /);
  const long = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [`N${at}`, "x".repeat(120_000)]),
  );
  expect(await start(["true"], long)).toBe("The arguments and environment for true are too long.");
  const options = { env: {}, timeoutMs: 20_000 };
  const ran = await home.host.run(["/etc/passwd/x"], options).catch((error: unknown) => error);
  expect(isAdapterFailure(ran)).toBe(true);
});

test("the end of a process is told though its spool was removed", async () => {
  await using home = await makeHome();
  const { detached, dir } = await home.start(["sleep", "1000"]);
  await rm(join(dir, "out"));
  const lines = Array.fromAsync(detached.lines(0));
  await detached.terminate(0);
  expect(await lines).toEqual([]);
});

test("ps tells the same of a process as long as it lives, and nothing of a dead one", async () => {
  await using home = await makeHome();
  const ps = makePsProcesses();
  const { detached } = await home.start(["sleep", "1000"]);
  const { pid } = detached.process;
  const stat = (await ps.stat(pid))!;
  expect(stat).toMatchObject({ pid, group: pid });
  expect(await ps.age(stat)).toBeLessThan(60_000);
  expect(await ps.alive([pid, process.pid])).toEqual(expect.arrayContaining([pid, process.pid]));
  await detached.terminate(0);
  expect(await ps.stat(pid)).toBeNull();
  expect(await ps.alive([pid, process.pid])).toEqual([process.pid]);
});
