/** What there is on each host: its folders, its terminals, its agents. Made when it is first asked for. */
import { LOCAL_HOST, type Backend } from "@skein/contract";
import {
  systemClock,
  adapterFailure,
  type AgentDriver,
  type BackendContext,
  type Host,
} from "@skein/sdk";
import { agentEnvironment } from "../config/environment.ts";
import { pathsOf } from "../config/paths.ts";
import type { BackendConfig, Config } from "../config/schema.ts";
import { makeBackends, type Backends } from "../effects/backends.ts";
import type { SessionBrief } from "../effects/ports.ts";
import type { Engine } from "../engine/engine.ts";
import { backendKind, backendStream } from "../engine/small-kinds.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { makeTerminals } from "../terminals/terminals.ts";
import type { Building } from "./building.ts";
import { makeInside } from "./containers.ts";
import type { Site } from "./site.ts";

export type Sites = {
  /** undefined: there is no host of that name. */
  get(host: string): Site | undefined;
  local(): Site;
  /** Those that were asked for so far. */
  made(): readonly Site[];
  /** The host is being let go of: who looks at a terminal there is sent away, and what was made for it is forgotten. */
  drop(host: string): void;
  /** What a session of that driver finds on its host. Rejects when there is no such host, or it does not answer. */
  context(driver: AgentDriver, brief: SessionBrief): Promise<BackendContext>;
};

type SitesDeps = {
  readonly hosts: Hosts;
  readonly drivers: readonly AgentDriver[];
  readonly engine: Engine;
  readonly signal: AbortSignal;
};

const unchosen: BackendConfig = { env: {}, models: [] };

/** What the configuration names is a program of this machine; what it names for a host, one of that. */
export const chosenFor = (config: Config, host: string, backend: string) => {
  const here = config.backends[backend] ?? unchosen;
  if (host === LOCAL_HOST) return here;
  const there = config.hosts[host]?.backends[backend] ?? unchosen;
  return { ...there, models: [...new Set([...here.models, ...there.models])] };
};

const backendsOf = (
  { config, log, store, options }: Building,
  deps: SitesDeps,
  site: Omit<Site, "backends">,
): Backends => {
  const { host, paths, terminals } = site;
  return makeBackends({
    host: host.id,
    drivers: deps.drivers,
    clock: systemClock,
    signal: deps.signal,
    settings: async (driver) => {
      const chosen = chosenFor(config, host.id, driver.id);
      const command =
        typeof chosen.command === "string" ? [chosen.command] : (chosen.command ?? null);
      return {
        command: command as [string, ...string[]] | null,
        env: agentEnvironment(await host.environment(), driver.envPrefixes, chosen.env),
        models: chosen.models,
      };
    },
    base: (driver, env) => ({
      host,
      terminals,
      clock: systemClock,
      env,
      dir: paths.backend(driver.id),
      home: paths.home,
      version: options.version,
      timing: {
        startMs: config.sessions.startSeconds * 1000,
        graceMs: config.sessions.graceSeconds * 1000,
      },
      log: (level, message, fields) =>
        log(level, message, { backend: driver.id, host: host.id, ...fields }),
    }),
    recorded: async (id) => {
      const row = await store.row("backend", backendStream(host.id, id));
      return row === null ? null : (JSON.parse(row.state) as Backend);
    },
    record: async (backend) => {
      await deps.engine.dispatch(
        backendKind,
        backendStream(host.id, backend.id),
        { type: "observe", backend },
        { actor: "skein", answer: () => undefined },
      );
    },
  });
};

const noHost = (name: string) =>
  adapterFailure(`There is no host ${name}.`, {
    kind: "unavailable",
    code: "host_unknown",
    remedy: `Add it again with \`skein host add ${name}\`.`,
    retryable: false,
  });

export const makeSites = (building: Building, deps: SitesDeps): Sites => {
  const made = new Map<Host, Site>();
  const siteOf = (host: Host): Site => {
    const known = made.get(host);
    if (known !== undefined) return known;
    const site = { host, paths: pathsOf(host.home), terminals: makeTerminals(host, systemClock) };
    const whole = { ...site, backends: backendsOf(building, deps, site) };
    made.set(host, whole);
    return whole;
  };
  const get = (name: string): Site | undefined => {
    const host = deps.hosts.get(name);
    return host === undefined ? undefined : siteOf(host);
  };
  return {
    get,
    local: () => get(LOCAL_HOST)!,
    made: () => [...made.values()],
    drop: (name) => {
      const host = deps.hosts.get(name);
      const site = host === undefined ? undefined : made.get(host);
      if (site === undefined) return;
      made.delete(site.host);
      site.terminals.attachments.stop("terminal.gone", `The host ${name} was removed.`);
    },
    context: async (driver, brief) => {
      const site = get(brief.host);
      if (site === undefined) throw noHost(brief.host);
      const over =
        brief.container === null ? undefined : await makeInside(building.config, site, brief);
      return site.backends.context(driver, over);
    },
  };
};
