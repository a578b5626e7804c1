/** What a step of the scenario gets: a running house, the agent's fixture, and sessions that are put away after it. */
import type { Capabilities, Input } from "@skein/contract";
import { takeAgent, type Agent } from "./agent.ts";
import { openHouse, type FarHost, type House } from "./house.ts";

type Tokens = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
};

/**
 * What an agent truly does not do or tell, so that a step asks less of it. Each stands in the name of its tests.
 * command-output: what a command wrote, and its exit code. effort: how hard it thinks cannot be chosen. edits-beyond: it refuses by
 * itself to edit outside its folder, and asks nobody. usage-of-all-requests: it tells the tokens of a turn's last request
 * only. resuming-at-once: a conversation can only be resumed after the minute in which it was begun.
 */
type Lack =
  | "command-output"
  | "effort"
  | "edits-beyond"
  | "usage-of-all-requests"
  | "resuming-at-once";

/** What a scenario has to know of an agent. */
export type Fixture = {
  readonly id: string;
  readonly capabilities: Capabilities;
  readonly lacks?: readonly Lack[];
  /** A machine that its sessions run on; made anew for each house. */
  readonly far?: () => Promise<FarHost>;
  /** Only these steps, by their names: where the same agent plays all of them elsewhere, and the place is what is tried. */
  readonly only?: readonly string[];
  /** What every session of it is created with. */
  readonly create?: Partial<Input<"sessions.create">>;
  /** Steps that it cannot play by its nature, by their names, and why. Each pattern must fit one. */
  readonly without?: readonly { readonly steps: RegExp; readonly why: string }[];
  /** `backends.<id>` of the configuration; `place` is the house's, for a home of the agent's own. */
  prepare(place: string): Promise<Readonly<Record<string, unknown>>>;
  /** A model and an effort that the agent lists, beside its default; `asked`: the model's name at the vendor's API. */
  readonly choice: {
    readonly model: string;
    readonly effort: string | null;
    readonly asked: string;
  };
  /** What the newest request of this conversation asked the model for. */
  wanted(
    house: House,
    agent: Agent,
  ): Promise<{ readonly model: string; readonly effort: string | null }>;
  /** Resolves when the agent's only turn, of this prompt, is over; no daemon has to be there. */
  quiet(house: House, agent: Agent, prompt: string): Promise<void>;
  /** What one answered request costs, as Skein tells it; null: that is not known. */
  readonly tokens: Tokens | null;
  /** Of one that is slow to start: what is waited for may take this long; default 20 s. */
  readonly patienceMs?: number;
  /** Whether one process serves all sessions, so that its death is theirs. */
  readonly sharesProcess: boolean;
  /** Script words beyond those of the fake LLM, that break the wire itself. */
  readonly breaks: readonly string[];
  /** Whether, in `workspace`, a command that stays in the folder runs in a sandbox unasked. */
  readonly sandboxes: boolean;
};

export const lacks = (fixture: Fixture, lack: Lack): boolean =>
  fixture.lacks?.includes(lack) === true;

export type Stage = {
  readonly fixture: Fixture;
  readonly house: House;
  create(options?: Partial<Input<"sessions.create">>): Promise<Agent>;
  /** A session that came to be otherwise (a fork). */
  adopt(session: string): Promise<Agent>;
};

export const openStageHouse = async (
  fixture: Fixture,
  sessions: Readonly<Record<string, number>> = {},
): Promise<House> => {
  const far = await fixture.far?.();
  return openHouse({
    ...(far === undefined ? {} : { far }),
    ...(fixture.patienceMs === undefined ? {} : { patienceMs: fixture.patienceMs }),
    env: { NOT_FOR_AGENTS: "a secret of the daemon's shell" },
    config: async (place) => {
      const backends = { [fixture.id]: await fixture.prepare(place) };
      return far === undefined
        ? { sessions, backends }
        : { sessions, hosts: { [far.name]: { backends } } };
    },
  });
};

/** Runs one step; whatever sessions it made are deleted after it. */
export const perform = async (
  house: House,
  fixture: Fixture,
  run: (stage: Stage) => Promise<void>,
): Promise<void> => {
  const made: Agent[] = [];
  const keep = (agent: Agent): Agent => {
    made.push(agent);
    return agent;
  };
  try {
    await run({
      fixture,
      house,
      create: async (options = {}) => {
        const folder = options.folder ?? (await house.folder("project"));
        const { session } = await house.call("sessions.create", {
          backend: fixture.id,
          ...house.host,
          ...fixture.create,
          ...options,
          folder,
        });
        return keep(takeAgent(house, session));
      },
      adopt: async (session) =>
        keep(takeAgent(house, (await house.call("sessions.get", { session })).session)),
    });
  } catch (error) {
    if (error instanceof Error) {
      const told = made.map(({ id, name }) => `${name}:\n${house.log.tell(id)}`);
      error.message += `\n${told.join("\n")}\ndaemon's log:\n${await house.tail()}`;
    }
    throw error;
  } finally {
    for (const { id } of made) await house.call("sessions.delete", { session: id }).catch(() => 0);
  }
};
