/**
 * The agents of one host: each driver is asked once when the daemon starts, and when someone wants it asked again.
 * What it says is recorded only when it is new.
 */
import { LOCAL_HOST, type Backend, type Capabilities } from "@skein/contract";
import {
  findTmux,
  type AgentDriver,
  type BackendContext,
  type Clock,
  type Host,
  type Outside,
  type OutsideConversation,
  type OutsideReader,
  type ProbeResult,
} from "@skein/sdk";

type Elsewhere = Pick<BackendContext, "host" | "terminals" | "dir">;

export type Backends = {
  readonly ids: readonly string[];
  /** Those whose sessions name the program that runs in them. */
  readonly takingProgram: readonly string[];
  /** None, for a backend that is not known. */
  capabilities(id: string): Capabilities;
  driver(id: string): AgentDriver | undefined;
  /** `over`: where it runs instead, such as in a container. */
  context(driver: AgentDriver, over?: Elsewhere): Promise<BackendContext>;
  /** What is known now; waits for the first answers. */
  list(): Promise<readonly Backend[]>;
  get(id: string): Promise<Backend | undefined>;
  /** Like `list`, within `ms`: for an agent that takes longer, what was recorded of it before, or that it has not answered yet. */
  soon(ms: number): Promise<readonly Backend[]>;
  /** Asks again, all or one. Never rejects for reasons of an agent. */
  refresh(id?: string): Promise<readonly Backend[]>;
  /** Conversations that were begun outside Skein; of the agents in `ids` only. */
  readonly outside: {
    readonly ids: readonly string[];
    list(backend: string): Promise<readonly OutsideConversation[]>;
    open(backend: string, id: string): Promise<OutsideReader | null>;
  };
  /** Resolves when nobody is being asked any more, well or badly: whatever was started to ask is gone then. Never rejects. */
  settled(): Promise<void>;
};

type BackendSettings = {
  readonly command: readonly [string, ...string[]] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Models that are accepted beside those that the agent names. */
  readonly models: readonly string[];
};

type BackendsDeps = {
  /** Where they run. */
  readonly host: string;
  readonly drivers: readonly AgentDriver[];
  readonly clock: Clock;
  readonly settings: (driver: AgentDriver) => Promise<BackendSettings>;
  /** Everything of a context but its command. */
  readonly base: (
    driver: AgentDriver,
    env: Readonly<Record<string, string>>,
  ) => Omit<BackendContext, "command">;
  readonly record: (backend: Backend) => Promise<void>;
  readonly recorded: (id: string) => Promise<Backend | null>;
  readonly signal: AbortSignal;
};

const incapable: Capabilities = { steer: false, fork: false, resume: false, questions: false };

/** The program as it will be started: the configured one, or what PATH finds. */
const contextOf = async (
  deps: BackendsDeps,
  of: AgentDriver,
  over?: Elsewhere,
): Promise<BackendContext> => {
  const { command: chosen, env } = await deps.settings(of);
  const base = { ...deps.base(of, env), ...over };
  // What the configuration names is a program of the host, not of an image.
  const command = over === undefined ? chosen : null;
  const [program, ...leading] = command ?? [of.program];
  // Found by whoever holds terminals with it.
  const isTmux = command === null && program === "tmux";
  const found = isTmux ? await findTmux(base.host) : await base.host.which(program, env["PATH"]);
  return { ...base, command: found === null ? null : [found, ...leading] };
};

/** A command line where a program is meant: its first word is one, and all of it together is none. */
const isCommandLine = async (
  host: Pick<Host, "which">,
  { command, env }: BackendSettings,
): Promise<boolean> => {
  const [program, ...words] = command ?? [""];
  const [first = ""] = program.trim().split(/\s/);
  if (words.length > 0 || first === program) return false;
  return (await host.which(first, env["PATH"]).catch(() => null)) !== null;
};

/**
 * A program that the configuration names and that is not the agent is another matter than one that nobody has installed. What was
 * asked and is not the agent has told its command all the same.
 */
const wrongCommand = async (
  of: AgentDriver,
  settings: BackendSettings,
  result: ProbeResult,
  host: Pick<Host, "id" | "which">,
): Promise<string | null> => {
  const { command } = settings;
  if (result.found || command === null) return null;
  const isHere = host.id === LOCAL_HOST;
  const place = `${isHere ? "" : `hosts.${host.id}.`}backends.${of.id}.command in config.json5.`;
  const names = `The configuration names ${command[0]}, which is`;
  if (result.command !== null)
    return `${names} there, but does not answer as ${of.title} does: correct ${place}`;
  const missing = `${names} no program ${isHere ? "here" : `on ${host.id}`}`;
  return (await isCommandLine(host, settings))
    ? `${missing}: write it and its words as a list, ["PROGRAM", "WORD"], in ${place}`
    : `${missing}: correct ${place}`;
};

