import { isRefusal } from "@skein/contract";
import { expect, test } from "vitest";
import { admitBackend, admitFolder, admitProgram, awayWords } from "./admission.ts";

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

const folders = (id: string, found: "file" | "missing" | "unreadable") => ({
  id,
  folder: async () => found,
});

test("a folder that will not do is said with its host, where that is not this machine", async () => {
  const said = (id: string, found: "file" | "missing" | "unreadable") =>
    admitFolder(folders(id, found), "/x").catch((error: Error) => error.message);
  expect(await said("local", "missing")).toBe("There is no folder /x.");
  expect(await said("cloud", "missing")).toBe("There is no folder /x on cloud.");
  expect(await said("cloud", "file")).toBe("/x is a file on cloud.");
  expect(await said("cloud", "unreadable")).toBe("The folder /x cannot be read on cloud.");
});

test("an agent that is not there is said with its host, and with where its program is named", async () => {
  const said = async (host: string, remedy: string | null): Promise<unknown> => {
    const one = { id: "codex", host, title: "Codex", found: false, login: "unknown", remedy };
    const port = { ids: ["codex"], get: async () => one, refresh: async () => [one] };
    const asked = admitBackend(port as unknown as Parameters<typeof admitBackend>[0], "codex");
    const error: unknown = await asked.catch((refused: unknown) => refused);
    return isRefusal(error) ? [error.problem.message, error.problem.remedy] : error;
  };
  const install = "Install it, or name its path in config.json5.";
  expect(await said("local", install)).toEqual(["Codex is not installed.", install]);
  const there = "(hosts.cloud.backends.codex.command).";
  expect(await said("cloud", install)).toEqual([
    "Codex is not installed on cloud.",
    `Install it, or name its path in config.json5 ${there}`,
  ]);
  expect(await said("local", null)).toEqual([
    "Codex is not installed.",
    "Install it, or name its program in config.json5 (backends.codex.command).",
  ]);
});
