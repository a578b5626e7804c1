/** The stand-in, by its command line and its wire alone. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "main.ts");
type Line = Readonly<Record<string, unknown>>;

const wire = ["-p", "--output-format", "stream-json", "--input-format", "stream-json", "--verbose"];
const id = "0b1c2d3e-0000-4000-8000-00000000000a";

const makeFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "skein-fake-claude-"));
  const env = {
    PATH: process.env["PATH"],
    CLAUDE_CONFIG_DIR: join(folder, "config"),
    ANTHROPIC_API_KEY: "sk-fake",
  };
  const once = (args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: folder,
      env,
      encoding: "utf8",
      input: "",
    });
  const open = (args: readonly string[]) => {
    const child = spawn(process.execPath, [program, ...wire, ...args], {
      cwd: folder,
      env,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      child,
      send: (line: object): boolean => child.stdin.write(`${JSON.stringify(line)}\n`),
      user: (text: string, uuid: string): boolean =>
        child.stdin.write(
          `${JSON.stringify({ type: "user", uuid, message: { role: "user", content: text } })}\n`,
        ),
      until: async (passes: (line: Line) => boolean): Promise<readonly Line[]> => {
        const seen: Line[] = [];
        for (;;) {
          const { value, done } = await lines.next();
          if (done) throw new Error(`it ended after ${JSON.stringify(seen)}`);
          const line = JSON.parse(value) as Line;
          seen.push(line);
          if (passes(line)) return seen;
        }
      },
    };
  };
  return {
    folder,
    once,
    open,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

const isResult = (line: Line): boolean => line["type"] === "result";

test("it has a version, and refuses what the real one refuses in the same words", async () => {
  await using place = await makeFolder();
  expect(place.once(["--version"]).stdout).toBe("2.1.197 (Claude Code)\n");
  const refused = (args: readonly string[]) => {
    const { status, stderr } = place.once(args);
    return [status, stderr.trim()];
  };
  expect(refused([...wire, "--session-id", "x"])).toEqual([
    1,
    "Error: Invalid session ID. Must be a valid UUID.",
  ]);
  expect(refused([...wire, "--resume", id])).toEqual([
    1,
    `No conversation found with session ID: ${id}`,
  ]);
  expect(refused([...wire, "--permission-mode", "zzz"])[1]).toContain(
    "Allowed choices are acceptEdits",
  );
});

test("a uuid that was seen is echoed and not run again, not even by the process that resumes", async () => {
  await using place = await makeFolder();
  const first = place.open(["--session-id", id]);
  first.user("COUNT", "u-1");
  const lines = await first.until(isResult);
  expect(
    lines.map((line) => line["subtype"] ?? line["type"]).filter((type) => type !== "stream_event"),
  ).toEqual(["init", "status", "user", "assistant", "success"]);
  first.user("COUNT", "u-1");
  expect((await first.until((line) => line["isReplay"] === true)).at(-1)).not.toHaveProperty(
    "timestamp",
  );
  first.child.kill("SIGKILL");
  expect(place.once([...wire, "--session-id", id]).stderr).toContain("is already in use");

  const second = place.open(["--resume", id]);
  second.user("COUNT", "u-1");
  second.user("COUNT", "u-2");
  const result = (await second.until(isResult)).at(-1);
  expect(result).toMatchObject({ result: "2", total_cost_usd: 0.0065375 });
  second.child.kill("SIGKILL");
});

test("a line that is no JSON ends it, an empty one does not", async () => {
  await using place = await makeFolder();
  const one = place.open(["--session-id", id]);
  one.child.stdin.write("\n\n");
  one.user("PONG", "u");
  await one.until(isResult);
  const code = new Promise((resolve) => one.child.once("exit", resolve));
  one.child.stdin.write("{half\n");
  expect(await code).toBe(1);
});
