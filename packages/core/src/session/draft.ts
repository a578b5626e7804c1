/**
 * A decision in the making: each event is applied at once, so that the next line of a decision sees what the last one did.
 * Lives only inside one call of `decide`.
 */
import type { NewEvent, SessionStatus } from "@skein/contract";
import type { Context, Decision } from "../decision.ts";
import type { Effect, EffectBody } from "../effect.ts";
import { evolveSession } from "./evolve.ts";
import type { SessionState } from "./state.ts";

export type Draft = {
  readonly context: Context;
  readonly state: SessionState;
  emit(event: NewEvent): void;
  effect(body: EffectBody): void;
  take(name: string): void;
  release(name: string): void;
  /** Records a status, unless it says what the last one said. A deleted session has had its last. */
  status(
    status: Pick<SessionStatus, "state" | "reason" | "source"> & {
      readonly waitingFor?: SessionStatus["waitingFor"];
    },
  ): void;
  done(result?: Readonly<Record<string, unknown>>): Decision;
};

export const makeDraft = (initial: SessionState, context: Context): Draft => {
  let state = initial;
  const events: NewEvent[] = [];
  const effects: Effect[] = [];
  const take: string[] = [];
  const release: string[] = [];
  const emit = (event: NewEvent): void => {
    events.push(event);
    state = evolveSession(state, event, context.now);
  };
  return {
    context,
    get state() {
      return state;
    },
    emit,
    effect: (body) => {
      effects.push({
        ...body,
        id: context.id("eff"),
        session: state.view.id,
        generation: state.view.generation,
      });
    },
    take: (name) => take.push(name),
    release: (name) => release.push(name),
    status: ({ state: next, reason, source, waitingFor = null }) => {
      const now = state.view.status;
      if (state.view.deletedAt !== null) return;
      if (now.state === next && now.reason === reason && now.waitingFor === waitingFor) return;
      emit({
        type: "session.status",
        data: { state: next, waitingFor, reason, source, since: context.now },
      });
    },
    done: (result = {}) => ({ ok: true, events, effects, claims: { take, release }, result }),
  };
};
