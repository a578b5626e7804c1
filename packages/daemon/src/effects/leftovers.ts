/**
 * What a crash may have left behind: processes whose session knows nothing of them, spool folders that nobody reads.
 * Runs for each host once it answers, when every living agent is in hand.
 */
import { posix } from "node:path";
import type { Host, Owner } from "@skein/sdk";
import type { EffectsPort } from "./ports.ts";

type Leftovers = { readonly processes: number; readonly folders: number };

/** Sessions have processes and spools of their own; a backend's shared ones are looked after by its driver. */
const isSession = (id: string): boolean => id.startsWith("ses_");

const SYSTEM_PATH = "/usr/bin:/bin";
const RMDIR_MS = 5_000;

const belongs = async (port: EffectsPort, owner: Owner): Promise<boolean> => {
  const brief = await port.brief(owner.session);
  return brief !== null && brief.process !== "none" && brief.generation === owner.generation;
};

const isGone = async (port: EffectsPort, session: string): Promise<boolean> =>
  (await port.brief(session))?.deleted !== false;

const list = async (host: Host, dir: string): Promise<readonly string[]> =>
  ((await host.files.list(dir)) ?? []).map((entry) => entry.name);

export const clearLeftovers = async (deps: {
  readonly port: EffectsPort;
  readonly host: Host;
  readonly spool: string;
}): Promise<Leftovers> => {
  let processes = 0;
  for (const { owner } of await deps.host.owners()) {
    if (!isSession(owner.session) || (await belongs(deps.port, owner))) continue;
    processes += await deps.host.sweep(owner);
  }
  let folders = 0;
  for (const session of (await list(deps.host, deps.spool)).filter(isSession)) {
    const own = posix.join(deps.spool, session);
    for (const generation of await list(deps.host, own)) {
      if (await belongs(deps.port, { session, generation: Number(generation) })) continue;
      await deps.host.remove(posix.join(own, generation));
      folders++;
    }
    // Only while it is empty: never the folder of a generation that begins at this very moment.
    if (await isGone(deps.port, session))
      await deps.host.run(["rmdir", own], { env: { PATH: SYSTEM_PATH }, timeoutMs: RMDIR_MS });
  }
  return { processes, folders };
};
