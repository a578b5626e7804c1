/**
 * Agents that are silent in a turn because the disk beneath them is full: told of at once, and told again when there is room, for then
 * what they said meanwhile is lost, and the end of their turn may be among it.
 */
import type { Clock, Fact } from "@skein/sdk";
import type { DiskRoom } from "../disk-room.ts";
import type { Agent } from "./agent.ts";
import type { Hands, HandsDeps } from "./hands.ts";
import type { EffectsPort } from "./ports.ts";

export type Disks = {
  /** Looks at the disks of those that are silent. Never throws, never waits. */
  tick(): void;
  /** Silent since its disk was full, though there is room again. */
  mayHaveLost(agent: Agent): boolean;
};

type DisksDeps = {
  readonly port: EffectsPort;
  readonly hands: Hands;
  readonly clock: Clock;
  readonly room: (host: string) => Promise<DiskRoom>;
  readonly log: HandsDeps["log"];
};

/** So long an agent may think before its disk is looked at. */
const SILENT_MS = 5_000;

/** What was told of an agent, in which turn, and when it had been heard last then. */
type Told = {
  readonly turn: string;
  readonly heardAt: number | null;
  readonly room: "full" | "enough";
};

const fullFacts = (host: string): readonly Fact[] => {
  const text = `the disk of ${host} is full: what the agent says cannot be kept there`;
  const remedy = `Make room on ${host}; if the agent stays silent after that, stop it and resume it.`;
  return [
    { fact: "notice", level: "error", text: `${text}. ${remedy}` },
    { fact: "stalled", reason: text },
  ];
};

const lostFacts = (host: string): readonly Fact[] => {
  const text = `the disk of ${host} was full: what the agent said meanwhile is lost`;
  const remedy =
    "There is room again. A turn that stays silent is ended in some minutes; to end it now, stop the session and resume it.";
  return [
    { fact: "notice", level: "warning", text: `${text}. ${remedy}` },
    { fact: "stalled", reason: text },
  ];
};

export const makeDisks = ({ port, hands, clock, room, log }: DisksDeps): Disks => {
  const told = new WeakMap<Agent, Told>();
  const looking = new WeakSet<Agent>();

  /** Whoever speaks again is well: nothing shows that its newest words are lost. */
  const spoke = async (agent: Agent, { turn }: Told): Promise<void> => {
    told.delete(agent);
    const brief = await port.brief(agent.session);
    if (brief?.generation === agent.generation && brief.turn?.id === turn)
      await agent.report({ facts: [{ fact: "stalled", reason: null }] });
  };

  const look = async (agent: Agent): Promise<void> => {
    const before = told.get(agent);
    if (before !== undefined && before.heardAt !== agent.heardAt) return spoke(agent, before);
    const { heardAt, host } = agent;
    if (clock.now() - (heardAt ?? 0) < SILENT_MS) return;
    const brief = await port.brief(agent.session);
    const turn = brief?.generation === agent.generation ? brief.turn?.id : undefined;
    const known = before?.turn === turn ? before : undefined;
    if (turn === undefined || brief?.process !== "running") return void told.delete(agent);
    const found = await room(host);
    if (found === "unknown" || found === (known?.room ?? "enough")) return;
    told.set(agent, { turn, heardAt, room: found });
    await agent.report({ facts: found === "full" ? fullFacts(host) : lostFacts(host) });
  };

  return {
    tick: () => {
      for (const agent of hands.all()) {
        if (agent.over || looking.has(agent)) continue;
        looking.add(agent);
        look(agent)
          .catch((error: unknown) =>
            log("debug", "what a full disk did was not recorded", {
              session: agent.session,
              error: String(error),
            }),
          )
          .finally(() => looking.delete(agent));
      }
    },
    mayHaveLost: (agent) => {
      const last = told.get(agent);
      return last?.room === "enough" && last.heardAt === agent.heardAt;
    },
  };
};
