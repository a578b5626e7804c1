/** The terminals of a host, as operations use them; and what becomes of them when their sessions go. */
import { shellEnvironment } from "../config/environment.ts";
import type { Engine } from "../engine/engine.ts";
import type { StoredEvent, Store } from "../engine/ports.ts";
import { readSessionRow } from "../engine/session-kind.ts";
import { readTerminalRow, terminalKind } from "../engine/small-kinds.ts";
import { sessionOf } from "../operations/finding-terminals.ts";
import type { TerminalsPort } from "../operations/ports.ts";
import { terminalOf } from "@skein/sdk";
import type { Building } from "./building.ts";
import type { Site } from "./site.ts";
import type { Sites } from "./sites.ts";

export const terminalsPort = ({ host, terminals }: Site): TerminalsPort => ({
  open: terminals.open,
  type: terminals.type,
  screen: terminals.screen,
  close: terminals.close,
  held: terminals.held,
  viewers: terminals.attachments.viewers,
  attach: terminals.attachments.attach,
  login: async () => {
    const env = await host.environment();
    return {
      argv: [env["SHELL"] ?? "/bin/sh", "-l"],
      env: shellEnvironment(env),
      folder: env["HOME"] ?? "/",
    };
  },
});

/** Surely nobody's: closed, or its session is deleted, or neither a terminal nor a session of that id was ever recorded. */
const isNobodys = async (store: Store, id: string): Promise<boolean> => {
  const row = await store.row("terminal", id);
  const session = await store.row("session", sessionOf(id));
  const isDeleted = session !== null && readSessionRow(session).view.deletedAt !== null;
  if (row !== null) return readTerminalRow(row).closedAt !== null || isDeleted;
  return session === null || isDeleted;
};

export type TerminalUpkeep = {
  /** Closes the terminals of sessions that were deleted. */
  published(events: readonly StoredEvent[]): void;
  /** Closes what a crash left in tmux. Rejects when the host does not answer. */
  tidy(site: Site): Promise<number>;
};

export const makeTerminalUpkeep = (
  { store, log }: Building,
  deps: { readonly engine: () => Engine; readonly sites: () => Sites },
): TerminalUpkeep => {
  const close = async (site: Site | undefined, id: string): Promise<void> => {
    await site?.terminals.close(id);
    const row = await store.row("terminal", id);
    if (row === null || readTerminalRow(row).closedAt !== null) return;
    await deps
      .engine()
      .dispatch(
        terminalKind,
        id,
        { type: "close", terminal: id },
        { actor: "skein", answer: () => undefined },
      );
  };

  const ofDeleted = async (session: string): Promise<void> => {
    const row = await store.row("session", session);
    if (row === null) return;
    await close(deps.sites().get(readSessionRow(row).view.host), terminalOf(session));
  };

  return {
    published: (events) => {
      for (const { type, stream } of events)
        if (type === "session.deleted")
          // What cannot be closed now is closed when its host is looked after next.
          ofDeleted(stream).catch((error: unknown) =>
            log("info", "a deleted session's terminal is closed later", {
              session: stream,
              error: String(error),
            }),
          );
    },
    tidy: async (site) => {
      // A terminal is started before it is recorded: only what was there before the record was read can be left over.
      const held = (await site.terminals.held()) ?? [];
      let closed = 0;
      for (const { id } of held) {
        if (site.terminals.isOpening(id) || !(await isNobodys(store, id))) continue;
        await close(site, id);
        closed += 1;
      }
      return closed + (await site.terminals.clear());
    },
  };
};
