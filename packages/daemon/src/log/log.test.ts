import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLog } from "./log.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

const source = fileURLToPath(new URL("./log.ts", import.meta.url));

/** Runs a few lines with the log's door at hand, as a process of their own: it is the end of one that matters. */
const runScript = (lines: string) =>
  promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    `import { openLog } from ${JSON.stringify(source)};\n${lines}`,
  ]);

test("a file that cannot be opened ends nobody, whether lines are written or not", async () => {
  const file = join(folder, "missing", "daemon.log");
  const { stderr } = await runScript(
    `const { log, close } = openLog(${JSON.stringify(file)}, "info"); log("info", "lost"); close(); process.exit(0);`,
  );
  expect(stderr).toBe("");
});

test("what was written is on the disk when the log is closed; secrets are not", async () => {
  const file = join(folder, "daemon.log");
  const { log, close } = openLog(file, "info");
  log("info", "hello", { token: "skein_abc", session: "ses_1" });
  log("debug", "too quiet");
  close();
  const text = await readFile(file, "utf8");
  expect(text).toContain('"msg":"hello"');
  expect(text).toContain("ses_1");
  expect(text).not.toContain("skein_abc");
  expect(text).not.toContain("too quiet");
});

test("a file that has grown too large is put aside, and no line is lost", async () => {
  const file = join(folder, "daemon.log");
  const { log, close } = openLog(file, "info");
  const body = "x".repeat(11_000);
  const write = (from: number, to: number): void => {
    for (let number = from; number < to; number++) log("info", "line", { number, body });
  };
  write(0, 999);
  // The size that is looked at every thousand lines is that of the disk.
  await expect.poll(async () => (await stat(file)).size).toBeGreaterThan(10_900_000);
  write(999, 1_500);
  close();
  const [old, now] = await Promise.all([readFile(`${file}.1`, "utf8"), readFile(file, "utf8")]);
  const numbers = (text: string) =>
    [...text.matchAll(/"number":(\d+)/g)].map((one) => Number(one[1]));
  expect([...numbers(old), ...numbers(now)]).toEqual(Array.from({ length: 1_500 }, (_, at) => at));
});

test("a line that comes after the log was closed is dropped", async () => {
  const file = join(folder, "daemon.log");
  const { log, close } = openLog(file, "info");
  log("info", "in time");
  close();
  expect(() => log("info", "too late")).not.toThrow();
  expect(await readFile(file, "utf8")).not.toContain("too late");
});
