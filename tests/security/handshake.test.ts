/** The socket's handshake as measured on gateway 2026.9.6 (protocol 4), as far as it holds without device pairing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HelloOk, operationNames } from "@skein/contract";
import { TOKENS, openHouse, type House } from "./house.ts";
import { connectParams, dial, dialIn, type Dialled, type Wire } from "./wire.ts";

let house: House;
beforeAll(async () => {
  // Many of these fail on purpose, from one address.
  house = await openHouse({ limits: { authFailures: 1_000 } });
});
afterAll(() => house[Symbol.asyncDispose]());

const open = async (dialled?: Dialled): Promise<Wire> => {
  const wire = await dial(house.port, dialled);
  if (typeof wire === "number") throw new Error(`the upgrade was refused with ${wire}`);
  return wire;
};

test("the server speaks first: a challenge with a nonce and the time", async () => {
  const wire = await open();
  const frame = await wire.frame(() => true);
  expect(frame).toMatchObject({ type: "event", event: "connect.challenge" });
  expect(frame.payload?.["nonce"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs((frame.payload?.["ts"] as number) - Date.now())).toBeLessThan(10_000);
  wire.close();
});

test("a good token gets hello-ok, in the shape of the contract", async () => {
  const wire = await open();
  const params = connectParams(TOKENS.admin, {
    role: "operator",
    scopes: ["operator.read"],
    caps: [],
  });
  const { ok, payload } = await wire.call("connect", params);
  expect(ok).toBe(true);
  const hello = HelloOk.parse(payload);
  expect(hello.auth).toEqual({ role: "operator", scopes: ["operator.read"], method: "token" });
  expect(hello.policy).toEqual({
    maxPayload: 26_214_400,
    maxBufferedBytes: 52_428_800,
    tickIntervalMs: 30_000,
  });
  expect(hello.features.methods).toEqual([...operationNames]);
  wire.close();
});

test("compression is not negotiated although it is offered", async () => {
  const bytes = await house.socket();
  bytes.write(
    `GET / HTTP/1.1\r\nhost: 127.0.0.1:${house.port}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
  );
  const head = await new Promise<string>((resolve) =>
    bytes.once("data", (data) => resolve(data.toString())),
  );
  expect(head).toContain("101 Switching Protocols");
  expect(head.toLowerCase()).not.toContain("sec-websocket-extensions");
  bytes.destroy();
});

describe.each<[string, object, { code: string; message: RegExp; detail?: string; close: number }]>([
  [
    "no credential",
    connectParams(undefined, { auth: {} }),
    {
      code: "NOT_PAIRED",
      message: /^device identity required$/,
      detail: "DEVICE_IDENTITY_REQUIRED",
      close: 1008,
    },
  ],
  [
    "a wrong token",
    connectParams("wrong"),
    {
      code: "INVALID_REQUEST",
      message: /^unauthorized: gateway token mismatch \(/,
      detail: "AUTH_TOKEN_MISMATCH",
      close: 1008,
    },
  ],
  [
    "an empty token",
    connectParams(""),
    {
      code: "INVALID_REQUEST",
      message: /token mismatch/,
      detail: "AUTH_TOKEN_MISMATCH",
      close: 1008,
    },
  ],
  [
    "a token of 60,000 characters",
    connectParams("x".repeat(60_000)),
    {
      code: "INVALID_REQUEST",
      message: /token mismatch/,
      detail: "AUTH_TOKEN_MISMATCH",
      close: 1008,
    },
  ],
  [
    "a token that is null",
    connectParams(undefined, { auth: { token: null } }),
    { code: "INVALID_REQUEST", message: /at \/auth\/token/, close: 1008 },
  ],
  [
    "a token that is a list",
    connectParams(undefined, { auth: { token: [TOKENS.admin] } }),
    { code: "INVALID_REQUEST", message: /at \/auth\/token/, close: 1008 },
  ],
  [
    "a token that is a number",
    connectParams(undefined, { auth: { token: 1 } }),
    { code: "INVALID_REQUEST", message: /at \/auth\/token/, close: 1008 },
  ],
  [
    "protocol 3",
    connectParams(TOKENS.read, { minProtocol: 3, maxProtocol: 3 }),
    {
      code: "INVALID_REQUEST",
      message: /^protocol mismatch$/,
      detail: "PROTOCOL_MISMATCH",
      close: 1002,
    },
  ],
  [
    "protocol 5",
    connectParams(TOKENS.read, { minProtocol: 5, maxProtocol: 5 }),
    {
      code: "INVALID_REQUEST",
      message: /^protocol mismatch$/,
      detail: "PROTOCOL_MISMATCH",
      close: 1002,
    },
  ],
  [
    "an unknown client",
    connectParams(TOKENS.read, { client: { id: "x", version: "1", platform: "l", mode: "cli" } }),
    { code: "INVALID_REQUEST", message: /^invalid connect params: at \/client\/id/, close: 1008 },
  ],
  [
    "an unknown field",
    connectParams(TOKENS.read, { foo: 1 }),
    { code: "INVALID_REQUEST", message: /unexpected property 'foo'/, close: 1008 },
  ],
  [
    "a node without a device",
    connectParams(TOKENS.read, { role: "node" }),
    {
      code: "NOT_PAIRED",
      message: /device identity required/,
      detail: "DEVICE_IDENTITY_REQUIRED",
      close: 1008,
    },
  ],
  [
    "a bogus role",
    connectParams(TOKENS.read, { role: "bogus" }),
    { code: "INVALID_REQUEST", message: /^invalid role$/, close: 1008 },
  ],
])("%s", (_, params, expected) => {
  test(`is answered with ${expected.code} and closed with ${expected.close}`, async () => {
    const wire = await open();
    const { error } = await wire.call("connect", params);
    expect(error?.code).toBe(expected.code);
    expect(error?.message).toMatch(expected.message);
    expect(error?.details?.["code"]).toBe(expected.detail);
    expect((await wire.ended).code).toBe(expected.close);
  });
});

test("a token in auth.password, and protocols 3 to 5, are let in", async () => {
  for (const change of [
    { auth: { password: TOKENS.read } },
    { auth: { token: TOKENS.read }, minProtocol: 3, maxProtocol: 5 },
  ]) {
    const wire = await dialIn(house.port, undefined, { change });
    expect((await wire.call("sessions.list", {})).ok).toBe(true);
    wire.close();
  }
});

test("a junk device beside the token neither helps nor hinders", async () => {
  const device = { id: "d", publicKey: "k", signature: "s", signedAt: 1, nonce: "n" };
  (await dialIn(house.port, TOKENS.read, { change: { device } })).close();
  const wire = await open();
  const answer = await wire.call("connect", connectParams("wrong", { device }));
  expect(answer.error?.details?.["code"]).toBe("AUTH_TOKEN_MISMATCH");
});

test("the first request must be connect", async () => {
  const wire = await open();
  const { error } = await wire.call("health");
  expect(error?.message).toBe("invalid handshake: first request must be connect");
  expect((await wire.ended).code).toBe(1008);
});

test.each([
  ["no JSON", "hello", 1000],
  [
    "more than 64 KiB",
    JSON.stringify({ type: "req", id: "1", method: "connect", params: "x".repeat(70 * 1024) }),
    1009,
  ],
])("a first frame that is %s gets no answer", async (_, text, code) => {
  const wire = await open();
  await wire.frame((frame) => frame.event === "connect.challenge");
  wire.sendText(text);
  expect((await wire.ended).code).toBe(code);
  expect(wire.frames).toHaveLength(1);
});

test("64 KiB in small pieces before hello-ok are too many as well", async () => {
  const wire = await open();
  wire.websocket.on("error", () => {});
  const piece = Buffer.alloc(8 * 1024, 0x20);
  for (let i = 0; i < 10; i++) wire.websocket.send(piece, { fin: false, binary: false });
  expect([1006, 1009]).toContain((await wire.ended).code);
});

test("a token in the upgrade needs none in the frame; a wrong one does not get that far", async () => {
  const headers = { authorization: `Bearer ${TOKENS.write}` };
  const wire = await dialIn(house.port, undefined, { headers });
  expect((await wire.call("sessions.list", {})).ok).toBe(true);
  wire.close();
  for (const authorization of ["Bearer wrong", "Bearer ", "Basic eDp5", "Bearer null"]) {
    expect(await dial(house.port, { headers: { authorization } })).toBe(401);
  }
});

test("a wrong token in the frame is not saved by a good one in the upgrade", async () => {
  const wire = await open({ headers: { authorization: `Bearer ${TOKENS.admin}` } });
  const { error } = await wire.call("connect", connectParams("wrong"));
  expect(error?.details?.["code"]).toBe("AUTH_TOKEN_MISMATCH");
});

test("forwarding headers of an untrusted peer get 403 before the upgrade", async () => {
  expect(await dial(house.port, { headers: { "x-forwarded-for": "127.0.0.1" } })).toBe(403);
});

describe("errors after the handshake leave the socket open", () => {
  test("unknown methods, missing scopes, wrong params", async () => {
    const admin = await dialIn(house.port, TOKENS.admin);
    const reader = await dialIn(house.port, TOKENS.read);
    expect((await admin.call("nope.method")).error).toMatchObject({
      code: "INVALID_REQUEST",
      message: "unknown method: nope.method",
    });
    expect((await reader.call("nope.method")).error).toMatchObject({
      code: "FORBIDDEN",
      message: "missing scope: operator.admin",
      details: { code: "MISSING_SCOPE" },
    });
    expect((await reader.call("tokens.list", {})).error).toMatchObject({
      code: "FORBIDDEN",
      message: "missing scope: operator.admin",
      details: {
        code: "MISSING_SCOPE",
        missingScope: "operator.admin",
        requiredScopes: ["operator.admin"],
      },
    });
    const bad = await admin.call("sessions.get", { sesion: "x" });
    expect(bad.error?.code).toBe("INVALID_REQUEST");
    expect(bad.error?.message).toMatch(/^invalid sessions\.get params: /);
    expect(bad.error?.details?.["code"]).toBe("invalid_input");
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect((await admin.call(name)).error?.message).toBe(`unknown method: ${name}`);
    }
    expect((await admin.call("sessions.list", {})).ok).toBe(true);
    admin.close();
    reader.close();
  });

  test("but what is no frame at all ends it", async () => {
    for (const text of [
      "x",
      "[]",
      `{"type":"req","id":"1","id":"2","method":"sessions.list"}`,
      `{"__proto__":1}`,
    ]) {
      const wire = await dialIn(house.port, TOKENS.read);
      wire.sendText(text);
      expect((await wire.ended).code).toBe(1008);
    }
    const wire = await dialIn(house.port, TOKENS.read);
    wire.sendText(Buffer.from("{}"));
    expect((await wire.ended).code).toBe(1003);
  });
});

test("requests that arrive in one piece with connect wait for hello-ok and are then answered", async () => {
  const wire = await open();
  wire.send({ type: "req", id: "a", method: "connect", params: connectParams(TOKENS.read) });
  wire.send({ type: "req", id: "b", method: "sessions.list", params: {} });
  const answer = await wire.frame((frame) => frame.id === "b");
  expect(answer.ok).toBe(true);
  const order = wire.frames.map((frame) => frame.id).filter((id) => id !== undefined);
  expect(order).toEqual(["a", "b"]);
  wire.close();
});

test("the house's own line needs no token; one that is presented still decides", async () => {
  const wire = await dialIn(house.port, undefined, { unix: house.socketPath });
  expect((await wire.call("tokens.list", {})).ok).toBe(true);
  wire.close();
  const narrowed = await dialIn(house.port, TOKENS.read, { unix: house.socketPath });
  expect((await narrowed.call("tokens.list", {})).ok).toBe(false);
  narrowed.close();
});
