import { describe, expect, test } from "vitest";
import { checkNode } from "./machine.ts";
import { inShell } from "./finding.ts";
import { sessionIn } from "./leftovers.ts";
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
  const environ = (home: string) => `PATH=/bin\0SKEIN_HOME=${home}\0SKEIN_SESSION=ses_1\0`;
  expect(sessionIn(environ("/home/me/.skein"), "/home/me/.skein")).toBe("ses_1");
  expect(sessionIn(environ("/home/me/.skein2"), "/home/me/.skein")).toBeUndefined();
  expect(sessionIn("X=SKEIN_HOME=/h\0SKEIN_SESSION=s\0", "/h")).toBeUndefined();
  const bytes = Buffer.from(environ("/home/mé"), "utf8").toString("latin1");
  expect(sessionIn(bytes, "/home/mé")).toBe("ses_1");
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
