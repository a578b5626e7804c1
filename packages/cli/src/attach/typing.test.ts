import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TerminalConnection } from "@skein/client/terminal";
import type { Tty } from "./tty.ts";
import { typeInto } from "./typing.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** What arrives in a terminal of what a person's window sends, and what they are told. */
const typing = () => {
  const stdin = Object.assign(new EventEmitter(), { resume: () => {}, pause: () => {} });
  const [typed, told]: [string[], (string | null)[]] = [[], []];
  let isClosed = false;
  const terminal = {
    input: async (bytes: Uint8Array) => (typed.push(Buffer.from(bytes).toString()), "typed"),
    paste: async (text: string) => (typed.push(`paste:${text}`), "typed"),
    close: () => void (isClosed = true),
  } as unknown as TerminalConnection;
  const listener = {
    say: (notice: string | null) => void told.push(notice),
    hasEnded: () => false,
  };
  const stop = typeInto(terminal, { stdin } as unknown as Tty, "\x1c\x1c", listener);
  const comes = (text: string): void => void stdin.emit("data", Buffer.from(text, "latin1"));
  return { comes, typed, told, stop, isClosed: () => isClosed };
};

test("the rest of a paste that stalled is not typed, whatever its lines say, and what is typed behind it is", () => {
  const { comes, typed, told, stop } = typing();
  comes("a\x1b[200~echo one\r");
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([expect.stringMatching(/^A paste broke off/)]);
  comes("echo two\rrm -r x\r");
  vi.advanceTimersByTime(4_000);
  comes("echo three\r\x1b[20");
  vi.advanceTimersByTime(4_000);
  comes("1~b");
  expect(typed).toEqual(["a", "b"]);
  comes("\x1b[200~whole\x1b[201~");
  expect(typed).toEqual(["a", "b", "paste:whole"]);
  expect(told.filter((notice) => notice !== null)).toHaveLength(1);
  stop();
});

test("where the end of such a paste never comes, a pause ends it; who wants to leave need not wait", () => {
  const { comes, typed, stop, isClosed } = typing();
  comes("\x1b[200~echo one\r");
  vi.advanceTimersByTime(10_000);
  comes("x");
  vi.advanceTimersByTime(5_000);
  comes("y");
  expect(typed).toEqual(["y"]);
  comes("\x1b[200~echo two\r");
  vi.advanceTimersByTime(10_000);
  comes("\x1c\x1c");
  expect([typed, isClosed()]).toEqual([["y"], true]);
  stop();
});
