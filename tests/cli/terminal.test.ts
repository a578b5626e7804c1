/** What only a terminal shows: colours, a spinner, the width. In tmux, on a socket of its own. */
import { execFileSync } from "node:child_process";
import { createReadStream, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN, plainEnv } from "./run-skein.ts";
import { startStub, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

let daemon: StubDaemon;
let socket: string;
const held = Promise.withResolvers<void>();
/** Resolves when something more has been written to the terminal: tmux pipes it here after it has drawn it. */
let changed = Promise.withResolvers<void>();

beforeAll(async () => {
  daemon = await startStub({
    ...worldAnswers,
    "sessions.stop": async (input) => {
      await held.promise;
      return worldAnswers["sessions.get"]!(input);
    },
    "sessions.wait": () => new Promise(() => undefined),
  });
  socket = join(daemon.home, "tmux");
  tmux("-f", "/dev/null", "new-session", "-d", "-x", "70", "-y", "30", "-s", "t", "sh");
  const output = join(daemon.home, "output");
  execFileSync("mkfifo", [output]);
  tmux("pipe-pane", "-t", "t", `exec cat > ${output}`);
  createReadStream(output).on("data", () => {
    changed.resolve();
    changed = Promise.withResolvers();
  });
});
afterAll(async () => {
  tmux("kill-server");
  await daemon.close();
  rmSync(daemon.home, { recursive: true, force: true });
});

const tmux = (...words: readonly string[]): string =>
  execFileSync("tmux", ["-S", socket, ...words], {
    encoding: "utf8",
    env: plainEnv(daemon.home),
    stdio: ["ignore", "pipe", "ignore"],
  });

/** The screen, with its colours as escape sequences; trailing blanks off. */
const screen = (): string => tmux("capture-pane", "-p", "-e", "-t", "t").trimEnd();

const PATIENCE_MS = 10_000;

/** Looks at the screen whenever it has changed, until it is there. */
const shown = async (what: RegExp): Promise<string> => {
  const over = AbortSignal.timeout(PATIENCE_MS);
  const ended = new Promise<void>((resolve) => over.addEventListener("abort", () => resolve()));
  while (!over.aborted) {
    const more = changed.promise;
    const seen = screen();
    if (what.test(seen)) return seen;
    await Promise.race([more, ended]);
  }
  throw new Error(`not shown: ${String(what)}\n${screen()}`);
};

/** Gives what the screen shows at the end: a word of this line alone, so that no earlier one is taken for it. */
const type = (line: string): ((exit: number) => RegExp) => {
  lines += 1;
  const word = `end-${lines}`;
  tmux("send-keys", "-t", "t", `clear; ${line}; echo ${word}-$?`, "Enter");
  return (exit) => new RegExp(`${word}-${exit}\\b`);
};
let lines = 0;
const skein = (line: string) => `${process.execPath} ${MAIN} ${line}`;

test("colours on a terminal, none with NO_COLOR; lines are cut to the width", async () => {
  const first = type(skein("list --state waiting"));
  const coloured = await shown(first(0));
  expect(coloured).toContain("\u001b[33mwaiting:approval");
  expect(coloured).toContain("…");
  const second = type(`NO_COLOR=1 ${skein("list --state waiting")}`);
  const plain = await shown(second(0));
  expect(plain).toContain("lux-mid");
  expect(plain).not.toContain("\u001b[33m");
});

test("long work turns a spinner on stderr, which is gone when it is over", async () => {
  const ended = type(skein("stop fizz-top"));
  await shown(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* stopping/);
  held.resolve();
  const after = await shown(ended(0));
  expect(after).toContain("Stopped session fizz-top");
  expect(after).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
});

test("what an agent said cannot repaint the screen", async () => {
  const ended = type(skein("last-message evil"));
  expect(await shown(ended(0))).toContain("hello \\x1b]52;c;ZXZpbA==\\x07 \\u202egnp.exe \\x9b2J");
});

test("Ctrl-C ends a wait with 130 and says nothing", async () => {
  const ended = type(skein("wait waits-for-ever"));
  await shown(/waiting for waits-for-ever/);
  tmux("send-keys", "-t", "t", "C-c");
  const after = await shown(ended(130));
  expect(after).not.toContain("skein:");
});
