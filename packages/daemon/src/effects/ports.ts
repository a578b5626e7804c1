/** What the effects room asks of the house. */
import type { Effect } from "../engine/ports.ts";
import type { Container, Program, SessionInterface } from "@skein/contract";
import type { Report } from "@skein/sdk";

/** A session as an adapter needs to know it, read after the commit that made the effect. */
export type SessionBrief = {
  readonly id: string;
  readonly name: string;
  readonly backend: string;
  readonly host: string;
  readonly interface: SessionInterface;
  readonly program: Program | null;
  readonly container: Container | null;
  readonly folder: string;
  readonly model: string | null;
  readonly effort: string | null;
  readonly permissions: "read-only" | "guarded" | "workspace" | "full";
  readonly providerSessionId: string | null;
  readonly forkFrom: string | null;
  readonly generation: number;
  readonly how: "new" | "resume" | "fork";
  readonly process: "none" | "starting" | "running" | "stopping";
  readonly deleted: boolean;
  /** Its host does not answer, as it was last told. */
  readonly unreachable: boolean;
  readonly turn: {
    readonly id: string;
    readonly prompt: string;
    readonly text: string;
    readonly accepted: boolean;
  } | null;
};

export type EffectsPort = {
  brief(session: string): Promise<SessionBrief | null>;
  checkpoint(session: string, generation: number): Promise<unknown>;
  /** Records facts. Rejects with a Refusal: `invalid_input` when the generation is over, `storage_full`, `shutting_down`. */
  observe(session: string, backend: string, generation: number, report: Report): Promise<void>;
  /** A steer that came too late becomes an ordinary prompt. */
  requeue(
    session: string,
    prompt: { readonly prompt: string; readonly text: string },
  ): Promise<void>;
  note(change: {
    readonly leases?: readonly string[];
    readonly settled?: readonly string[];
  }): Promise<void>;
  /**
   * Decides what time alone decides. `heardAt`: the last live word, ISO 8601; null when there was none. `heldMs`: so long this
   * daemon has looked after its process. `fleeting`: what was said would be lost with its process, or nobody can tell: it
   * is never put to sleep. `bereft`: what it said may be lost, and the end of its turn with it.
   */
  tick(
    session: string,
    seen: {
      readonly heardAt: string | null;
      readonly heldMs: number;
      readonly fleeting: boolean;
      readonly bereft: boolean;
    },
  ): Promise<void>;
  live(delta: {
    readonly session: string;
    readonly item: string;
    readonly kind: "message" | "reasoning" | "output";
    readonly text: string;
  }): void;
};

/** An effect as it comes back from the disk: `leased` says that a daemon had begun it. */
export type WaitingEffect = { readonly effect: Effect; readonly leased: boolean };
