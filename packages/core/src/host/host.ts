/** A host that a person added: what it is called, where Skein's folder lies there, and what was found on it last. */
import { LOCAL_HOST, problem, type HostCheck, type NewEvent } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";

export type HostState = {
  readonly name: string;
  readonly home: string;
  readonly check: HostCheck | null;
  readonly addedAt: string;
  readonly removedAt: string | null;
};

export type HostInput =
  /** It was reached and looked at before: `check` is what was found. */
  | {
      readonly type: "add";
      readonly host: string;
      readonly home: string;
      readonly check: HostCheck;
    }
  | { readonly type: "check"; readonly host: string; readonly check: HostCheck }
  | { readonly type: "remove"; readonly host: string };

const decision = (events: readonly NewEvent[]): Decision => ({
  ok: true,
  events,
  effects: [],
  claims: { take: [], release: [] },
  result: {},
});

const unknown = (host: string): Rejection =>
  rejection(
    problem("host_unknown", `There is no host ${host}.`, "List them with `skein host list`."),
  );

/** `local` is there without having been added, and is never removed. */
const isThere = (state: HostState | null, host: string): boolean =>
  host === LOCAL_HOST || (state !== null && state.removedAt === null);

export const decideHost = (
  state: HostState | null,
  input: HostInput,
  context: Context,
): Decision | Rejection => {
  const { host } = input;
  const by = context.actor;
  if (input.type === "add") {
    if (isThere(state, host)) {
      return rejection(
        problem(
          "host_known",
          `The host ${host} is there already.`,
          `Look with \`skein host check ${host}\`.`,
        ),
      );
    }
    return decision([
      { type: "host.added", data: { host, home: input.home, by } },
      { type: "host.checked", data: { host, check: input.check } },
    ]);
  }
  if (!isThere(state, host)) return unknown(host);
  if (input.type === "check")
    return decision([{ type: "host.checked", data: { host, check: input.check } }]);
  if (host === LOCAL_HOST) {
    return rejection(
      problem(
        "host_in_use",
        "local is the machine that the daemon itself runs on.",
        "Stop the daemon with `skein down`, if that is meant.",
      ),
    );
  }
  return decision([{ type: "host.removed", data: { host, by } }]);
};

export const evolveHost = (
  state: HostState | null,
  event: NewEvent,
  at: string,
): HostState | null => {
  if (event.type === "host.added") {
    const { host: name, home } = event.data;
    return { name, home, check: null, addedAt: at, removedAt: null };
  }
  if (event.type === "host.checked") {
    const { host: name, check } = event.data;
    // `local`, looked at for the first time.
    const before = state ?? { name, home: "", addedAt: at, removedAt: null };
    return { ...before, check };
  }
  if (event.type === "host.removed" && state !== null) return { ...state, removedAt: at };
  return state;
};
