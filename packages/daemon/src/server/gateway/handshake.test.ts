/** The rows of the conformance table that hold without device pairing (gateway 2026.9.6, protocol 4). */
import { describe, expect, test } from "vitest";
import { Scope } from "@skein/contract";
import { narrowed, readHandshake } from "./handshake.ts";

const params = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "cli", version: "2026.9.6", platform: "linux", deviceFamily: "Linux", mode: "cli" },
  caps: [],
  auth: { token: "t" },
  role: "operator",
  scopes: ["operator.read"],
};
const connect = (change: object = {}) => ({
  type: "req",
  id: "1",
  method: "connect",
  params: { ...params, ...change },
});
const read = (change: object = {}, hasOrigin = false) => readHandshake(connect(change), hasOrigin);
const device = { id: "d", publicKey: "k", signature: "s", signedAt: 1, nonce: "n" };

test("what the measured CLI sends is understood", () => {
  expect(read()).toEqual({
    ok: true,
    id: "1",
    token: "t",
    scopes: ["operator.read"],
    client: "cli",
  });
});

test("either field carries the secret, and protocols 3 to 5 include ours", () => {
  expect(read({ auth: { password: "p" } })).toMatchObject({ ok: true, token: "p" });
  expect(read({ minProtocol: 3, maxProtocol: 5 })).toMatchObject({ ok: true });
  expect(read({ auth: {} })).toMatchObject({ ok: true, token: null });
  expect(read({ auth: undefined })).toMatchObject({ ok: true, token: null });
});

test.each<[object, string, string, string | undefined, number]>([
  [
    { minProtocol: 3, maxProtocol: 3 },
    "INVALID_REQUEST",
    "protocol mismatch",
    "PROTOCOL_MISMATCH",
    1002,
  ],
  [
    { minProtocol: 5, maxProtocol: 5 },
    "INVALID_REQUEST",
    "protocol mismatch",
    "PROTOCOL_MISMATCH",
    1002,
  ],
  [
    { client: { ...params.client, id: "nope" } },
    "INVALID_REQUEST",
    "invalid connect params: at /client/id: ",
    undefined,
    1008,
  ],
  [
    { foo: 1 },
    "INVALID_REQUEST",
    "invalid connect params: at root: unexpected property 'foo'",
    undefined,
    1008,
  ],
  [
    { auth: { token: null } },
    "INVALID_REQUEST",
    "invalid connect params: at /auth/token: ",
    undefined,
    1008,
  ],
  [
    { auth: { token: ["t"] } },
    "INVALID_REQUEST",
    "invalid connect params: at /auth/token: ",
    undefined,
    1008,
  ],
  [
    { auth: { token: 7 } },
    "INVALID_REQUEST",
    "invalid connect params: at /auth/token: ",
    undefined,
    1008,
  ],
  [{ role: "bogus" }, "INVALID_REQUEST", "invalid role", undefined, 1008],
  [{ role: "node" }, "NOT_PAIRED", "device identity required", "DEVICE_IDENTITY_REQUIRED", 1008],
  [{ role: "node", device }, "NOT_PAIRED", "pairing required", "PAIRING_REQUIRED", 1008],
  [
    { client: { ...params.client, id: "webchat-ui" } },
    "INVALID_REQUEST",
    "origin not allowed",
    "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    1008,
  ],
])("%j: %s", (change, code, message, detail, close) => {
  const result = read(change);
  if (result.ok) throw new Error("let in");
  expect(result.error.code).toBe(code);
  expect(result.error.message).toContain(message);
  expect(result.error.details?.["code"]).toBe(detail);
  expect(result.close).toBe(close);
});

test("a page of ours may be a webchat", () => {
  const client = { ...params.client, id: "webchat-ui" };
  expect(read({ client }, true)).toMatchObject({ ok: true });
});

test.each([
  { type: "req", id: "1", method: "health" },
  { type: "event", id: "1", event: "connect" },
  { id: "1", method: "connect", params },
  null,
  [],
  "connect",
  42,
])("%j is no first frame", (value) => {
  expect(readHandshake(value, false)).toMatchObject({
    ok: false,
    close: 1008,
    error: { message: "invalid handshake: first request must be connect" },
  });
});

describe("scopes", () => {
  test.each<[string[] | null, Scope[], string[]]>([
    [["operator.read"], ["operator.admin"], ["operator.read"]],
    [["operator.admin"], ["operator.admin"], ["operator.admin"]],
    [["operator.admin"], ["operator.read"], ["operator.read"]],
    [["operator.write"], ["operator.read"], ["operator.read"]],
    [["operator.approvals"], ["operator.write"], []],
    [
      ["operator.admin"],
      ["operator.write", "operator.approvals"],
      ["operator.read", "operator.write", "operator.approvals"],
    ],
    [["operator.pairing", "*", "operator.read"], ["operator.read"], ["operator.read"]],
    [[], ["operator.admin"], []],
    [null, ["operator.write"], ["operator.write"]],
  ])("asked %j of %j: %j", (asked, granted, expected) => {
    expect(narrowed(asked, granted)).toEqual(expected);
  });

  test("are never more than granted, whatever is asked", () => {
    const sets = Array.from({ length: 16 }, (_, bits) =>
      Scope.options.filter((_s, i) => (bits >> i) & 1),
    );
    for (const asked of sets) {
      for (const granted of sets) {
        const can = new Set(granted.flatMap((scope) => implied[scope]));
        for (const scope of narrowed(asked, granted)) {
          for (const part of implied[scope]) expect(can.has(part)).toBe(true);
        }
      }
    }
  });
});

const implied: Record<Scope, Scope[]> = {
  "operator.read": ["operator.read"],
  "operator.write": ["operator.read", "operator.write"],
  "operator.approvals": ["operator.approvals"],
  "operator.admin": [...Scope.options],
};
