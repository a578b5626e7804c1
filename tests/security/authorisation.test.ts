/** Who may do what: every operation with every kind of caller, over HTTP and over the socket. */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allows, operationNames, operations, type Operation, type Scope } from "@skein/contract";
import { TOKENS, openHouse, type House, type Role } from "./house.ts";
import { connectParams, dial, dialIn, type Wire } from "./wire.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse({ limits: { authFailures: 100_000 } });
});
afterAll(() => house[Symbol.asyncDispose]());

const roles = Object.keys(TOKENS) as Role[];
const may = (role: Role, operation: Operation): boolean =>
  allows([`operator.${role}` as Scope], operation.scope);

/** The request of an operation's own example. */
const requestOf = ({ http, example }: Operation) => {
  const rest: Record<string, unknown> = { ...(example as Record<string, unknown>) };
  const path = http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  if (http.method === "POST" || http.method === "PATCH") {
    return { method: http.method, path, body: JSON.stringify(rest) };
  }
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      query.append(key, typeof one === "string" ? one : JSON.stringify(one));
    }
  }
  return { method: http.method, path: `${path}?${query.toString()}` };
};

/** The status alone: a watch's answer has no end. */
const statusOf = (operation: Operation, token: string | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const { method, path, body } = { body: undefined, ...requestOf(operation) };
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port: house.port,
        method,
        path,
        agent: false,
        headers: {
          host: `127.0.0.1:${house.port}`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      },
    );
    request.on("error", reject);
    request.end(body);
  });

const all = operationNames.map((name) => [name, operations[name] as Operation] as const);

describe.each(all)("%s", (name, operation) => {
  test.each(roles)("over HTTP, to a token that may %s", async (role) => {
    const before = house.calls.length;
    const status = await statusOf(operation, TOKENS[role]);
    // Ending a watch by name is for sockets; it says so to whoever may ask.
    const granted = name === "events.unwatch" ? 400 : 200;
    expect(status).toBe(may(role, operation) ? granted : 403);
    const reached = house.calls.length - before;
    const forwarded = operation.kind !== "stream" && name !== "events.unwatch";
    expect(reached).toBe(may(role, operation) && forwarded ? 1 : 0);
  });

  test.each<[string, string | undefined]>([
    ["no token", undefined],
    ["junk", "junk"],
    ["the word null", "null"],
    ["the word undefined", "undefined"],
    ["a list in JSON", '["x"]'],
    ["a number", "0"],
    ["a hash of a token", "a".repeat(64)],
    ["8,000 characters", "x".repeat(8_000)],
  ])("over HTTP, to nobody who brings %s", async (_, token) => {
    const before = house.calls.length;
    expect(await statusOf(operation, token)).toBe(401);
    expect(house.calls.length).toBe(before);
  });

  test.each(roles)("over the socket, to a token that may %s", async (role) => {
    const wire = await dialIn(house.port, TOKENS[role]);
    const before = house.calls.length;
    const answer = await wire.call(name, operation.example);
    expect(answer.ok).toBe(may(role, operation));
    const denied = answer.ok === true ? undefined : answer.error?.code;
    expect(denied).toBe(may(role, operation) ? undefined : "FORBIDDEN");
    expect(house.calls.length - before).toBeLessThanOrEqual(may(role, operation) ? 1 : 0);
    wire.close();
  });

  test("not before the handshake", async () => {
    const wire = (await dial(house.port)) as Wire;
    const before = house.calls.length;
    wire.send({ type: "req", id: "1", method: name, params: operation.example });
    expect((await wire.ended).code).toBe(1008);
    expect(house.calls.length).toBe(before);
  });
});

test("the unix socket may all, and what it does is marked as local", async () => {
  const answer = await house.ask({ path: "/api/tokens", unix: true });
  expect(answer.status).toBe(200);
  expect(house.calls.at(-1)?.caller).toEqual({
    actor: "local",
    scopes: ["operator.read", "operator.write", "operator.approvals", "operator.admin"],
    sessions: "all",
    token: null,
  });
});

