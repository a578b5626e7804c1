/** A scenario's agents on the far side of ssh: a real sshd on loopback, with a home folder of its own. */
import { startSshd, type SshdOptions } from "@skein/sdk/testkit";
import type { FarHost } from "../scenarios/house.ts";
import type { Fixture } from "../scenarios/stage.ts";

export const openFar = async (options: SshdOptions = {}): Promise<FarHost> => {
  const sshd = await startSshd(options);
  return {
    name: sshd.name,
    config: sshd.config,
    close: () => sshd[Symbol.asyncDispose](),
  };
};

/** The same agent, somewhere else. */
export const overSsh = (fixture: Fixture): Fixture => ({
  ...fixture,
  far: () => openFar({ env: { LANG: "C.UTF-8" } }),
});
