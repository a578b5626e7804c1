/**
 * Hosts that do not answer. What is to be done there waits, and goes on as soon as they are back; an agent there is not dead,
 * and time decides nothing about it.
 */
import { isAdapterFailure, type Clock, type Fact, type Reach } from "@skein/sdk";
import type { EffectsPort } from "./ports.ts";

/** Whether a person has forgotten the host: nothing will ever be done there. */
export const isForgotten = (error: unknown): boolean =>
  isAdapterFailure(error) && error.failure.code === "host_unknown";

export type Away = {
  /** Whether this host is known not to answer. */
  has(host: string): boolean;
  changed(host: string, reach: Reach): void;
  /** Waits so long, but no longer than until some host is back. */
  pause(ms: number): Promise<void>;
};

export const makeAway = (clock: Clock): Away => {
  const hosts = new Set<string>();
  const waiting = new Set<() => void>();
  return {
    has: (host) => hosts.has(host),
    changed: (host, { state }) => {
      if (state === "unreachable") return void hosts.add(host);
      hosts.delete(host);
      for (const wake of waiting) wake();
    },
    pause: async (ms) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(ms, resolve);
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
      cancel();
    },
  };
};

type Generation = { readonly session: string; readonly generation: number };

/**
 * Tells it of a generation that may not be in hand. Never of one that is over; never rejects. A reason that is told again
 * changes nothing.
 */
export const tellOf = async (
  deps: {
    readonly port: EffectsPort;
    readonly log: (level: "info", message: string, fields?: Record<string, unknown>) => void;
  },
  { session, generation }: Generation,
  fact: Fact,
): Promise<void> => {
  try {
    const brief = await deps.port.brief(session);
    if (brief === null || brief.process === "none" || brief.generation !== generation) return;
    if (fact.fact === "reachable" && !brief.unreachable) return;
    await deps.port.observe(session, brief.backend, generation, { facts: [fact] });
  } catch (error) {
    deps.log("info", "what became of its host was not recorded", { session, error: String(error) });
  }
};
