/** How sessions come to be: created, or forked from another. */
import { refuse, type Session } from "@skein/contract";
import { conversationClaim, proposeNames, type SessionInput, type SessionState } from "@skein/core";
import type { ReceiptKey } from "../engine/receipts.ts";
import { sessionKind } from "../engine/session-kind.ts";
import {
  admitAgent,
  admitFolder,
  admitWork,
  admitInterface,
  admitPermissions,
  admitProgram,
} from "./admission.ts";
import { admitForking } from "./capable.ts";
import { findSession, findSessionId } from "./find.ts";
import type { Handlers } from "./handlers.ts";
import { ownerOf } from "./own.ts";
import { identityOf, type Caller, type OperationDeps } from "./ports.ts";

const NAMES_PROPOSED = 24;
const NAME_TRIES = 200;

type NewSession = Omit<
  Extract<SessionInput, { type: "create" }>,
  "type" | "id" | "names" | "token"
>;

const isNameTaken = (error: unknown): boolean =>
  (error as { problem?: { code?: string } }).problem?.code === "name_taken";

/** A name that nobody chose may be taken while it is decided: then another one is tried. */
export const begin = async (
  deps: OperationDeps,
  caller: Caller,
  fields: NewSession,
  receipt: ReceiptKey | null,
): Promise<{ session: Session }> => {
  const luck = deps.random();
  const held = fields.adopt === null ? [] : [conversationClaim(fields, fields.adopt.conversation)];
  for (let tries = 0; tries < NAME_TRIES; tries++) {
    const id = deps.id("ses");
    const names =
      fields.name === null ? proposeNames(luck, NAMES_PROPOSED, tries * NAMES_PROPOSED) : [];
    try {
      return await deps.engine.dispatch(
        sessionKind,
        id,
        { type: "create", id, ...fields, names, token: ownerOf(caller) },
        {
          actor: caller.actor,
          names: [...(fields.name === null ? names : [fields.name]), ...held],
          receipt,
          answer: (state: SessionState) => ({ session: state.view }),
        },
      );
    } catch (error) {
      if (!isNameTaken(error) || fields.name !== null) throw error;
    }
  }
  throw refuse("overloaded", "No free name was found.", "Choose one with name.");
};

const admitFork = (view: Session): void => {
  if (view.deletedAt !== null) {
    throw refuse(
      "session_deleted",
      `The session ${view.name} was deleted.`,
      "Create a new one with `skein create`.",
    );
  }
  if (view.turn !== null) {
    throw refuse(
      "session_busy",
      `${view.name} is in the middle of a turn.`,
      "Wait for it with `skein wait`, or interrupt it.",
    );
  }
  if (view.providerSessionId === null || view.lastTurn === null) {
    throw refuse(
      "nothing_to_fork",
      `${view.name} has no conversation yet.`,
      "Send it something first, or create a new session.",
    );
  }
};

export const beginningHandlers = (
  deps: OperationDeps,
): Pick<Handlers, "sessions.create" | "sessions.fork"> => ({
  "sessions.create": (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "sessions.create", input },
      async (receipt) => {
        const { host, backends } = await admitWork(deps, input.host);
        const permissions = admitProgram(backends, input);
        admitPermissions({ permissions }, caller);
        await admitFolder(host, input.folder);
        const { agent, container } = await admitAgent(deps, host.id, backends, input);
        const { backend, folder, tags } = input;
        const fields = {
          backend,
          host: host.id,
          folder,
          interface: admitInterface(agent, input.interface),
          program: input.program ?? null,
          container,
          group: input.group ?? null,
          name: input.name ?? null,
          model: input.model ?? null,
          effort: input.effort ?? null,
          permissions,
          description: input.description ?? null,
          tags,
          parent: input.parent === undefined ? null : await findSessionId(deps.store, input.parent),
          adopt: null,
          fork: null,
        };
        return begin(deps, caller, fields, receipt);
      },
    ),

  "sessions.fork": (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "sessions.fork", input },
      async (receipt) => {
        const { view } = await findSession(deps.store, input.session);
        admitFork(view);
        admitPermissions(view, caller);
        const { host, backends } = await admitWork(deps, view.host);
        admitForking(view, backends.capabilities(view.backend));
        await admitFolder(host, view.folder);
        const { backend, folder, model, effort, permissions, tags, parent } = view;
        const fields = {
          backend,
          host: view.host,
          folder,
          interface: view.interface,
          program: view.program,
          container: view.container,
          group: view.group,
          model,
          effort,
          permissions,
          tags,
          parent,
          name: input.name ?? null,
          description: input.description ?? view.description,
          adopt: null,
          fork: { session: view.id, providerSessionId: view.providerSessionId! },
        };
        return begin(deps, caller, fields, receipt);
      },
    ),
});
