/** Commands on sessions. */
import { LIMITS, type Session } from "@skein/contract";
import type { SessionInput, SessionState } from "@skein/core";
import { sessionKind } from "../engine/session-kind.ts";
import type { Handlers } from "./handlers.ts";
import {
  admitBackend,
  admitFolder,
  admitPermissions,
  admitPrompt,
  admitRoom,
  admitWork,
} from "./admission.ts";
import { admitReturning } from "./capable.ts";
import { addressOf, findSession } from "./find.ts";
import { identityOf, type Caller, type OperationDeps } from "./ports.ts";

const incapable = { steer: false, fork: false, resume: false, questions: false };

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
    { caller: identityOf(caller), clientId: input.clientId, operation, input },
    async (receipt) => {
      const id = await addressOf(deps.store, input.session);
      return deps.engine.dispatch(sessionKind, id, await make(id), {
        actor: caller.actor,
        receipt,
        answer,
        ...(names === undefined ? {} : { names }),
      });
    },
  );

const send =
  (deps: OperationDeps): Handlers["sessions.send"] =>
  (input, caller) => {
    admitPrompt(input.text, LIMITS.promptBytes);
    return command(
      deps,
      caller,
      "sessions.send",
      input,
      async (id) => {
        const found = await findSession(deps.store, id);
        const { view } = found;
        admitPermissions(view, caller);
        await admitRoom(deps, view.host);
        const capabilities = deps.backends(view.host)?.capabilities(view.backend) ?? incapable;
        // An agent that is not configured any more is told of as that, by its start.
        if (deps.backends(view.host)?.ids.includes(view.backend) === true)
          admitReturning(found, capabilities);
        return {
          type: "send",
          text: input.text,
          how: input.how,
          capabilities,
          queueLimit: LIMITS.queuedPrompts,
          queueBytes: LIMITS.queuedBytes,
        };
      },
      (state, result) => ({
        session: state.view,
        prompt: String(result["prompt"]),
        delivery: result["delivery"] as "started" | "queued" | "steered",
      }),
    );
  };

export const sessionHandlers = (deps: OperationDeps): Pick<Handlers, SessionCommand> => ({
  "sessions.send": send(deps),

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
      admitPermissions(view, caller);
      const { host, backends } = await admitWork(deps, view.host);
      if (process === "none") {
        await admitFolder(host, view.folder);
        if (view.container === null) await admitBackend(backends, view.backend);
        else await deps.admitContainer(host.id, view.container, view);
        admitReturning({ view, process }, backends.capabilities(view.backend));
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
        group: input.group,
      }),
      asView,
      input.name === undefined ? [] : [input.name],
    ),

  "goals.set": (input, caller) => {
    admitPrompt(input.text, LIMITS.promptBytes);
    return command(deps, caller, "goals.set", input, async (id) => {
      admitPermissions((await findSession(deps.store, id)).view, caller);
      const { text, turnLimit, budget = null } = input;
      return { type: "goal.set", text, turnLimit, budget };
    });
  },

  "goals.change": (input, caller) =>
    command(deps, caller, "goals.change", input, async (id) => {
      if (input.action === "resume")
        admitPermissions((await findSession(deps.store, id)).view, caller);
      const { action, turnLimit, budget = null } = input;
      return { type: "goal.change", action, turnLimit, budget };
    }),

  "sessions.delete": (input, caller) =>
    command(deps, caller, "sessions.delete", input, () => ({ type: "delete" })),
});

type SessionCommand =
  | "sessions.send"
  | "sessions.interrupt"
  | "sessions.stop"
  | "sessions.resume"
  | "sessions.rename"
  | "goals.set"
  | "goals.change"
  | "sessions.delete";
