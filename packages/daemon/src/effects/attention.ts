/**
 * Lets time decide for every session whose process this daemon looks after: also for one that has no agent in hand, because
 * its start, its stop or its adoption came to nothing.
 */
import type { Clock } from "@skein/sdk";
import type { Agent } from "./agent.ts";
import type { Away } from "./away.ts";
import type { Disks } from "./disks.ts";
import type { Hands, HandsDeps } from "./hands.ts";
import type { EffectsPort } from "./ports.ts";

export type Attention = {
  /** Its process begins, or is found. */
  begin(session: string): void;
  /** Something is done for it: it is looked after, if it was not yet. */
  keep(session: string): void;
  /** Not for those whose host does not answer. */
  tick(): void;
  /** Those that are looked after. */
  sessions(): readonly string[];
};

export const makeAttention = (deps: {
  readonly port: EffectsPort;
  readonly hands: Hands;
  readonly clock: Clock;
  readonly away: Away;
  readonly disks: Disks;
  readonly log: HandsDeps["log"];
}): Attention => {
  const { port, hands, clock, away, disks, log } = deps;
  /** When it began to be looked after, by the clock that stands still while the machine sleeps. */
  const since = new Map<string, number>();

  const look = async (session: string, began: number, agent: Agent | undefined) => {
    let host = agent?.host;
    if (agent === undefined) {
      const brief = await port.brief(session);
      if (brief === null || brief.process === "none") {
        // A start may have begun it anew meanwhile.
        if (since.get(session) === began) since.delete(session);
        return;
      }
      host = brief.host;
    }
    if (host !== undefined && away.has(host)) return;
    const heardAt = agent?.heardAt ?? null;
    await port.tick(session, {
      heardAt: heardAt === null ? null : new Date(heardAt).toISOString(),
      heldMs: clock.monotonic() - began,
      fleeting: agent?.fleeting ?? true,
      bereft: agent !== undefined && disks.mayHaveLost(agent),
    });
  };

  return {
    begin: (session) => void since.set(session, clock.monotonic()),
    keep: (session) => void (since.has(session) || since.set(session, clock.monotonic())),
    tick: () => {
      disks.tick();
      const held = new Map(hands.all().map((agent) => [agent.session, agent]));
      for (const [session, began] of since)
        look(session, began, held.get(session)).catch((error: unknown) =>
          log("debug", "a tick was refused", { session, error: String(error) }),
        );
    },
    sessions: () => [...since.keys()],
  };
};
