/** What only a terminal shows: colours, a spinner, the width. In tmux, on a socket of its own. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN, plainEnv } from "./run-skein.ts";
import { startStub, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

let daemon: StubDaemon;
let socket: string;
const held = Promise.withResolvers<void>();

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

/** Looks until it is there. A screen tells no one that it has changed, so it is looked at, up to ten seconds. */
const shown = async (what: RegExp): Promise<string> => {
  for (let look = 0; look < 200; look += 1) {
    const seen = screen();
    if (what.test(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not shown: ${String(what)}\n${screen()}`);
};

const type = (line: string) => {
  tmux("send-keys", "-t", "t", `clear; ${line}; echo end-$?`, "Enter");
};
const skein = (line: string) => `${process.execPath} ${MAIN} ${line}`;

test("colours on a terminal, none with NO_COLOR; lines are cut to the width", async () => {
  type(skein("list --state waiting"));
  const coloured = await shown(/end-0/);
  expect(coloured).toContain("\u001b[33mwaiting:approval");
  expect(coloured).toContain("…");
  type(`NO_COLOR=1 ${skein("list --state waiting")}`);
  await shown(/\n(?!.*\u001b\[33m)lux-mid/);
  expect(await shown(/end-0/)).not.toContain("\u001b[33m");
});

test("long work turns a spinner on stderr, which is gone when it is over", async () => {
  type(skein("stop fizz-top"));
  await shown(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* stopping/);
  held.resolve();
  const after = await shown(/end-0/);
  expect(after).toContain("Stopped session fizz-top");
  expect(after).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
});

test("what an agent said cannot repaint the screen", async () => {
  type(skein("last-message evil"));
  expect(await shown(/end-0/)).toContain("hello \\x1b]52;c;ZXZpbA==\\x07 \\u202egnp.exe \\x9b2J");
});

test("Ctrl-C ends a wait with 130 and says nothing", async () => {
  type(skein("wait waits-for-ever"));
  await shown(/waiting for waits-for-ever/);
  tmux("send-keys", "-t", "t", "C-c");
  const after = await shown(/end-130/);
  expect(after).not.toContain("skein:");
});
