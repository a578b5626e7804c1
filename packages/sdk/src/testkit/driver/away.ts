/** A host whose link can be cut: from then on it answers nothing, and nothing of it is known. */
import { hostAway } from "../../failure.ts";
import type { Detached, Files, Host, Reach } from "../../host.ts";

export type CuttableHost = { readonly host: Host; cut(): void; mend(): void };

const SINCE = "2026-01-01T00:00:00.000Z";

export const makeCuttable = (real: Host): CuttableHost => {
  let away = false;
  const told = new Set<(reach: Reach) => void>();
  const here = async (): Promise<void> => {
    if (away) throw hostAway(real.id);
  };
  const detached = (one: Detached): Detached => ({
    ...one,
    liveness: async () => (away ? "unknown" : one.liveness()),
    write: async (line) => {
      await here();
      return one.write(line);
    },
    terminate: async (graceMs) => {
      await here();
      return one.terminate(graceMs);
    },
  });
  const files: Files = {
    ...real.files,
    read: async (...given) => here().then(() => real.files.read(...given)),
    write: async (...given) => here().then(() => real.files.write(...given)),
    list: async (...given) => here().then(() => real.files.list(...given)),
    remove: async (...given) => here().then(() => real.files.remove(...given)),
  };
  const host: Host = {
    ...real,
    files,
    reach: () =>
      away
        ? { state: "unreachable", since: SINCE, reason: "the link is cut", remedy: null }
        : real.reach(),
    onReach: (changed) => {
      told.add(changed);
      return () => told.delete(changed);
    },
    environment: async () => here().then(() => real.environment()),
    open: async (...given) => here().then(() => real.open(...given)),
    socket: async (path) => here().then(() => real.socket(path)),
    folder: async (path) => here().then(() => real.folder(path)),
    which: async (...given) => here().then(() => real.which(...given)),
    run: async (...given) => here().then(() => real.run(...given)),
    start: async (spec) => here().then(async () => detached(await real.start(spec))),
    adopt: async (...given) => {
      await here();
      const found = await real.adopt(...given);
      return found === null ? null : detached(found);
    },
    spool: async function* (...given) {
      await here();
      yield* real.spool(...given);
    },
    process: async (pid) => here().then(() => real.process(pid)),
    ended: async (pids) => here().then(() => real.ended(pids)),
    owners: async () => here().then(() => real.owners()),
    sweep: async (...given) => here().then(() => real.sweep(...given)),
    remove: async (dir) => here().then(() => real.remove(dir)),
  };
  const set = (value: boolean): void => {
    away = value;
    for (const changed of told) changed(host.reach());
  };
  return { host, cut: () => set(true), mend: () => set(false) };
};
