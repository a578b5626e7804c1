/** Tokens: made here, shown once, kept as a hash. */
import { createHash, randomBytes } from "node:crypto";
import { LIMITS, refuse } from "@skein/contract";
import type { TokenState } from "@skein/core";
import { tokenKind } from "../engine/small-kinds.ts";
import type { Row, Store } from "../engine/ports.ts";
import type { Handlers } from "./handlers.ts";
import { identityOf, type Caller, type OperationDeps } from "./ports.ts";

const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** What is written where no token acted; a token must not speak under these names. */
const RESERVED = ["local", "browser", "skein"];

/** A token that was made before there were such limits may touch all sessions. */
const readToken = (row: Row): TokenState => {
  const kept = JSON.parse(row.state) as TokenState;
  return { ...kept, view: { ...kept.view, sessions: kept.view.sessions ?? "all" } };
};

export const tokenHandlers = (
  deps: OperationDeps,
): Pick<Handlers, "tokens.create" | "tokens.list" | "tokens.revoke"> => ({
  "tokens.create": async (input, caller) => {
    if (RESERVED.includes(input.label.trim().toLowerCase())) {
      throw refuse(
        "invalid_input",
        `The label ${input.label} is Skein's own.`,
        "Choose another one.",
      );
    }
    const { rows } = await deps.store.rows({ kind: "token", limit: LIMITS.tokens });
    if (rows.length >= LIMITS.tokens)
      throw refuse(
        "overloaded",
        `There are ${LIMITS.tokens} tokens already.`,
        "Revoke some with `skein token revoke`.",
      );
    const id = deps.id("tok");
    const secret = `skein_${randomBytes(32).toString("base64url")}`;
    const hash = hashSecret(secret);
    const expiresAt =
      input.expiresInMs === undefined
        ? null
        : new Date(deps.now() + input.expiresInMs).toISOString();
    const token = await deps.engine.dispatch(
      tokenKind,
      id,
      {
        type: "create",
        id,
        label: input.label,
        scopes: input.scopes,
        sessions: input.sessions,
        expiresAt,
        secret: hash,
        creator: caller.scopes,
      },
      {
        actor: caller.actor,
        answer: (state) => state.view,
        amend: (state) => ({ ...state, secret: hash }),
      },
    );
    return { token, secret };
  },

  "tokens.list": async () => {
    const live = await deps.store.rows({ kind: "token", limit: LIMITS.tokens });
    const revoked = await deps.store.rows({ kind: "token", live: false, limit: LIMITS.tokens });
    return { tokens: [...live.rows, ...revoked.rows].map((row) => readToken(row).view) };
  },

  "tokens.revoke": (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "tokens.revoke", input },
      async (receipt) => {
        const revoked = await deps.engine.dispatch(
          tokenKind,
          input.token,
          { type: "revoke" },
          { actor: caller.actor, receipt, answer: (state) => ({ token: state.view }) },
        );
        deps.daemon.disconnect(input.token);
        return revoked;
      },
    ),
});

/** Who a secret belongs to; null when nobody, revoked or expired. */
export const authenticate = async (
  store: Store,
  secretHash: string,
  now: number,
): Promise<Caller | null> => {
  const row = await store.rowBySecret(secretHash);
  if (row === null) return null;
  const { view } = readToken(row);
  if (view.revokedAt !== null) return null;
  if (view.expiresAt !== null && Date.parse(view.expiresAt) <= now) return null;
  return { actor: view.label, scopes: view.scopes, sessions: view.sessions, token: view.id };
};
