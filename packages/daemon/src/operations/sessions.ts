/** Commands on sessions. */
import { LIMITS, refuse, type Session } from "@skein/contract";
import { proposeNames, type SessionInput, type SessionState } from "@skein/core";
import { sessionKind } from "../engine/session-kind.ts";
import type { Handlers } from "./handlers.ts";
import {
  admitBackend,
  admitFolder,
  admitModel,
  admitPermissions,
  admitPrompt,
} from "./admission.ts";
import { findSession, findSessionId } from "./find.ts";
import type { Caller, OperationDeps } from "./ports.ts";

const LOCAL = "local";
const NAMES_PROPOSED = 24;
const NAME_TRIES = 200;

type Answer = { session: Session };

const asView = (state: SessionState): Answer => ({ session: state.view });

/** A command on an existing session, once for each clientId. */
const command = async <T = Answer>(
  deps: OperationDeps,
  caller: Caller,
  operation: string,
  input: { readonly session: string; readonly clientId?: string | undefined },
  make: (id: string) => SessionInput | Promise<SessionInput>,
  answer: (state: SessionState, result: Readonly<Record<string, unknown>>) => T = asView as never,
  names?: readonly string[],
): Promise<T> =>
  deps.engine.receipts.once(
    { actor: caller.actor, clientId: input.clientId, operation, input },
    async (receipt) => {
      const id = await findSessionId(deps.store, input.session);
      return deps.engine.dispatch(sessionKind, id, await make(id), {
        actor: caller.actor,
        receipt,
        answer,
        ...(names === undefined ? {} : { names }),
      });
    },
  );

type NewSession = Omit<Extract<SessionInput, { type: "create" }>, "type" | "id" | "names">;

const begin = async (
  deps: OperationDeps,
  caller: Caller,
  fields: NewSession,
  receipt: Parameters<Parameters<OperationDeps["engine"]["receipts"]["once"]>[1]>[0],
): Promise<Answer> => {
  const luck = deps.random();
  for (let tries = 0; tries < NAME_TRIES; tries++) {
    const id = deps.id("ses");
    const names =
      fields.name === null ? proposeNames(luck, NAMES_PROPOSED, tries * NAMES_PROPOSED * 7) : [];
    try {
      return await deps.engine.dispatch(
        sessionKind,
        id,
        { type: "create", id, ...fields, names },
        {
          actor: caller.actor,
          names: fields.name === null ? names : [fields.name],
          receipt,
          answer: asView,
        },
      );
    } catch (error) {
      const taken = (error as { problem?: { code?: string } }).problem?.code === "name_taken";
      if (!taken || fields.name !== null) throw error;
    }
  }
  throw refuse("overloaded", "No free name was found.", "Choose one with name.");
};

export const sessionHandlers = (deps: OperationDeps): Pick<Handlers, SessionCommand> => ({
  "sessions.create": (input, caller) =>
    deps.engine.receipts.once(
      { actor: caller.actor, clientId: input.clientId, operation: "sessions.create", input },
      async (receipt) => {
        admitPermissions(input, caller);
        await admitFolder(deps, input.folder);
        const backend = await admitBackend(deps, input.backend);
        admitModel(backend, input.model, input.effort);
        const parent =
          input.parent === undefined ? null : await findSessionId(deps.store, input.parent);
        return begin(
          deps,
          caller,
          {
            backend: input.backend,
            host: LOCAL,
            folder: input.folder,
            name: input.name ?? null,
            model: input.model ?? null,
            effort: input.effort ?? null,
            permissions: input.permissions,
            description: input.description ?? null,
            tags: input.tags,
            parent,
            fork: null,
          },
          receipt,
        );
      },
    ),

  "sessions.fork": (input, caller) =>
    deps.engine.receipts.once(
      { actor: caller.actor, clientId: input.clientId, operation: "sessions.fork", input },
      async (receipt) => {
        const { view } = await findSession(deps.store, input.session);
        admitFork(view);
        admitPermissions(view, caller);
        await admitFolder(deps, view.folder);
        return begin(
          deps,
          caller,
          {
            backend: view.backend,
            host: view.host,
            folder: view.folder,
            name: input.name ?? null,
            model: view.model,
            effort: view.effort,
            permissions: view.permissions,
            description: input.description ?? view.description,
            tags: view.tags,
            parent: view.parent,
            fork: { session: view.id, providerSessionId: view.providerSessionId! },
          },
          receipt,
        );
      },
    ),

  "sessions.send": (input, caller) => {
    admitPrompt(input.text, LIMITS.promptBytes);
    return command(
      deps,
      caller,
      "sessions.send",
      input,
      async (id) => {
        const { view } = await findSession(deps.store, id);
        const backend = await deps.backends.get(view.backend);
        const capabilities = backend?.capabilities ?? {
          steer: false,
          fork: false,
          resume: false,
          questions: false,
        };
        return {
          type: "send",
          text: input.text,
          how: input.how,
          capabilities,
          queueLimit: LIMITS.queuedPrompts,
        };
      },
      (state, result) => ({
        session: state.view,
        prompt: String(result["prompt"]),
        delivery: result["delivery"] as "started" | "queued" | "steered",
      }),
    );
  },

  "sessions.interrupt": (input, caller) =>
    command(
      deps,
      caller,
      "sessions.interrupt",
      input,
      () => ({ type: "interrupt", clearQueue: input.clearQueue }),
      (state, result) => ({
        session: state.view,
        interrupted: result["interrupted"] === true,
        dropped: Number(result["dropped"]),
      }),
    ),

  "sessions.stop": (input, caller) =>
    command(deps, caller, "sessions.stop", input, () => ({ type: "stop" })),

  "sessions.resume": (input, caller) =>
    command(deps, caller, "sessions.resume", input, async (id) => {
      const { view, process } = await findSession(deps.store, id);
      if (process === "none") {
        await admitFolder(deps, view.folder);
        await admitBackend(deps, view.backend);
      }
      return { type: "resume" };
    }),

  "sessions.rename": (input, caller) =>
    command(
      deps,
      caller,
      "sessions.rename",
      input,
      () => ({
        type: "rename",
        name: input.name ?? null,
        description: input.description,
        tags: input.tags ?? null,
      }),
      asView,
      input.name === undefined ? [] : [input.name],
    ),

  "sessions.delete": (input, caller) =>
    command(deps, caller, "sessions.delete", input, () => ({ type: "delete" })),
});

const admitFork = (view: Session): void => {
  if (view.deletedAt !== null)
    throw refuse(
      "session_deleted",
      `The session ${view.name} was deleted.`,
      "Create a new one with `skein create`.",
    );
  if (view.turn !== null)
    throw refuse(
      "session_busy",
      `${view.name} is in the middle of a turn.`,
      "Wait for it with `skein wait`, or interrupt it.",
    );
  if (view.providerSessionId === null || view.lastTurn === null) {
    throw refuse(
      "nothing_to_fork",
      `${view.name} has no conversation yet.`,
      "Send it something first, or create a new session.",
    );
  }
};

type SessionCommand =
  | "sessions.create"
  | "sessions.fork"
  | "sessions.send"
  | "sessions.interrupt"
  | "sessions.stop"
  | "sessions.resume"
  | "sessions.rename"
  | "sessions.delete";
