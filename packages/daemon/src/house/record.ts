/** What the effects ask of the house, answered from the record. */
import type { AgentDriver } from "@skein/sdk";
import type { Config } from "../config/schema.ts";
import { recordable } from "../effects/observe.ts";
import type { EffectsPort, SessionBrief } from "../effects/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { Feed } from "../feed/ports.ts";
import type { AgentRecord } from "../operations/agents.ts";

/** What a driver may need beyond the times that it was given. */
const SLACK_MS = 10_000;

export const policyOf = ({ sessions }: Config) => ({
  idleMs: sessions.idleMinutes * 60_000,
  silenceMs: sessions.silenceMinutes * 60_000,
  silenceLimitMs: sessions.silenceLimitMinutes * 60_000,
  // A driver may try twice, each time for `startSeconds`; and what it says must be recorded.
  startLimitMs: 3 * sessions.startSeconds * 1000 + SLACK_MS,
  stopLimitMs: sessions.graceSeconds * 1000 + SLACK_MS,
});

const briefOf = (found: NonNullable<Awaited<ReturnType<AgentRecord["session"]>>>): SessionBrief => {
  const { view } = found;
  return {
    id: view.id,
    name: view.name,
    backend: view.backend,
    host: view.host,
    folder: view.folder,
    interface: view.interface,
    program: view.program,
    container: view.container,
    model: view.model,
    effort: view.effort,
    permissions: view.permissions,
    providerSessionId: view.providerSessionId,
    forkFrom: found.forkFrom,
    generation: view.generation,
    how: found.how,
    process: found.process,
    deleted: view.deletedAt !== null,
    unreachable: found.unreachable,
    turn:
      found.current === null || view.turn === null
        ? null
        : {
            id: view.turn.id,
            prompt: found.current.prompt,
            text: found.current.text,
            accepted: found.current.accepted,
          },
  };
};

export const effectsPort = (deps: {
  readonly record: AgentRecord;
  readonly engine: Engine;
  readonly feed: Feed;
  readonly drivers: readonly AgentDriver[];
  readonly noticeId: () => string;
}): EffectsPort => ({
  brief: async (session) => {
    const found = await deps.record.session(session);
    return found === null ? null : briefOf(found);
  },
  checkpoint: deps.record.checkpoint,
  observe: async (session, backend, generation, { facts, checkpoint, source = "protocol" }) => {
    const vendor = deps.drivers.find(({ id }) => id === backend)?.vendor;
    const context = { vendor, noticeId: deps.noticeId };
    const recorded = await Promise.all(facts.map((fact) => recordable(fact, context)));
    for (const fact of facts) if (fact.fact === "item") deps.feed.settle(session, fact.id);
    await deps.record.observe(session, generation, { facts: recorded, source, checkpoint });
  },
  requeue: deps.record.requeue,
  note: (change) => deps.engine.note(change),
  tick: deps.record.tick,
  live: (delta) => deps.feed.live(delta),
});
