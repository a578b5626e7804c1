import type { NewEvent, Reach, Scope } from "@skein/contract";
import { describe, expect, test } from "vitest";
import type { Context } from "../decision.ts";
import { decideToken, evolveToken, type TokenInput, type TokenState } from "./token.ts";

const context: Context = {
  now: "2026-03-01T08:00:00.000Z",
  actor: "local",
  id: (prefix) => `${prefix}_00000000000000000000000001`,
  taken: () => false,
};

const creation = (scopes: Scope[], creator: Scope[], sessions: Reach = "all"): TokenInput => ({
  type: "create",
  id: "tok_00000000000000000000000001",
  label: "ci",
  scopes,
  sessions,
  expiresAt: null,
  secret: "0123abcd",
  creator,
});

const after = (events: readonly NewEvent[], before: TokenState | null = null) =>
  events.reduce<TokenState | null>(
    (state, event) => evolveToken(state, event, context.now),
    before,
  );

const made = (): TokenState => {
  const decision = decideToken(null, creation(["operator.read"], ["operator.admin"]), context);
  const state = decision.ok ? after(decision.events) : null;
  if (state === null) throw new Error("no token was made");
  return state;
};

describe("a token", () => {
  test("is made with what it may do, and without its secret in the log", () => {
    const decision = decideToken(null, creation(["operator.read"], ["operator.admin"]), context);
    expect(JSON.stringify(decision)).not.toContain("0123abcd");
    expect(made().view).toEqual({
      id: "tok_00000000000000000000000001",
      label: "ci",
      scopes: ["operator.read"],
      sessions: "all",
      createdAt: context.now,
      expiresAt: null,
      revokedAt: null,
    });
  });

  test("may do no more than whoever makes it", () => {
    const decision = decideToken(
      null,
      creation(["operator.read", "operator.admin"], ["operator.read", "operator.write"]),
      context,
    );
    expect(decision).toMatchObject({ ok: false, problem: { code: "forbidden" } });
  });

  test("for its own sessions stays one, and is never one for all of the daemon", () => {
    const own = decideToken(null, creation(["operator.write"], ["operator.admin"], "own"), context);
    expect(own.ok && after(own.events)?.view.sessions).toBe("own");
    const all = creation(["operator.write", "operator.admin"], ["operator.admin"], "own");
    expect(decideToken(null, all, context)).toMatchObject({
      ok: false,
      problem: { code: "invalid_input" },
    });
  });

  test("that was made before there were such limits may touch all sessions", () => {
    const decision = decideToken(null, creation(["operator.read"], ["operator.admin"]), context);
    const events = decision.ok ? decision.events : [];
    const old = events.map(({ data, ...event }) => {
      const { sessions: _, ...rest } = data as { sessions?: Reach };
      return { ...event, data: rest } as NewEvent;
    });
    expect(after(old)?.view.sessions).toBe("all");
  });

  test("is revoked once and for ever", () => {
    const first = decideToken(made(), { type: "revoke" }, context);
    if (!first.ok) throw new Error("refused");
    const revoked = after(first.events, made());
    expect(revoked?.view.revokedAt).toBe(context.now);
    expect(decideToken(revoked, { type: "revoke" }, context)).toMatchObject({ events: [] });
  });

  test("that does not exist cannot be revoked", () => {
    expect(decideToken(null, { type: "revoke" }, context)).toMatchObject({
      ok: false,
      problem: { code: "token_not_found" },
    });
  });

  test("keeps the secret that is kept beside it", () => {
    const state = { ...made(), secret: "hash" };
    const decision = decideToken(state, { type: "revoke" }, context);
    expect(decision.ok ? after(decision.events, state)?.secret : null).toBe("hash");
  });
});
