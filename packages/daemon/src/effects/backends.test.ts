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

it("finds tmux as terminals do, also where the login's PATH does not lead to it", async () => {
  const host = {
    environment: async () => ({ PATH: "/opt/bin" }),
    which: async (name: string, path: string) => (path === "/opt/bin" ? null : `/usr/bin/${name}`),
  };
  const backends = makeBackends({
    drivers: [],
    host: "cloud",
    settings: async () => ({ command: null, env: { PATH: "/opt/bin" }, models: [] }),
    base: () => ({ host }),
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof makeBackends>[0]);
  const find = async (program: string) =>
    (await backends.context({ ...driver(program, async () => nothing), program })).command;
  expect([await find("tmux"), await find("claude")]).toEqual([["/usr/bin/tmux"], null]);
});

/** What is said of `codex` on a host that has these programs, where the configuration names this command. */
const remedyOn = async (
  host: string,
  command: readonly string[],
  told: Partial<ProbeResult> = {},
): Promise<string | null | undefined> => {
  const which = async (name: string) => (name === "/opt/codex" ? name : null);
  const backends = makeBackends({
    drivers: [{ ...driver("codex", async () => ({ ...nothing, ...told })), title: "Codex" }],
    host,
    settings: async () => ({ command, env: {}, models: [] }),
    base: () => ({ host: { id: host, which } }),
    clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
    record: async () => undefined,
    recorded: async () => null,
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof makeBackends>[0]);
  return (await backends.list())[0]?.remedy;
};

it("says of a program that the configuration names and that is not there where it names it", async () => {
  const named = "The configuration names /opt/none, which is no program";
  expect(await remedyOn("local", ["/opt/none"])).toBe(
    `${named} here: correct backends.codex.command in config.json5.`,
  );
  expect(await remedyOn("cloud", ["/opt/none"])).toBe(
    `${named} on cloud: correct hosts.cloud.backends.codex.command in config.json5.`,
  );
});

it("says of a program that is there and is another one that it is there", async () => {
  expect(await remedyOn("local", ["/opt/codex"], { command: "/opt/codex" })).toBe(
    "The configuration names /opt/codex, which is there, but does not answer as Codex does: correct backends.codex.command in config.json5.",
  );
});

it("says of a command line where a program is meant how it is written", async () => {
  expect(await remedyOn("local", ["/opt/codex --search"])).toBe(
    'The configuration names /opt/codex --search, which is no program here: write it and its words as a list, ["PROGRAM", "WORD"], in backends.codex.command in config.json5.',
  );
  expect(await remedyOn("local", ["/opt/none --search"])).toMatch(/ here: correct /);
});
