import { expect, test } from "vitest";
import { Program } from "./session.ts";

test("an argument with a NUL in it is refused: no process could be given it", () => {
  expect(Program.safeParse({ argv: ["printf", "a b"] }).success).toBe(true);
  expect(Program.safeParse({ argv: ["printf", "a\0b"] }).error?.issues[0]?.message).toBe(
    "no argument can hold a NUL character",
  );
});
