/**
 * The agents of this machine: each driver is asked once when the daemon starts, and when someone wants it asked again.
 * What it says is recorded only when it is new.
 */
import type { Backend } from "@skein/contract";
import type { AgentDriver, BackendContext, Clock } from "@skein/sdk";

export type Backends = {
  readonly ids: readonly string[];
  driver(id: string): AgentDriver | undefined;
  context(driver: AgentDriver): Promise<BackendContext>;
  /** What is known now; waits for the first answers. */
  list(): Promise<readonly Backend[]>;
  get(id: string): Promise<Backend | undefined>;
  /** Asks again, all or one. Never rejects for reasons of an agent. */
  refresh(id?: string): Promise<readonly Backend[]>;
};

export type BackendSettings = {
  readonly command: readonly [string, ...string[]] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Models that are accepted beside those that the agent names. */
  readonly models: readonly string[];
};

export const makeBackends = (deps: {
  readonly drivers: readonly AgentDriver[];
  readonly clock: Clock;
  readonly settings: (driver: AgentDriver) => BackendSettings;
  /** Everything of a context but its command. */
  readonly base: (
    driver: AgentDriver,
    env: Readonly<Record<string, string>>,
  ) => Omit<BackendContext, "command">;
  readonly record: (backend: Backend) => Promise<void>;
  readonly signal: AbortSignal;
}): Backends => {
  const known = new Map<string, Promise<Backend>>();
  const driver = (id: string): AgentDriver | undefined => deps.drivers.find((one) => one.id === id);

  const context = async (of: AgentDriver): Promise<BackendContext> => {
    const { command, env } = deps.settings(of);
    const base = deps.base(of, env);
    if (command !== null) {
      const [program, ...rest] = command;
      const found = await base.host.which(program, env["PATH"]);
      return { ...base, command: found === null ? null : [found, ...rest] };
    }
    const found = await base.host.which(of.program, env["PATH"]);
    return { ...base, command: found === null ? null : [found] };
  };

  const ask = async (of: AgentDriver): Promise<Backend> => {
    const result = await of.probe(await context(of), deps.signal);
    const extra = deps
      .settings(of)
      .models.filter((id) => !result.models.some((model) => model.id === id));
    const backend: Backend = {
      id: of.id,
      title: of.title,
      ...result,
      models: [
        ...result.models,
        ...extra.map((id) => ({
          id,
          title: id,
          isDefault: false,
          efforts: [],
          defaultEffort: null,
        })),
      ],
      capabilities: of.capabilities,
      checkedAt: new Date(deps.clock.now()).toISOString(),
    };
    await deps.record(backend);
    return backend;
  };

  const refresh = async (id?: string): Promise<readonly Backend[]> => {
    const asked = deps.drivers.filter((one) => id === undefined || one.id === id);
    for (const one of asked) known.set(one.id, ask(one));
    return Promise.all(asked.map((one) => known.get(one.id)!));
  };

  return {
    ids: deps.drivers.map((one) => one.id),
    driver,
    context,
    list: async () => {
      const missing = deps.drivers.filter((one) => !known.has(one.id));
      for (const one of missing) known.set(one.id, ask(one));
      return Promise.all(known.values());
    },
    get: async (id) => {
      const of = driver(id);
      if (of === undefined) return undefined;
      if (!known.has(id)) known.set(id, ask(of));
      return known.get(id);
    },
    refresh,
  };
};
