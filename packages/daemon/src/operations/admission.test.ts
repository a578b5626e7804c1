import { isRefusal } from "@skein/contract";
import { expect, test } from "vitest";
import { admitProgram, awayWords } from "./admission.ts";

/** That a driver declares it, under whatever id, is all that counts. */
const backends = { takingProgram: ["looker"] };
const program = { argv: ["vi"], quietMs: 2_000 };

const refusal = (input: Parameters<typeof admitProgram>[1]): unknown => {
  try {
    return admitProgram(backends, input);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.problem;
  }
};

test("a backend that takes a program needs one, and its sessions never ask", () => {
  expect(admitProgram(backends, { backend: "looker", program })).toBe("full");
  expect(refusal({ backend: "looker" })).toMatchObject({
    message: "A session of the backend looker needs the program that runs in it.",
    remedy: "Give program with the backend looker, and with no other.",
  });
  expect(refusal({ backend: "looker", program, permissions: "guarded" })).toMatchObject({
    code: "invalid_input",
  });
});

test("any other chooses its own, and asks by default", () => {
  expect(admitProgram(backends, { backend: "terminal" })).toBe("guarded");
  expect(refusal({ backend: "terminal", program })).toMatchObject({
    message: "terminal chooses its own program.",
  });
});

test("that a host does not answer is said once, with since when, and with a reason that says more", () => {
  const since = "2026-11-20T10:00:00.000Z";
  expect(awayWords("cloud", { since, reason: "cloud does not answer." })).toBe(
    `cloud does not answer (since ${since}).`,
  );
  const reason = "cloud refuses the connection.";
  expect(awayWords("cloud", { since, reason })).toBe(
    `cloud does not answer (since ${since}): ${reason}`,
  );
});
