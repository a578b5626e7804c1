/** What the tests of this room share: a real clock and a home of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_PATH, systemClock } from "@skein/sdk";
import { makeHostWorld, type HostWorld } from "@skein/sdk/testkit";
import { makeLocalHost } from "./local.ts";

/** A state folder and a host on it. Disposed: everything that carries its marks is ended, and the folder removed. */
export const makeHome = async (): Promise<HostWorld> => {
  const home = await mkdtemp(join(tmpdir(), "skein-host-"));
  const make = () =>
    makeLocalHost({
      home,
      clock: systemClock,
      env: { PATH: SYSTEM_PATH, HOME: homedir() },
    });
  return makeHostWorld({
    host: make(),
    another: async () => make(),
    end: () => rm(home, { recursive: true, force: true }),
  });
};
