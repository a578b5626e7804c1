/** What the tests of this room share: a real sshd, and hosts on it. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_PATH, systemClock } from "@skein/sdk";
import {
  makeHostWorld,
  startSshd,
  type HostWorld,
  type Sshd,
  type SshdOptions,
} from "@skein/sdk/testkit";
import { makeSshHost, type SshHost } from "./ssh.ts";

export const systemEnv = { PATH: SYSTEM_PATH };

export type FarWorld = HostWorld & {
  readonly host: SshHost;
  /** Part of the arguments of every ssh of this world, and of no other. */
  readonly run: string;
};

let homes = 0;

/** A daemon's folder on that machine, and the host as this daemon has it. Disposed: hosts closed, processes ended. */
export const makeFar = async (sshd: Sshd): Promise<FarWorld> => {
  const run = await mkdtemp(join(tmpdir(), "skein-run-"));
  const home = join(sshd.home, ".skein", "far", String((homes += 1)));
  await mkdir(home, { recursive: true, mode: 0o700 });
  const hosts: SshHost[] = [];
  const make = (): SshHost => {
    const host = makeSshHost({
      name: sshd.name,
      home,
      // Each daemon has its own, as if the one before were dead.
      run: join(run, String(hosts.length)),
      clock: systemClock,
      env: systemEnv,
      config: sshd.config,
    });
    hosts.push(host);
    return host;
  };
  const host = make();
  const world = makeHostWorld({
    host,
    another: async () => {
      await hosts.at(-1)?.close();
      return make();
    },
    end: async () => {
      await Promise.all(hosts.map((one) => one.close()));
      await rm(run, { recursive: true, force: true });
    },
  });
  return { ...world, host, run };
};

/** A server with a world on it, for a test that wants a server of its own kind. */
export const makeFarOf = async (
  options: SshdOptions,
): Promise<FarWorld & { readonly sshd: Sshd }> => {
  const sshd = await startSshd(options);
  const world = await makeFar(sshd);
  return {
    ...world,
    sshd,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
};
