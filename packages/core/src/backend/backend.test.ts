import type { Backend } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { decideBackend, evolveBackend } from "./backend.ts";

const found = (over: Partial<Backend> = {}): Backend => ({
  id: "codex",
  host: "local",
  title: "Codex",
  found: true,
  command: "codex",
  version: "1.0.0",
  login: "api-key",
  loginDetail: null,
  models: [],
  modelsSource: "asked",
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  interfaces: ["protocol"],
  remedy: null,
  checkedAt: "2026-03-01T08:00:00.000Z",
  ...over,
});

describe("what is found of an agent", () => {
  test("is recorded the first time", () => {
    const { events } = decideBackend(null, { type: "observe", backend: found() });
    expect(events).toEqual([{ type: "backend.checked", data: { backend: found() } }]);
    expect(events.reduce<Backend | null>(evolveBackend, null)).toEqual(found());
  });

  test("is no news when only the time has changed", () => {
    const backend = found({ checkedAt: "2026-03-02T08:00:00.000Z" });
    expect(decideBackend(found(), { type: "observe", backend }).events).toEqual([]);
  });

  test("is news when anything else has", () => {
    const backend = found({ version: "1.0.1" });
    expect(decideBackend(found(), { type: "observe", backend }).events.length).toBe(1);
  });
});
