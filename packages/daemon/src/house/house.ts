/** Every room of the daemon, made and wired. main.ts begins and ends it. */
import { makeLocalHost } from "@skein/adapters";
import { LOCAL_HOST } from "@skein/contract";
import { systemClock, type AgentDriver } from "@skein/sdk";
import { withFailpoints } from "../effects/failpoints.ts";
import { makeEffects, type Effects, type EffectsDeps } from "../effects/runner.ts";
import { checkStore, forgetReceipts, type Left } from "../effects/upkeep.ts";
import { makeEngine, type Engine } from "../engine/engine.ts";
import { makeIds } from "../engine/ids.ts";
import type { Store } from "../engine/ports.ts";
import { makeDiskRooms } from "../disk-room.ts";
import { makeFeed } from "../feed/feed.ts";
import type { Feed } from "../feed/ports.ts";
import { makeFolder } from "../folders.ts";
import { makeHosts } from "../hosts/hosts.ts";
import { letAge } from "../operations/ageing.ts";
import { makeAgentRecord } from "../operations/agents.ts";
import { makeChanges } from "../operations/changes.ts";
import { makeOwners } from "../operations/owners.ts";
import { makeSnapshot } from "../operations/watching.ts";
import { makeDrivers } from "./agents.ts";
import type { Building } from "./building.ts";
import { makeHosting, type Hosting } from "./hosting.ts";
import { makeLinker } from "./linker.ts";
import { listen } from "./listen.ts";
import { effectsPort, policyOf } from "./record.ts";
import { makeSites, type Sites } from "./sites.ts";
import { makeTerminalUpkeep } from "./terminals.ts";

const makeHouseHosts = ({ paths, options, failpoint }: Building) => {
  const local = makeLocalHost({ home: paths.home, clock: systemClock, env: options.env });
  return makeHosts(withFailpoints(local, failpoint));
};

const makeHouseEffects = (
  { log, failpoint }: Building,
  deps: Pick<EffectsDeps, "port" | "room"> & { readonly sites: Sites },
): Effects => {
  const { port, room, sites } = deps;
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
    room,
    failpoint,
    log,
  });
};

const makeHouseFeed = (store: Store): Feed =>
  makeFeed({
    source: {
      head: () => store.head(),
      events: (query) => store.events(query),
      snapshot: makeSnapshot(store),
    },
    clock: systemClock,
  });

type EngineWires = Pick<Parameters<typeof makeEngine>[0], "publish" | "effects" | "id">;

const makeHouseEngine = (building: Building, wires: EngineWires) => {
  const { store, failpoint, log, stop } = building;
  return makeEngine({
    store,
    ...wires,
    now: systemClock.now,
    failpoint,
    fatal: (error) => {
      log("error", "the disk can no longer be trusted: the daemon ends", { error: String(error) });
      stop(false);
    },
  });
};

const makeHouseDrivers = ({ config, paths }: Building): readonly AgentDriver[] => {
  const drivers = makeDrivers(Object.keys(config.backends));
  for (const driver of drivers) makeFolder(paths.backend(driver.id));
  return drivers;
};

export const build = (building: Building) => {
  const { store, config } = building;
  const abort = new AbortController();
  const restoring = Promise.withResolvers<void>();
  const changes = makeChanges();
  const owners = makeOwners(store);
  const id = makeIds(systemClock.now);
  const hosts = makeHouseHosts(building);
  const drivers = makeHouseDrivers(building);
  const feed = makeHouseFeed(store);
  const engine = makeHouseEngine(building, {
    publish: (events) => {
      owners.published(events);
      feed.publish(events);
      changes.published(new Set(events.map((event) => event.stream)));
      terminals.published(events);
    },
    // What is decided before the agents are in hand waits for that.
    effects: (effects) => void restoring.promise.then(() => effectsRoom.offer(effects)),
    id,
  });
  const terminals = makeTerminalUpkeep(building, { engine: () => engine, sites: () => sites });
  const record = makeAgentRecord({ engine, store, policy: policyOf(config) });
  const port = effectsPort({ record, engine, feed, drivers, noticeId: () => id("ntc") });
  const room = makeDiskRooms(systemClock, hosts.get);
  const sites = makeSites(building, { hosts, drivers, engine, signal: abort.signal });
  const effectsRoom = makeHouseEffects(building, { port, room, sites });
  const tidy = (): Promise<void> => tidyStore(building, engine);
  const hosting = makeHosting(building, {
    hosts,
    sites,
    drivers,
    effects: effectsRoom,
    port,
    linker: makeLinker(building),
    terminals,
    room,
    restored: restoring.promise,
  });
  return {
    engine,
    effects: effectsRoom,
    backends: sites.local().backends,
    abort,
    /** Agents go on; what was decided is on the disk. */
    close: async () => {
      abort.abort();
      for (const site of sites.made())
        site.terminals.attachments.stop("daemon.stopping", "The daemon stops.");
      await effectsRoom.close();
      await hosts.close();
      await Promise.all(sites.made().map((site) => site.backends.settled()));
      await Promise.all(drivers.map((driver) => driver.close()));
      await engine.close();
    },
    recall: ({ hosts: recorded }: Left): void => hosting.recall(recorded),
    restore: ({ sessions, waiting }: Left): Promise<void> => {
      const restored = effectsRoom.restore(sessions, waiting);
      restoring.resolve();
      return restored;
    },
    tidy,
    listen: () => listen(building, { engine, feed, owners, changes, sites, id, hosting }),
    lookAround: async (orderly: boolean) => {
      // Nobody waits for those that do not answer.
      for (const host of hosts.all()) if (host.id !== LOCAL_HOST) void hosting.tidy(host);
      await lookAround(building, { hosting, sites }, orderly);
      await tidy();
    },
  };
};

const tidyStore = async ({ store, config, log }: Building, engine: Engine): Promise<void> => {
  await forgetReceipts(store, systemClock.now(), log);
  const deleteAfterMs = config.sessions.deleteAfterDays * 24 * 3_600_000;
  await letAge({ engine, store, now: systemClock.now, deleteAfterMs, log });
};

const lookAround = async (
  { store, health, log }: Building,
  deps: { readonly hosting: Hosting; readonly sites: Sites },
  orderly: boolean,
): Promise<void> => {
  const { host, backends } = deps.sites.local();
  await backends.list();
  await deps.hosting.tidy(host);
  // After a crash the whole file is looked through, on a thread of its own.
  if (!orderly) await checkStore(store, health, log);
};
