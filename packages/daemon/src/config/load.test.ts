import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Refusal } from "@skein/contract";
import { loadConfig } from "./load.ts";

/** A driver that there is, and one that makes an agent of every id that begins as its own. */
const agents = (configured: readonly string[]): readonly string[] => [
  "codex",
  ...configured.filter((id) => id.startsWith("acp:")),
];

describe("the configuration", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "skein-config-"));
    file = join(folder, "config.json5");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const refusal = (text: string): Refusal => {
    writeFileSync(file, text);
    try {
      loadConfig(file, agents);
    } catch (error) {
      return error as Refusal;
    }
    throw new Error("it was accepted");
  };

  test("is all defaults when there is no file", () => {
    const config = loadConfig(file, agents);
    expect(config.server.port).toBe(8765);
    expect(config.sessions.idleMinutes).toBe(30);
    expect(config.backends).toEqual({});
  });

  test("keeps the defaults of what a section leaves out, and takes comments", () => {
    writeFileSync(
      file,
      "{ // mine\n sessions: { idleMinutes: 0 }, backends: { codex: { command: ['codex', '-c', 'x=1'] } } }",
    );
    const config = loadConfig(file, agents);
    expect([config.sessions.idleMinutes, config.sessions.silenceMinutes]).toEqual([0, 2]);
    expect(config.backends["codex"]?.command).toEqual(["codex", "-c", "x=1"]);
  });

  test("names the nearest known key for one that it does not know, at the top and deep inside", () => {
    expect(refusal("{ sesions: {} }").problem).toMatchObject({
      message: expect.stringContaining("sesions"),
      remedy: "Did you mean sessions?",
    });
    expect(refusal("{ backends: { codex: { comand: 'x' } } }").problem.remedy).toBe(
      "Did you mean command?",
    );
    expect(refusal("{ server: { zzzzzz: 1 } }").problem.remedy).toBe(
      "Known there: host, port, allowedHosts, allowedOrigins.",
    );
  });

  test("has a section for each agent that a driver knows, and for no other", () => {
    writeFileSync(
      file,
      "{ backends: { codex: { models: ['m'] }, 'acp:mine': { command: 'mine' } } }",
    );
    expect(loadConfig(file, agents).backends).toEqual({
      codex: { env: {}, models: ["m"] },
      "acp:mine": { command: "mine", env: {}, models: [] },
    });
    expect(refusal("{ backends: { codx: {} } }").problem).toMatchObject({
      message: expect.stringContaining("codx is no setting in backends."),
      remedy: "Did you mean codex?",
    });
  });

  test("is refused whole when it is broken: not JSON5, a wrong type, a file that cannot be read", () => {
    expect(refusal("{ server: ").problem.message).toContain("not JSON5");
    expect(refusal("{ server: { port: 'x' } }").problem.message).toContain("server.port");
    expect(refusal("[]").problem.message).toContain("The file");
    expect(() => loadConfig(folder, agents)).toThrow(/cannot be read/);
  });
});
