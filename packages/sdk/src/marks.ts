/** The marks that all processes of an owner carry in their environment: what starts them adds these, and a scan looks for them. */
import type { Owner } from "./host.ts";

export const marksOf = (home: string, owner: Owner): Record<string, string> => ({
  SKEIN_HOME: home,
  SKEIN_SESSION: owner.session,
  SKEIN_GENERATION: String(owner.generation),
});
