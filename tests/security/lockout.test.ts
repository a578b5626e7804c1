/** Guessing: ten tries for an address, whatever they look like and wherever they arrive. */
import { describe, expect, test } from "vitest";
import { TOKENS, openHouse, type House } from "./house.ts";
import { connectParams, dial, dialIn, type Wire } from "./wire.ts";

const locked = async (house: House): Promise<boolean> =>
  (await house.ask({ path: "/api/sessions", token: TOKENS.admin })).status === 429;

/** Every optional field that a connect frame may have. */
const everyField = {
  client: {
    id: "gateway-client",
    displayName: "x",
    version: "1",
    buildId: "x",
    platform: "linux",
    deviceFamily: "Linux",
    modelIdentifier: "x",
    timeZone: "UTC",
    mode: "backend",
    instanceId: "x",
  },
  caps: ["approvals"],
  commands: [],
  permissions: {},
  pathEnv: "x",
  computerUse: {},
  workerRuns: {},
  role: "operator",
  scopes: ["operator.admin"],
  device: { id: "d", publicKey: "k", signature: "s", signedAt: 1, nonce: "n" },
  auth: {
    token: "guess",
    bootstrapToken: "guess",
    deviceToken: "guess",
    password: "guess",
    approvalRuntimeToken: "guess",
    agentRuntimeIdentityToken: "guess",
  },
  locale: "en",
  userAgent: "x",
};

const guess = async (house: House, params: object): Promise<number> => {
  const wire = await dial(house.port);
  if (typeof wire === "number") return wire;
  await wire.call("connect", params);
  return (await wire.ended).code;
};

const variants: [string, object][] = [
  ["a token alone", connectParams("guess")],
  ["every optional field present", connectParams("guess", everyField)],
  ...Object.entries(everyField)
    .filter(([field]) => field !== "auth")
    .map(([field, value]): [string, object] => [
      `the field ${field}`,
      connectParams("guess", { [field]: value }),
    ]),
  ...Object.keys(everyField.auth)
    .filter((field) => !/approvalRuntime|agentRuntime/.test(field))
    .map((field): [string, object] => [
      `auth.${field}`,
      connectParams(undefined, { auth: { [field]: "guess" } }),
    ]),
];

describe.each(variants)("guesses with %s", (_, params) => {
  test("are counted: the eleventh is not even looked at", async () => {
    await using house = await openHouse();
    for (let i = 0; i < 9; i++) expect(await guess(house, params)).toBe(1008);
    expect(await locked(house)).toBe(false);
    await guess(house, params);
    expect(await locked(house)).toBe(true);
    expect(await guess(house, params)).toBe(429);
  });
});

test("fields that carry no credential of ours are no way in and count as no credential", async () => {
  await using house = await openHouse();
  for (const field of ["approvalRuntimeToken", "agentRuntimeIdentityToken"]) {
    const wire = (await dial(house.port)) as Wire;
    const params = connectParams(undefined, { auth: { [field]: TOKENS.admin } });
    expect((await wire.call("connect", params)).error?.code).toBe("NOT_PAIRED");
  }
});

test("HTTP, upgrades, connect frames, cookies and login codes are counted together", async () => {
  await using house = await openHouse();
  const own = { origin: `http://127.0.0.1:${house.port}` };
  for (let i = 0; i < 2; i++) {
    expect((await house.ask({ path: "/api/sessions", token: `guess-${i}` })).status).toBe(401);
    expect(await dial(house.port, { headers: { authorization: `Bearer guess-${i}` } })).toBe(401);
    expect(await guess(house, connectParams("guess"))).toBe(1008);
    expect((await house.ask({ path: `/login?code=guess-${i}` })).status).toBe(401);
    const headers = { ...own, cookie: `skein_session=guess-${i}` };
    expect((await house.ask({ path: "/api/sessions", headers })).status).toBe(401);
  }
  expect(await locked(house)).toBe(true);
  const refused = await house.ask({ path: "/api/sessions", token: TOKENS.admin });
  expect(refused.json().error?.code).toBe("locked_out");
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(290);
  expect((await house.ask({ path: `/login?code=x` })).status).toBe(429);
  const { pathname, search } = new URL(house.server.loginLink().url);
  expect((await house.ask({ path: pathname + search })).status).toBe(429);
});

test("a socket that was already connecting is told to wait", async () => {
  await using house = await openHouse();
  const early = (await dial(house.port)) as Wire;
  for (let i = 0; i < 10; i++) await house.ask({ path: "/api/sessions", token: "guess" });
  const { error } = await early.call("connect", connectParams(TOKENS.admin));
  expect(error).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
    details: { code: "AUTH_RATE_LIMITED" },
  });
  expect(error?.retryAfterMs).toBeGreaterThan(290_000);
  expect((await early.ended).code).toBe(1008);
});

test("a lock does not touch who is in already, nor the unix socket, nor the pages anyone may see", async () => {
  await using house = await openHouse();
  const inside = await dialIn(house.port, TOKENS.read);
  for (let i = 0; i < 12; i++) await house.ask({ path: "/api/sessions", token: "guess" });
  expect(await locked(house)).toBe(true);
  expect((await inside.call("sessions.list", {})).ok).toBe(true);
  expect((await house.ask({ path: "/api/tokens", unix: true })).status).toBe(200);
  const wire = await dialIn(house.port, undefined, { unix: house.socketPath });
  expect((await wire.call("tokens.list", {})).ok).toBe(true);
  expect((await house.ask({ path: "/health" })).status).toBe(200);
  wire.close();
  inside.close();
});

test("the unix socket is never locked by what is tried on it", async () => {
  await using house = await openHouse();
  for (let i = 0; i < 30; i++) {
    expect((await house.ask({ path: "/api/tokens", unix: true, token: "guess" })).status).toBe(401);
  }
  expect((await house.ask({ path: "/api/tokens", unix: true })).status).toBe(200);
  expect(await locked(house)).toBe(false);
});

test("it is over after five minutes", async () => {
  await using house = await openHouse();
  for (let i = 0; i < 10; i++) await house.ask({ path: "/api/sessions", token: "guess" });
  expect(await locked(house)).toBe(true);
  house.clock.turn(5 * 60_000 + 1);
  expect(await locked(house)).toBe(false);
});

test("a hundred guesses at once get no more than ten answers", async () => {
  await using house = await openHouse();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      house.ask({ path: "/api/sessions", token: `guess-${i}` }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(90);
});

test("wrong tokens and unknown ones are told the same, in the same words", async () => {
  await using house = await openHouse();
  house.revoked.add("tok_write");
  const unknown = await house.ask({ path: "/api/sessions", token: "never-was" });
  const gone = await house.ask({ path: "/api/sessions", token: TOKENS.write });
  expect(gone.text).toBe(unknown.text);
  expect(gone.status).toBe(unknown.status);
});
