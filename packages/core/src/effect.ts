/**
 * What a decision wants done outside. Recorded with the decision, executed after the commit, reported back as facts.
 *
 * Every effect says what a crash of the daemon means for it:
 * - `replay-safe`: run again; whoever executes it must do nothing twice (it adopts, or the far side tells repeats apart);
 * - `process-bound`: it concerns one life of a process; when that is over it is retired, never repeated on the next one.
 */
import type { ApprovalRequest, Resolution } from "@skein/contract";

export type EffectBody =
  | {
      readonly kind: "agent.start";
      readonly how: "new" | "resume" | "fork";
      readonly forkFrom: string | null;
    }
  | {
      readonly kind: "agent.prompt";
      readonly turn: string;
      readonly prompt: string;
      readonly text: string;
    }
  | {
      readonly kind: "agent.steer";
      readonly turn: string;
      readonly prompt: string;
      readonly text: string;
    }
  | { readonly kind: "agent.interrupt"; readonly turn: string }
  | {
      readonly kind: "agent.answer";
      readonly approval: string;
      readonly request: string;
      readonly asked: ApprovalRequest;
      readonly resolution: Resolution;
    }
  | { readonly kind: "agent.stop"; readonly force: boolean }
  | { readonly kind: "agent.remove" };

export type EffectKind = EffectBody["kind"];

export type Effect = EffectBody & {
  readonly id: string;
  readonly session: string;
  readonly generation: number;
};

export const CRASH_CLASS: Readonly<Record<EffectKind, "replay-safe" | "process-bound">> = {
  "agent.start": "replay-safe",
  "agent.prompt": "process-bound",
  "agent.steer": "process-bound",
  "agent.interrupt": "process-bound",
  "agent.answer": "process-bound",
  "agent.stop": "replay-safe",
  "agent.remove": "replay-safe",
};
