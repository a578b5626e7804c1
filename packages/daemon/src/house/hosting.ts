/** Hosts as they are met, kept and let go: the link to each, and what is looked after there once it answers. */
import { LOCAL_HOST } from "@skein/contract";
import {
  isAdapterFailure,
  pause,
  systemClock,
  type AdapterFailure,
  type AgentDriver,
  type Host,
} from "@skein/sdk";
import type { Config } from "../config/schema.ts";
import type { DiskRoom } from "../disk-room.ts";
import { clearLeftovers } from "../effects/leftovers.ts";
import type { EffectsPort } from "../effects/ports.ts";
import type { Effects } from "../effects/runner.ts";
import { checkHost, type Sought } from "../hosts/check.ts";
import { clearHost } from "../hosts/clear.ts";
import type { Hosts, LinkedHost } from "../hosts/hosts.ts";
import type { HostRefusal, HostsPort } from "../operations/ports.ts";
import type { Building } from "./building.ts";
import { engineOn } from "./containers.ts";
import { chosenFor, type Sites } from "./sites.ts";
import type { TerminalUpkeep } from "./terminals.ts";

/** The way to hosts that are not this one. */
export type Linker = {
  /** Reaches it for the first time. Rejects with an AdapterFailure that says what a person must do; nothing is left behind then. */
  meet(name: string): Promise<LinkedHost>;
  /** One that was met before, with Skein's folder there. Reaches out only once it is asked for something. */
  link(name: string, home: string): LinkedHost;
};

type HostingDeps = {
  readonly hosts: Hosts;
  readonly sites: Sites;
  readonly drivers: readonly AgentDriver[];
  readonly effects: Effects;
  readonly port: EffectsPort;
  readonly linker: Linker;
  readonly terminals: TerminalUpkeep;
  readonly room: (host: string) => Promise<DiskRoom>;
  /** Resolves when the agents that the last daemon left are in hand, or being looked for. */
  readonly restored: Promise<void>;
};

export type Hosting = {
  readonly port: HostsPort;
  /** Takes the recorded ones in hand, and waits for none of them. */
  recall(recorded: readonly { readonly name: string; readonly home: string }[]): void;
  /** Clears what a crash left on a host; on one that does not answer, as soon as it does. Never rejects. */
  tidy(host: Host): Promise<void>;
};

/** So long a daemon that has just begun is given to reach a host, before it is said not to answer. */
const FIRST_TRY_MS = 3_000;

/** A driver that runs what it is told to has no program of its own that could be missing. */
const soughtOn = (config: Config, drivers: readonly AgentDriver[], host: string): Sought[] =>
  drivers
    .filter(({ takesProgram }) => takesProgram !== true)
    .map(({ id, program }) => {
      const { command } = chosenFor(config, host, id);
      const words = typeof command === "string" ? [command] : (command ?? [program]);
      return { backend: id, command: words as [string, ...string[]] };
    });

const makeTidy = ({ log }: Building, { sites, port, restored, terminals }: HostingDeps) => {
  const tidied = new WeakMap<Host, Promise<void>>();
  const tidyNow = async (host: Host): Promise<void> => {
    await restored;
    const site = sites.get(host.id);
    if (site?.host !== host) return void tidied.delete(host);
    try {
      const left = await clearLeftovers({ port, host, spool: site.paths.spool });
      const closed = await terminals.tidy(site);
      // What a driver's sessions share is the driver's to look after: it does so when it is asked.
      await site.backends.list();
      if (left.processes + left.folders + closed > 0)
        log("warn", "leftovers of an earlier daemon were removed", {
          host: host.id,
          ...left,
          terminals: closed,
        });
    } catch (error) {
      // Next time that it answers.
      tidied.delete(host);
      log("info", "leftovers could not be looked for", { host: host.id, error: String(error) });
    }
  };
  return (host: Host): Promise<void> => {
    const under = tidied.get(host) ?? tidyNow(host);
    tidied.set(host, under);
    return under;
  };
};

const refusalOf = ({ message, failure }: AdapterFailure): HostRefusal => ({
  at: new Date(systemClock.now()).toISOString(),
  message,
  remedy: failure.remedy,
});

const hostsPort = (
  { config }: Building,
  deps: HostingDeps,
  { take, tidy }: { take(linked: LinkedHost): void; tidy(host: Host): Promise<void> },
): HostsPort => {
  const { hosts, sites, drivers, effects, linker } = deps;
  const refusals = new Map<string, HostRefusal>();
  hosts.onReach(({ id }) => void refusals.delete(id));
  const check = (host: Host) =>
    checkHost(host, soughtOn(config, drivers, host.id), systemClock, (on) => engineOn(config, on));
  return {
    names: () => hosts.all().map((host) => host.id),
    get: hosts.get,
    meet: async (name) => {
      const linked = await linker.meet(name);
      try {
        const found = await check(linked.host);
        return {
          home: linked.host.home,
          check: found,
          take: () => {
            take(linked);
            // It may have been here before.
            void tidy(linked.host);
          },
          leave: linked.close,
        };
      } catch (error) {
        await linked.close();
        throw error;
      }
    },
    tried: async (name) => {
      await Promise.race([hosts.linked(name)?.tried, pause(systemClock, FIRST_TRY_MS)]);
    },
    check: async (name) => {
      const linked = hosts.linked(name)!;
      try {
        await linked.reachNow();
      } catch (error) {
        if (isAdapterFailure(error)) refusals.set(name, refusalOf(error));
        throw error;
      }
      refusals.delete(name);
      return check(linked.host);
    },
    refused: (name) => refusals.get(name),
    room: deps.room,
    forsake: effects.forsake,
    clear: async (name) => {
      const site = sites.get(name);
      if (site === undefined || name === LOCAL_HOST) return;
      // What was begun when it was added must not put down anything afterwards.
      await tidy(site.host);
      await clearHost(site.host, () => site.terminals.end());
    },
    drop: async (name) => {
      // First: what belongs to the host is found by its name, which nobody knows any more afterwards.
      sites.drop(name);
      refusals.delete(name);
      await hosts.remove(name);
      for (const driver of drivers) await driver.forget?.(name);
    },
  };
};

export const makeHosting = (building: Building, deps: HostingDeps): Hosting => {
  const { hosts, effects, linker } = deps;
  const tidy = makeTidy(building, deps);
  const take = (linked: LinkedHost): void => hosts.add(linked);
  hosts.onReach((host, reach) => {
    effects.reached(host.id, reach);
    if (reach.state === "reachable") void tidy(host);
  });
  return {
    port: hostsPort(building, deps, { take, tidy }),
    recall: (recorded) => {
      for (const { name, home } of recorded) if (name !== LOCAL_HOST) take(linker.link(name, home));
    },
    tidy,
  };
};
