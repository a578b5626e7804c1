/** Credentials for callers that do not come through the unix socket. 256 bit, shown once, kept as a hash. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { ClientId, Instant, TokenId } from "./primitives.ts";
import { Reach, Scope } from "./scopes.ts";

export const Token = z.object({
  id: TokenId,
  label: z.string(),
  scopes: z.array(Scope),
  sessions: Reach,
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});
export type Token = z.infer<typeof Token>;

export const tokenOperations = {
  "tokens.create": operation({
    name: "tokens.create",
    summary:
      "Create a token; its secret is in this answer and nowhere else. No wider than the caller's own rights",
    kind: "write",
    scope: "operator.admin",
    http: { method: "POST", path: "/api/tokens" },
    input: z.strictObject({
      label: z.string().min(1).max(64),
      scopes: z.array(Scope).min(1).max(4),
      sessions: Reach.default("all"),
      expiresInMs: z
        .int()
        .min(1_000)
        .max(10 * 365 * 24 * 3_600_000)
        .optional(),
    }),
    output: z.object({ token: Token, secret: z.string() }),
    errors: ["forbidden"],
    tool: false,
    example: { label: "laptop", scopes: ["operator.read"] },
  }),
  "tokens.list": operation({
    name: "tokens.list",
    summary:
      "Tokens without their secrets: those in force, newest first, then the newest revoked ones",
    kind: "read",
    scope: "operator.admin",
    http: { method: "GET", path: "/api/tokens" },
    input: z.strictObject({}),
    output: z.object({ tokens: z.array(Token) }),
    errors: [],
    tool: false,
    example: {},
  }),
  "tokens.revoke": operation({
    name: "tokens.revoke",
    summary: "Revoke a token; its live connections are closed at once",
    kind: "write",
    scope: "operator.admin",
    http: { method: "DELETE", path: "/api/tokens/{token}" },
    input: z.strictObject({ token: TokenId, clientId: ClientId.optional() }),
    output: z.object({ token: Token }),
    errors: ["token_not_found"],
    tool: false,
    example: { token: "tok_01k0abcdefghjkmnpqrstvwxyz" },
  }),
};
