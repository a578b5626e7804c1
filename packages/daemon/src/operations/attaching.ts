/** Finds the terminal that a socket asks for, before it is upgraded. */
import { refuse } from "@skein/contract";
import type { OpenTerminal } from "../server/ports.ts";
import { findTerminal, portOf, viewLive } from "./finding-terminals.ts";
import { inContract } from "./operate.ts";
import { notForOwn, ownerOf } from "./own.ts";
import { identityOf, type OperationDeps } from "./ports.ts";

const admitTarget = (where: "terminal" | "session" | "task", ref: string): void => {
  // There are no tasks yet.
  if (where === "task")
    throw refuse(
      "terminal_not_found",
      `There is no task ${JSON.stringify(ref)}: Skein has none yet.`,
      "See which terminals there are with `skein terminal list`.",
    );
};

const notHeld = (id: string, isKnown: boolean) =>
  isKnown
    ? refuse(
        "terminal_not_found",
        `tmux holds the terminal ${id} no longer.`,
        "Open it again with `skein terminal open`.",
        { terminal: id },
      )
    : refuse(
        "terminal_unavailable",
        "tmux, or the host that the terminal is on, does not answer.",
        "Try again in a moment; what runs there goes on.",
        { terminal: id },
      );

export const attachWith =
  (deps: OperationDeps): OpenTerminal =>
  async ({ where, ref, caller, ask, client, mayType }) => {
    // It reaches as far as its host's user.
    if (ownerOf(caller) !== null) throw notForOwn("A terminal");
    admitTarget(where, ref);
    const record = await findTerminal(deps, ref);
    const port = portOf(deps, record.host);
    const held = await port.held().catch((error: unknown) => {
      throw inContract(error);
    });
    if (held === null || held.every(({ id }) => id !== record.id))
      throw notHeld(record.id, held !== null);
    const { id: terminal } = record;
    return (line) =>
      port.attach(
        {
          terminal,
          who: identityOf(caller),
          client,
          mayType,
          ask,
          describe: (live) => viewLive(record, live),
        },
        line,
      );
  };