/** What is known without asking it. */
const declared = (of: AgentDriver, host: string) => ({
  id: of.id,
  host,
  title: of.title,
  capabilities: of.capabilities,
  interfaces: [...of.interfaces],
  ...(of.takesProgram === undefined ? {} : { takesProgram: of.takesProgram }),
});

const ask = async (deps: BackendsDeps, of: AgentDriver): Promise<Backend> => {
  const context = await contextOf(deps, of);
  const result = await of.probe(context, deps.signal);
  const settings = await deps.settings(of);
  const extra = settings.models
    .filter((id) => !result.models.some((model) => model.id === id))
    .map((id) => ({ id, title: id, isDefault: false, efforts: [], defaultEffort: null }));
  const backend: Backend = {
    ...declared(of, deps.host),
    ...result,
    models: [...result.models, ...extra],
    capabilities: result.capabilities ?? of.capabilities,
    remedy: (await wrongCommand(of, settings, result, context.host)) ?? result.remedy,
    checkedAt: new Date(deps.clock.now()).toISOString(),
  };
  await deps.record(backend);
  return backend;
};

const unanswered = (of: AgentDriver, host: string, now: number): Backend => ({
  ...declared(of, host),
  found: true,
  command: null,
  version: null,
  login: "unknown",
  loginDetail: null,
  models: [],
  modelsSource: "known-list",
  remedy: "It has not answered yet; look again with `skein backends`.",
  checkedAt: new Date(now).toISOString(),
});

const outsideOf = (deps: BackendsDeps): Backends["outside"] => {
  const find = (id: string): AgentDriver => {
    const found = deps.drivers.find((one) => one.id === id && one.outside !== undefined);
    if (found === undefined) throw new Error(`${id} finds no conversations`);
    return found;
  };
  const ask = async <T>(
    id: string,
    question: (outside: Outside, context: BackendContext) => Promise<T>,
  ): Promise<T> => {
    const of = find(id);
    return question(of.outside!, await contextOf(deps, of));
  };
  return {
    ids: deps.drivers.filter((one) => one.outside !== undefined).map((one) => one.id),
    list: (backend) => ask(backend, (outside, context) => outside.list(context)),
    open: (backend, id) => ask(backend, (outside, context) => outside.open(context, id)),
  };
};

export const makeBackends = (deps: BackendsDeps): Backends => {
  const { drivers } = deps;
  const known = new Map<string, Promise<Backend>>();
  const asking = new Set<Promise<Backend>>();
  /** As the agents themselves said it last; before that, as their drivers declare it. */
  const told = new Map<string, Capabilities>();

  const askOnce = (of: AgentDriver): Promise<Backend> => {
    const answer = known.get(of.id) ?? ask(deps, of);
    known.set(of.id, answer);
    asking.add(answer);
    answer.finally(() => asking.delete(answer)).catch(() => undefined);
    answer
      .then(({ found, capabilities }) => found && told.set(of.id, capabilities))
      .catch(() => undefined);
    // A question that failed is asked again next time.
    answer.catch(() => known.get(of.id) === answer && known.delete(of.id));
    return answer;
  };

  return {
    ids: drivers.map((one) => one.id),
    takingProgram: drivers.filter((one) => one.takesProgram).map((one) => one.id),
    capabilities: (id) =>
      told.get(id) ?? drivers.find((one) => one.id === id)?.capabilities ?? incapable,
    driver: (id) => drivers.find((one) => one.id === id),
    context: (of, over) => contextOf(deps, of, over),
    list: () => Promise.all(drivers.map(askOnce)),
    get: async (id) => {
      const of = drivers.find((one) => one.id === id);
      return of === undefined ? undefined : askOnce(of);
    },
    soon: async (ms) => {
      const late = Promise.withResolvers<null>();
      const cancel = deps.clock.after(ms, () => late.resolve(null));
      const answers = drivers.map(async (of) => {
        const answer = await Promise.race([askOnce(of), late.promise]);
        if (answer !== null) return answer;
        // One that was not there before may be there by now.
        const before = await deps.recorded(of.id);
        return before?.found === true ? before : unanswered(of, deps.host, deps.clock.now());
      });
      const soon = await Promise.all(answers);
      cancel();
      return soon;
    },
    refresh: (id) => {
      const asked = drivers.filter((one) => id === undefined || one.id === id);
      for (const of of asked) known.delete(of.id);
      return Promise.all(asked.map(askOnce));
    },
    outside: outsideOf(deps),
    settled: async () => void (await Promise.allSettled(asking)),
  };
};
