/** What a caller may do. `operator.write` includes read; `operator.admin` includes all (OpenClaw protocol 4 names). */
import { z } from "zod";

export const Scope = z.enum([
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.admin",
]);
export type Scope = z.infer<typeof Scope>;

/** Which sessions a caller may touch, and see: all, or only those that were created with the same token. */
export const Reach = z
  .enum(["all", "own"])
  .describe("Which sessions it may see and touch. own: only those that were created with it");
export type Reach = z.infer<typeof Reach>;

const includes: Record<Scope, readonly Scope[]> = {
  "operator.read": ["operator.read"],
  "operator.write": ["operator.read", "operator.write"],
  "operator.approvals": ["operator.approvals"],
  "operator.admin": Scope.options,
};

/** Whether a caller who holds `held` may do what needs `needed`. An unknown scope grants nothing. */
export const allows = (held: readonly string[], needed: Scope): boolean =>
  held.some((scope) => (includes[scope as Scope] ?? []).includes(needed));
