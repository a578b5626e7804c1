import type { AgentDriver, ProbeResult } from "@skein/sdk";
import { expect, it } from "vitest";
import { makeBackends } from "./backends.ts";

const nothing: ProbeResult = {
  found: false,
  command: null,
  version: null,
  login: "unknown",
  loginDetail: null,
  models: [],
  modelsSource: "known-list",
  remedy: null,
};

const driver = (id: string, probe: () => Promise<ProbeResult>): AgentDriver =>
  ({
    id,
    title: id,
    program: id,
    envPrefixes: [],
    interfaces: ["protocol"],
    probe,
  }) as unknown as AgentDriver;

it("is settled when every agent that was being asked is done, though one has failed before", async () => {
  const slow = Promise.withResolvers<ProbeResult>();
  const backends = makeBackends({
    drivers: [
      driver("bad", () => Promise.reject(new Error("no"))),
      driver("slow", () => slow.promise),
    ],
    host: "local",
    settings: async () => ({ command: null, env: {}, models: [] }),
    base: () => ({ host: { which: async () => null } }),
    clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
    record: async () => undefined,
    recorded: async () => null,
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof makeBackends>[0]);
  await expect(backends.list()).rejects.toThrow("no");
  let settled = false;
  const waiting = backends.settled().then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  slow.resolve(nothing);
  await waiting;
  expect(settled).toBe(true);
});
