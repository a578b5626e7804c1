/** One thing that must hold for every agent. */
import type { Capabilities } from "@skein/contract";
import type { Fixture, Stage } from "./stage.ts";

export type Step = {
  readonly name: string;
  /** Only for agents that can. */
  readonly needs?: keyof Capabilities;
  /** Only where this is so. */
  readonly when?: (fixture: Fixture) => boolean;
  /** A daemon of its own, with these `sessions` settings: for steps that kill it, or that need another configuration. */
  readonly alone?: Readonly<Record<string, number>>;
  run(stage: Stage): Promise<void>;
};
