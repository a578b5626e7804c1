import type { Session } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { checkNode } from "./machine.ts";
import { inShell } from "./finding.ts";
import { isOfThisLife, marksIn } from "./leftovers.ts";
import { holderIn } from "./lock.ts";

describe("holderIn", () => {
  // As Linux 6.1 prints them.
  const locks = [
    "1: POSIX  ADVISORY  WRITE 4242 08:01:1311 1073741824 1073741824",
    "1: -> POSIX  ADVISORY  WRITE 777 08:01:1312 0 EOF",
    "2: FLOCK  ADVISORY  WRITE 99 00:1a:1312 0 EOF",
    "3: OFDLCK ADVISORY  READ -1 00:1a:5 0 EOF",
    "",
  ].join("\n");

  test("finds who holds, not who waits", () => {
    expect(holderIn(locks, new Set([1311]))).toBe(4242);
    expect(holderIn(locks, new Set([1312]))).toBe(99);
  });

  test("nobody: no such file, no process told, no text", () => {
    expect(holderIn(locks, new Set([131]))).toBeNull();
    expect(holderIn(locks, new Set([5]))).toBeNull();
    expect(holderIn("", new Set([1311]))).toBeNull();
  });
});

test("a process belongs to a state folder only when it is exactly that folder", () => {
  const environ = (home: string) =>
    `PATH=/bin\0SKEIN_HOME=${home}\0SKEIN_SESSION=ses_1\0SKEIN_GENERATION=3\0`;
  expect(marksIn(environ("/home/me/.skein"), "/home/me/.skein")).toEqual({
    session: "ses_1",
    generation: 3,
  });
  expect(marksIn(environ("/home/me/.skein2"), "/home/me/.skein")).toBeUndefined();
  expect(marksIn("X=SKEIN_HOME=/h\0SKEIN_SESSION=s\0", "/h")).toBeUndefined();
  const bytes = Buffer.from(environ("/home/mé"), "utf8").toString("latin1");
  expect(marksIn(bytes, "/home/mé")).toEqual({ session: "ses_1", generation: 3 });
});

test.each([
  [2, "idle", false],
  [3, "idle", true],
  [3, "lost", true],
  [3, "stopped", false],
  [3, "failed", false],
  [4, "idle", false],
])("generation %i of a session at 3, %s: of this life is %s", (generation, state, expected) => {
  const session = { generation: 3, status: { state } } as Session;
  expect(isOfThisLife({ session: "ses_1", generation }, session)).toBe(expected);
  expect(isOfThisLife({ session: "ses_1", generation }, undefined)).toBe(false);
});

test("a path in a fix can be pasted into a shell", () => {
  expect(inShell("/home/me/.skein")).toBe("/home/me/.skein");
  expect(inShell("/home/o'neil $(x)")).toBe("'/home/o'\\''neil $(x)'");
});

test("Node: too old fails, untested warns", () => {
  expect(["20.19.0", "24.0.0", "26.10.0"].map((each) => checkNode(each).level)).toEqual([
    "fail",
    "warn",
    "ok",
  ]);
});
