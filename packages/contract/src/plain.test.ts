import { describe, expect, test } from "vitest";
import { z } from "zod";
import { plainly } from "./plain.ts";

const shape = z.strictObject({
  state: z.array(z.enum(["idle", "working"])).max(2),
  count: z.int().min(1).max(9),
  name: z
    .string()
    .min(1)
    .max(3)
    .regex(/^[a-z]*$/, "use letters"),
});
const right = { state: ["idle"], count: 1, name: "a" };

describe("an input that is not right is told of in plain words", () => {
  test.each([
    [{ state: ["foo"] }, "choose one of idle, working"],
    [{ state: "idle" }, "it must be a list"],
    [{ state: ["idle", "idle", "idle"] }, "it may be 2 of them at most"],
    [{ count: "one" }, "it must be a number"],
    [{ count: 1.5 }, "it must be a whole number"],
    [{ count: undefined }, "it is missing"],
    [{ count: 0 }, "it must be 1 at least"],
    [{ count: 10 }, "it may be 9 at most"],
    [{ name: "" }, "it must not be empty"],
    [{ name: "abcd" }, "it may be 3 characters at most"],
    [{ name: "A" }, "use letters"],
  ])("%j: %s", (wrong, said) => {
    const { error } = shape.safeParse({ ...right, ...wrong }, plainly);
    expect(error?.issues[0]?.message).toBe(said);
  });
});
