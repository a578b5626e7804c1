/** The way to hosts over ssh: nothing but what `ssh NAME` needs. */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSshHost, reachSsh } from "@skein/adapters";
import { refuse } from "@skein/contract";
import { adapterFailure, systemClock, hostAway, type Reach } from "@skein/sdk";
import { withFailpoints } from "../effects/failpoints.ts";
import type { LinkedHost } from "../hosts/hosts.ts";
import type { Building } from "./building.ts";
import type { Linker } from "./hosting.ts";

/** A socket's path has little room, and ssh adds to it. */
const MAX_RUN_BYTES = 64;

/** In the state folder; where that has too long a path, one of our own among all people's. Throws a Refusal when that is not ours. */
const socketFolder = ({ paths }: Building): string => {
  const folder = join(paths.run, "ssh");
  if (Buffer.byteLength(folder) <= MAX_RUN_BYTES) return folder;
  const hash = createHash("sha256").update(paths.home).digest("hex").slice(0, 8);
  const short = join(tmpdir(), `skein-ssh-${hash}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = lstatSync(short);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.();
  if (isOurs && (found.mode & 0o077) === 0) return short;
  throw refuse(
    "host_unusable",
    `${short} is not a folder of yours alone, so no connection can be kept in it.`,
    `Remove ${short} or set its rights to 0700, or move the state folder to a shorter path.`,
  );
};

const away = (name: string, { reason, remedy }: Extract<Reach, { state: "unreachable" }>) => {
  const { failure } = hostAway(name);
  return adapterFailure(`${name} does not answer: ${reason}`, {
    ...failure,
    remedy: remedy ?? failure.remedy,
  });
};

export const makeLinker = (building: Building): Linker => {
  const { options, paths, config, failpoint } = building;
  const given = {
    clock: systemClock,
    env: options.env,
    ...(config.ssh.config === undefined ? {} : { config: config.ssh.config }),
  };

  const link = (name: string, home: string): LinkedHost => {
    const host = makeSshHost({ ...given, name, home, run: socketFolder(building) });
    const tried = host.reachNow();
    return {
      host: withFailpoints(host, failpoint),
      tried: tried.then(() => undefined),
      reachNow: async () => {
        // Anew: the connection that stands tells nothing of a key or a login that was changed since.
        await reachSsh({ ...given, name, stateFolder: paths.home });
        const reach = await host.reachNow();
        if (reach.state === "unreachable") throw away(name, reach);
      },
      close: () => host.close(),
    };
  };

  return {
    meet: async (name) => {
      const { home } = await reachSsh({ ...given, name, stateFolder: paths.home });
      const linked = link(name, home);
      await linked.tried;
      const reach = linked.host.reach();
      if (reach.state === "reachable") return linked;
      await linked.close();
      throw away(name, reach);
    },
    link,
  };
};
