/**
 * Points where a test ends the daemon as a power switch would. Set by SKEIN_FAILPOINT=name:side:hit (the n-th time it is
 * passed) or name:side:hit:FILE (the n-th time once that file is there, so that a test can wait until the daemon is at
 * rest); without it nothing of this runs.
 */
import { existsSync } from "node:fs";
import type { Detached, Host } from "@skein/sdk";
import type { Failpoint, FailpointName } from "../engine/ports.ts";

export const noFailpoint: Failpoint = () => {};

/** `kill` ends the process at once; it must not return. */
export const makeFailpoint = (setting: string | undefined, kill: () => void): Failpoint => {
  if (setting === undefined || setting === "") return noFailpoint;
  const [name, side, hit = "1", ...rest] = setting.split(":");
  const file = rest.join(":");
  let left = Number(hit);
  return (passed, passedSide) => {
    if (passed !== name || passedSide !== side) return;
    if (file !== "" && !existsSync(file)) return;
    left--;
    if (left === 0) kill();
  };
};

const around = async <T>(
  failpoint: Failpoint,
  name: FailpointName,
  act: () => Promise<T>,
): Promise<T> => {
  failpoint(name, "before");
  const result = await act();
  failpoint(name, "after");
  return result;
};

const watched = (detached: Detached, failpoint: Failpoint): Detached => ({
  ...detached,
  write: (line) => around(failpoint, "fifo.write", () => detached.write(line)),
  lines: async function* (from) {
    for await (const line of detached.lines(from)) {
      failpoint("spool.read", "before");
      yield line;
      failpoint("spool.read", "after");
    }
  },
});

/** A host whose spawns, FIFO writes and spool reads can be made to end the daemon. */
export const withFailpoints = (host: Host, failpoint: Failpoint): Host =>
  failpoint === noFailpoint
    ? host
    : {
        ...host,
        start: (spec) =>
          around(failpoint, "spawn", async () => watched(await host.start(spec), failpoint)),
        adopt: async (dir, owner) => {
          const found = await host.adopt(dir, owner);
          return found === null ? null : watched(found, failpoint);
        },
      };
