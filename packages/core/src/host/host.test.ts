import type { HostCheck } from "@skein/contract";
import { describe, expect, test } from "vitest";
import type { Context } from "../decision.ts";
import { decideHost, evolveHost, type HostInput, type HostState } from "./host.ts";

const now = "2026-03-01T08:00:00.000Z";
const context: Context = { now, actor: "me", id: () => "", taken: () => false };

const check = (over: Partial<HostCheck> = {}): HostCheck => ({
  checkedAt: now,
  system: "Linux x86_64",
  latencyMs: 12,
  tmux: { found: true, version: "3.5a" },
  git: { found: true, version: "2.47.3" },
  containers: { engine: null, version: null },
  agents: [],
  clockSkewMs: 0,
  freeBytes: 1,
  warnings: [],
  ...over,
});

const add = (host = "cloud"): HostInput => ({
  type: "add",
  host,
  home: "/home/me/.skein-here",
  check: check(),
});

const play = (...inputs: readonly HostInput[]) => {
  let state: HostState | null = null;
  let last: ReturnType<typeof decideHost> | null = null;
  for (const input of inputs) {
    last = decideHost(state, input, context);
    if (last.ok) for (const event of last.events) state = evolveHost(state, event, now);
  }
  return { state: state as HostState | null, code: last?.ok === false ? last.problem.code : null };
};

describe("a host", () => {
  test("that is added is there, with what was found on it", () => {
    expect(play(add()).state).toEqual({
      name: "cloud",
      home: "/home/me/.skein-here",
      check: check(),
      addedAt: now,
      removedAt: null,
    });
  });

  test("is added once, and again after it was removed", () => {
    expect(play(add(), add()).code).toBe("host_known");
    const again = play(add(), { type: "remove", host: "cloud" }, add());
    expect(again.code).toBeNull();
    expect(again.state?.removedAt).toBeNull();
  });

  test("that is removed, or was never added, is neither checked nor removed", () => {
    const gone = { type: "remove", host: "cloud" } as const;
    for (const first of [[], [add(), gone]] as const) {
      expect(play(...first, gone).code).toBe("host_unknown");
      expect(play(...first, { type: "check", host: "cloud", check: check() }).code).toBe(
        "host_unknown",
      );
    }
  });

  test("that is checked again keeps the newest", () => {
    const newer = check({ latencyMs: 99 });
    const { state } = play(add(), { type: "check", host: "cloud", check: newer });
    expect(state?.check).toEqual(newer);
    expect(state?.home).toBe("/home/me/.skein-here");
  });

  test("local is there without being added, and stays", () => {
    expect(play(add("local")).code).toBe("host_known");
    expect(play({ type: "remove", host: "local" }).code).toBe("host_in_use");
    const { state } = play({ type: "check", host: "local", check: check() });
    expect(state).toMatchObject({ name: "local", check: check() });
  });
});
