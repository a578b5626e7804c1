/** What drivers see and say, on its way between the effects and the engine. */
import { LIMITS, type SessionStatus } from "@skein/contract";
import type { SessionFact, SessionInput } from "@skein/core";
import { readSessionRow, sessionKind } from "../engine/session-kind.ts";
import type { Engine } from "../engine/engine.ts";
import type { Store } from "../engine/ports.ts";
import type { FoundSession } from "./find.ts";

type Policy = {
  readonly idleMs: number;
  readonly silenceMs: number;
  readonly silenceLimitMs: number;
  readonly startLimitMs: number;
  readonly stopLimitMs: number;
};

/** Of an agent whose words may be lost: it is told to be silent, and its turn is ended, sooner than others. */
const BEREFT = { silenceMs: 60_000, silenceLimitMs: 120_000 };

/** Recorded as the one who did it, where no person did. */
const HOUSE = "skein";

export const makeAgentRecord = (deps: {
  readonly engine: Engine;
  readonly store: Store;
  readonly policy: Policy;
}) => {
  const { engine, store } = deps;
  const dispatch = (
    session: string,
    input: SessionInput,
    checkpoint?: { generation: number; value: unknown },
  ): Promise<void> =>
    engine.dispatch(sessionKind, session, input, {
      actor: HOUSE,
      answer: () => undefined,
      ...(checkpoint === undefined ? {} : { checkpoint }),
    });

  const session = async (id: string): Promise<FoundSession | null> => {
    const row = await store.row("session", id);
    return row === null ? null : readSessionRow(row);
  };

  return {
    session,
    checkpoint: async (id: string, generation: number): Promise<unknown> => {
      const text = await store.checkpoint(id, generation);
      return text === null ? null : (JSON.parse(text) as unknown);
    },
    observe: (
      id: string,
      generation: number,
      told: {
        readonly facts: readonly SessionFact[];
        readonly source: SessionStatus["source"];
        readonly checkpoint: unknown;
      },
    ): Promise<void> => {
      const { facts, source, checkpoint } = told;
      return dispatch(
        id,
        { type: "observe", generation, facts, source, approvalLimit: LIMITS.openApprovals },
        checkpoint === undefined ? undefined : { generation, value: checkpoint },
      );
    },
    requeue: (
      id: string,
      prompt: { readonly prompt: string; readonly text: string },
    ): Promise<void> =>
      dispatch(id, { type: "requeue", prompt: prompt.prompt, text: prompt.text, by: HOUSE }),
    tick: (
      id: string,
      {
        fleeting,
        bereft,
        ...seen
      }: {
        readonly heardAt: string | null;
        readonly heldMs: number;
        readonly fleeting: boolean;
        readonly bereft: boolean;
      },
    ): Promise<void> => {
      const patience = bereft ? BEREFT : {};
      const policy = { ...deps.policy, ...patience, ...(fleeting ? { idleMs: 0 } : {}) };
      return dispatch(id, { type: "tick", ...policy, ...seen });
    },
  };
};

export type AgentRecord = ReturnType<typeof makeAgentRecord>;