test("a token that is 1 MB long is refused like any other, without being kept", async () => {
  const answer = await house.raw(
    `GET /api/sessions HTTP/1.1\r\nhost: 127.0.0.1:${house.port}\r\nauthorization: Bearer ${"x".repeat(1_000_000)}\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 431 |^$/);
});

describe("asked scopes", () => {
  const scopesOf = async (role: Role, scopes: unknown): Promise<unknown> => {
    const wire = (await dial(house.port)) as Wire;
    const answer = await wire.call("connect", connectParams(TOKENS[role], { scopes }));
    wire.close();
    return (answer.payload?.["auth"] as { scopes: unknown } | undefined)?.scopes;
  };
  test("are narrowed to the granted ones", async () => {
    expect(await scopesOf("read", ["operator.admin"])).toEqual(["operator.read"]);
    expect(await scopesOf("approvals", ["operator.admin", "operator.write"])).toEqual([
      "operator.approvals",
    ]);
    expect(await scopesOf("admin", ["operator.read"])).toEqual(["operator.read"]);
    expect(await scopesOf("read", ["*", "operator.", "OPERATOR.ADMIN", "operator.admin "])).toEqual(
      [],
    );
  });

  test("hold on the same connection, also for a token that could do more", async () => {
    const wire = await dialIn(house.port, TOKENS.admin, { change: { scopes: ["operator.read"] } });
    expect((await wire.call("tokens.list", {})).error?.code).toBe("FORBIDDEN");
    expect((await wire.call("sessions.list", {})).ok).toBe(true);
    wire.close();
  });

  test("cannot be raised by a second connect", async () => {
    const wire = await dialIn(house.port, TOKENS.read);
    const answer = await wire.call(
      "connect",
      connectParams(TOKENS.admin, { scopes: ["operator.admin"] }),
    );
    expect(answer.ok).toBe(false);
    expect((await wire.call("tokens.list", {})).error?.code).toBe("FORBIDDEN");
    wire.close();
  });
});

describe("a revoked token", () => {
  /** What the daemon does when someone revokes it. */
  const revoke = (other: House, role: Role): void => {
    other.revoked.add(`tok_${role}`);
    other.server.disconnect(`tok_${role}`);
  };

  test("ends its live sockets, watches and waiting requests within a second; others stay", async () => {
    await using other = await openHouse({
      operate: async (name, _input, _caller, signal) => {
        if (name !== "sessions.wait") return { did: name };
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        });
      },
    });
    const ended = Date.now;
    const wires = await Promise.all(
      Array.from({ length: 20 }, () => dialIn(other.port, TOKENS.write)),
    );
    const deaf = wires[0] as Wire;
    deaf.websocket.pause();
    const stays = await dialIn(other.port, TOKENS.read);
    const watching = other.ask({ path: "/api/events/watch", token: TOKENS.write });
    const waiting = other.ask({ path: "/api/wait?sessions=x", token: TOKENS.write });
    await expect.poll(() => other.calls.length + other.sinks.length).toBe(2);

    const from = ended();
    revoke(other, "write");
    const codes = await Promise.all(wires.slice(1).map(async (wire) => (await wire.ended).code));
    expect(new Set(codes)).toEqual(new Set([1008]));
    expect((await watching).status).toBe(200);
    expect((await waiting).status).toBe(401);
    expect(ended() - from).toBeLessThan(1_000);
    deaf.websocket.resume();
    await deaf.ended;

    expect((await other.ask({ path: "/api/sessions", token: TOKENS.write })).status).toBe(401);
    expect(await dial(other.port, { headers: { authorization: `Bearer ${TOKENS.write}` } })).toBe(
      401,
    );
    expect((await stays.call("sessions.list", {})).ok).toBe(true);
    stays.close();
  });

  test("does not slip in while it is being looked up", async () => {
    const looking = Promise.withResolvers<void>();
    const found = Promise.withResolvers<void>();
    await using other = await openHouse({
      limits: { authFailures: 1_000 },
      authenticate: async () => {
        looking.resolve();
        await found.promise;
        return { actor: "x", scopes: ["operator.read"], sessions: "all", token: "tok_x" };
      },
    });
    const wire = (await dial(other.port)) as Wire;
    const answer = wire.call("connect", connectParams("whatever"));
    await looking.promise;
    other.server.disconnect("tok_x");
    found.resolve();
    expect((await answer).error?.details?.["code"]).toBe("AUTH_TOKEN_MISMATCH");
    expect((await wire.ended).code).toBe(1008);
  });

  test("or one that expired by itself is noticed at the next beat", async () => {
    await using other = await openHouse();
    const wire = await dialIn(other.port, TOKENS.write);
    other.revoked.add("tok_write");
    other.clock.turn(30_001);
    expect(await wire.ended).toMatchObject({ code: 1008, reason: "token no longer valid" });
  });
});

describe("ids", () => {
  const corpus = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f",
    "....//",
    "/etc/passwd",
    "C:\\windows",
    "x\u0000y",
    "x%00y",
    "\u202e",
    "a".repeat(5_000),
    "'; drop table session; --",
    "-oProxyCommand=x",
    "${HOME}",
    "$(id)",
    "%",
    "%zz",
    " ",
  ];
  const withId = all.filter(([, { http }]) => http.path.includes("{"));

  test.each(withId)(
    "of %s: odd ones are an input like any other, or refused; never a path",
    async (name, operation) => {
      const [before] = operation.http.path.split("{");
      const [, after] = operation.http.path.split("}");
      for (const id of corpus) {
        const from = house.calls.length;
        const { body } = { body: undefined, ...requestOf(operation) };
        const answer = await house.ask({
          method: operation.http.method,
          path: `${before}${encodeURIComponent(id)}${after}`,
          token: TOKENS.admin,
          ...(body === undefined ? {} : { body }),
        });
        expect([200, 400, 404]).toContain(answer.status);
        const passed = house.calls
          .slice(from)
          .map((call) => Object.values(call.input as object)[0]);
        // Only references to sessions, which a terminal's may be, are free text; what reaches the operation is exactly what was asked for.
        for (const value of passed) expect(value).toBe(id);
        expect(passed.length === 0 || /\{(?:session|terminal)\}/.test(operation.http.path)).toBe(
          true,
        );
        expect(name).toBe(operation.name);
      }
    },
  );

  test("that dots and slashes make of a path are no way around the guard", async () => {
    for (const path of [
      "/health/../api/tokens",
      "//api/tokens",
      "/api//tokens",
      "/%61pi/tokens",
      "/api/tokens/",
      "/login/../api/tokens",
      "/./api/tokens",
      "/API/TOKENS",
      "/api/tokens;x=1",
      "/api/tokens%3f",
    ]) {
      const before = house.calls.length;
      expect((await house.ask({ path })).status).toBe(401);
      expect(house.calls.length).toBe(before);
    }
  });
});

test("unknown keys are refused, in every spelling of the known ones", async () => {
  for (const body of [
    { text: "x", mediaUrl: "file:///etc/passwd" },
    { text: "x", Text: "y" },
    { text: "x", "text ": "y" },
    { text: "x", session: "other" },
    { text: "x", how: "QUEUE" },
    { text: ["x"] },
    { text: null },
  ]) {
    const before = house.calls.length;
    const answer = await house.ask({
      method: "POST",
      path: "/api/sessions/fizz/send",
      token: TOKENS.admin,
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(answer.json().error?.remedy).not.toBe("");
    expect(house.calls.length).toBe(before);
  }
});
