/** What an agent started for a turn, and left running. */
import type { ProcessRef, SessionContext } from "@skein/sdk";

/** Clocks of the kernel and ours differ by less than this. */
const slackMs = 1_000;

/**
 * An interrupt ends the commands of a turn that began at `since`; what the agent leaves alive is ended here. Commands run in
 * sessions of their own; helpers that it keeps share its session; what is older than the turn was not started by it.
 */
export const endCommands = async (
  { session, generation, backend }: SessionContext,
  process: ProcessRef | null,
  since: number,
): Promise<void> => {
  if (process === null) return;
  const { host, clock } = backend;
  const oldest = clock.now() - since + slackMs;
  const owner = { session: session.id, generation };
  await host.sweep(owner, (one) => one.session === process.pid || one.ageMs > oldest);
};
