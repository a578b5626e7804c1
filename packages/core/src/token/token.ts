/** A credential: created with rights no wider than its creator's, revoked once and for ever. */
import {
  allows,
  problem,
  type NewEvent,
  type Reach,
  type Scope,
  type Token,
} from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";

export type TokenState = { readonly view: Token; readonly secret: string };

export type TokenInput =
  | {
      readonly type: "create";
      readonly id: string;
      readonly label: string;
      readonly scopes: readonly Scope[];
      readonly sessions: Reach;
      readonly expiresAt: string | null;
      /** SHA-256 of the secret, hex. The secret itself never comes here. */
      readonly secret: string;
      readonly creator: readonly Scope[];
    }
  | { readonly type: "revoke" };

const decision = (events: readonly NewEvent[], result: Decision["result"] = {}): Decision => ({
  ok: true,
  events,
  effects: [],
  claims: { take: [], release: [] },
  result,
});

export const decideToken = (
  state: TokenState | null,
  input: TokenInput,
  context: Context,
): Decision | Rejection => {
  if (input.type === "revoke") {
    if (state === null)
      return rejection(
        problem("token_not_found", "There is no such token.", "List them with `skein token list`."),
      );
    if (state.view.revokedAt !== null) return decision([]);
    return decision([{ type: "token.revoked", data: { token: state.view.id, by: context.actor } }]);
  }
  const wider = input.scopes.find((scope) => !allows(input.creator, scope));
  if (wider !== undefined) {
    return rejection(
      problem(
        "forbidden",
        `You do not have ${wider} yourself.`,
        "Ask for no more than your own scopes.",
      ),
    );
  }
  if (input.sessions === "own" && input.scopes.includes("operator.admin")) {
    return rejection(
      problem(
        "invalid_input",
        "A token for its own sessions cannot have operator.admin, which is for all of the daemon.",
        "Give it operator.write, and operator.approvals if it may decide what its agents ask.",
      ),
    );
  }
  return decision([
    {
      type: "token.created",
      data: {
        token: input.id,
        label: input.label,
        scopes: [...input.scopes],
        sessions: input.sessions,
        expiresAt: input.expiresAt,
        by: context.actor,
      },
    },
  ]);
};

/** `secret` is kept beside the event, never in it. */
export const evolveToken = (
  state: TokenState | null,
  event: NewEvent,
  at: string,
): TokenState | null => {
  if (event.type === "token.created") {
    const { token, label, scopes, sessions = "all", expiresAt } = event.data;
    return {
      view: { id: token, label, scopes, sessions, createdAt: at, expiresAt, revokedAt: null },
      secret: state?.secret ?? "",
    };
  }
  if (event.type === "token.revoked" && state !== null)
    return { ...state, view: { ...state.view, revokedAt: at } };
  return state;
};
