import type { BackendContext, Detached, Host } from "@skein/sdk";
import { noTerminals } from "@skein/sdk/testkit";
import { expect, it } from "vitest";
import { probeCodex } from "./probe.ts";

/** Ends while the first question is still on its way to it. */
const dying = (): Detached => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const exit = { exitCode: 1, signal: null, witnessed: true };
  return {
    process: { pid: 1, started: "1" },
    exited: new Promise(() => undefined),
    write: async () => {
      asked.resolve();
      await ended.promise;
      // A turn of the loop later, as a write to a pipe that nobody reads.
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("the line was not written");
    },
    async *lines() {
      await asked.promise;
      yield { text: "not JSON", cut: false, end: 9 };
      ended.resolve();
    },
    errors: async () => "",
    liveness: async () => "dead",
    signal: async () => undefined,
    terminate: async () => exit,
    close: async () => undefined,
  };
};

const ran = { exitCode: 0, signal: null, stdout: "codex-cli 0.169.0", stderr: "", timedOut: false };

it("a server that ends while it is asked is a finding, and no rejection that nobody handles", async () => {
  const host = {
    run: async () => ran,
    sweep: async () => 0,
    remove: async () => undefined,
    start: async () => dying(),
  } as unknown as Host;
  const backend: BackendContext = {
    host,
    terminals: noTerminals,
    clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
    command: ["codex"],
    env: {},
    dir: "/nowhere",
    home: "/nowhere",
    version: "0.0.0-test",
    timing: { startMs: 1_000, graceMs: 0 },
    log: () => undefined,
  };
  const found = await probeCodex(backend, new AbortController().signal);
  expect(found).toMatchObject({ found: true, version: "0.169.0", modelsSource: "known-list" });
});
