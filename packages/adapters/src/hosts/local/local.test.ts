import { hostConformance } from "@skein/sdk/testkit/hosts";
import { expect, test } from "vitest";
import { makeHome } from "./home.testkit.ts";

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
