/** Every room of the daemon, made and wired. main.ts begins and ends it. */
import {
  makeAcpDrivers,
  makeClaudeCodeDriver,
  makeCodexDriver,
  makeLocalHost,
  makeTerminalDriver,
} from "@skein/adapters";
import { systemClock } from "../clock.ts";
import { withFailpoints } from "../effects/failpoints.ts";
import { clearLeftovers } from "../effects/leftovers.ts";
import type { EffectsPort } from "../effects/ports.ts";
import { makeEffects, type Effects } from "../effects/runner.ts";
import { checkStore, forgetReceipts, type Left } from "../effects/upkeep.ts";
import { makeEngine } from "../engine/engine.ts";
import { makeIds } from "../engine/ids.ts";
import { makeFeed } from "../feed/feed.ts";
import { makeFolder } from "../folders.ts";
import { makeHosts } from "../hosts/hosts.ts";
import { letAge } from "../operations/ageing.ts";
import { makeAgentRecord } from "../operations/agents.ts";
import { makeChanges } from "../operations/changes.ts";
import { makeOwners } from "../operations/owners.ts";
import { makeSnapshot } from "../operations/watching.ts";
import type { Building } from "./building.ts";
import { listen } from "./listen.ts";
import { effectsPort, policyOf } from "./record.ts";
import { makeSites, type Sites } from "./sites.ts";

const makeHouseHosts = ({ paths, options, failpoint }: Building) => {
  const local = makeLocalHost({ home: paths.home, clock: systemClock, env: options.env });
  return makeHosts(withFailpoints(local, failpoint));
};

const makeHouseEffects = (
  { log, failpoint }: Building,
  deps: { readonly port: EffectsPort; readonly sites: Sites },
): Effects => {
  const { port, sites } = deps;
  return makeEffects({
    port,
    driver: (id) => sites.local().backends.driver(id),
    backend: sites.context,
    clock: systemClock,
    sessionDirs: (host, session) => {
      const paths = sites.get(host)?.paths;
      return paths === undefined ? [] : [paths.session(session), paths.container(session)];
    },
    generationDir: (host, session, generation) =>
      sites.get(host)?.paths.generation(session, generation) ?? "",
    // What lies on a host that was forgotten is left to itself.
    remove: async (host, dir) => sites.get(host)?.host.remove(dir),
    failpoint,
    log,
  });
};

export const build = (building: Building) => {
  const { log, failpoint, store, config } = building;
  const abort = new AbortController();
  const restoring = Promise.withResolvers<void>();
  const changes = makeChanges();
  const owners = makeOwners(store);
  const id = makeIds(systemClock.now);
  const hosts = makeHouseHosts(building);
  const drivers = [
    makeClaudeCodeDriver(),
    makeCodexDriver(),
    ...makeAcpDrivers(Object.keys(config.backends)),
    makeTerminalDriver(),
  ];
  for (const driver of drivers) makeFolder(building.paths.backend(driver.id));
  const feed = makeFeed({
    source: {
      head: () => store.head(),
      events: (query) => store.events(query),
      snapshot: makeSnapshot(store),
    },
    clock: systemClock,
  });
  const engine = makeEngine({
    store,
    publish: (events) => {
      owners.published(events);
      feed.publish(events);
      changes.published(new Set(events.map((event) => event.stream)));
    },
    // What is decided before the agents are in hand waits for that.
    effects: (effects) => void restoring.promise.then(() => effectsRoom.offer(effects)),
    now: systemClock.now,
    id,
    failpoint,
    fatal: (error) => {
      log("error", "the disk can no longer be trusted: the daemon ends", { error: String(error) });
      building.stop(false);
    },
  });
  const record = makeAgentRecord({ engine, store, policy: policyOf(config) });
  const port = effectsPort({ record, engine, feed, noticeId: () => id("ntc") });
  const sites = makeSites(building, { hosts, drivers, engine, signal: abort.signal });
  const effectsRoom = makeHouseEffects(building, { port, sites });
  const tidy = async (): Promise<void> => {
    await forgetReceipts(store, systemClock.now(), log);
    const deleteAfterMs = config.sessions.deleteAfterDays * 24 * 3_600_000;
    await letAge({ engine, store, now: systemClock.now, deleteAfterMs, log });
  };
  hosts.onReach((host, reach) => effectsRoom.reached(host.id, reach));
  return {
    engine,
    effects: effectsRoom,
    backends: sites.local().backends,
    abort,
    /** Agents go on; what was decided is on the disk. */
    close: async () => {
      abort.abort();
      await effectsRoom.close();
      await Promise.all(sites.made().map((site) => site.backends.settled()));
      await Promise.all(drivers.map((driver) => driver.close()));
      await engine.close();
    },
    restore: ({ sessions, waiting }: Left): Promise<void> => {
      const restored = effectsRoom.restore(sessions, waiting);
      restoring.resolve();
      return restored;
    },
    tidy,
    listen: () => listen(building, { engine, feed, owners, changes, sites, id, hosts }),
    lookAround: async (orderly: boolean) => {
      await lookAround(building, { port, sites }, orderly);
      await tidy();
    },
  };
};

const lookAround = async (
  { log, store, health }: Building,
  deps: { readonly port: EffectsPort; readonly sites: Sites },
  orderly: boolean,
): Promise<void> => {
  const { host, paths, backends } = deps.sites.local();
  await backends.list();
  const left = await clearLeftovers({ port: deps.port, host, spool: paths.spool });
  if (left.processes + left.folders > 0)
    log("warn", "leftovers of an earlier daemon were removed", { ...left });
  // After a crash the whole file is looked through, on a thread of its own.
  if (!orderly) await checkStore(store, health, log);
};
