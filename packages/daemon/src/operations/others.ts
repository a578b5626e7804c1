/** Reported facts, backends, and the daemon itself. */
import type { SessionInput } from "@skein/core";
import { sessionKind } from "../engine/session-kind.ts";
import type { Handlers } from "./handlers.ts";
import { admitHost } from "./admission.ts";
import { addressOf } from "./find.ts";
import type { OperationDeps } from "./ports.ts";

export const otherHandlers = (deps: OperationDeps): Pick<Handlers, Other> => ({
  "events.append": async (input, caller) => {
    const session = await addressOf(deps.store, input.session);
    const events = await deps.engine.append(
      sessionKind,
      session,
      input.events,
      (fresh): SessionInput => ({ type: "report", events: fresh }),
      caller.actor,
    );
    return { events: [...events] };
  },

  "backends.list": async ({ host }) => ({
    backends: [...(await (await admitHost(deps, host)).backends.list())],
  }),
  "backends.refresh": async ({ host }) => ({
    backends: [...(await (await admitHost(deps, host)).backends.refresh())],
  }),

  "system.status": async () => {
    const { daemon, store } = deps;
    const approvals = await store.counts("approval");
    return {
      version: daemon.version,
      pid: daemon.pid,
      address: daemon.address(),
      socket: daemon.socket(),
      home: daemon.home,
      startedAt: new Date(daemon.startedAt).toISOString(),
      position: await store.head(),
      sessions: { ...(await store.counts("session")) },
      openApprovals: approvals["open"] ?? 0,
      watchers: daemon.watchers(),
      memoryBytes: daemon.memory(),
      health: [...daemon.health()],
    };
  },

  "system.stop": async () => {
    deps.daemon.stop();
    return { stopping: true as const };
  },

  "system.loginLink": async () => {
    const { url, expiresAt } = deps.daemon.loginLink();
    return { url, expiresAt: new Date(expiresAt).toISOString() };
  },
});

type Other =
  | "events.append"
  | "backends.list"
  | "backends.refresh"
  | "system.status"
  | "system.stop"
  | "system.loginLink";
