import { describe, expect, test } from "vitest";
import { operationNames, operations } from "@skein/contract";
import { COOKIE_NAME } from "./cookie.ts";
import { guard, type GuardRequest, type Verdict } from "./guard.ts";
import { makePlaces } from "./places.ts";

const PORT = 8765;
const rules = {
  places: makePlaces(PORT, ["box.lan", "box.lan:8443"], ["https://front.example"]),
  maxBodyBytes: 1_000,
  cookieName: COOKIE_NAME,
};

type Change = {
  method?: string;
  target?: string;
  via?: "tcp" | "unix";
  upgrade?: boolean;
  headers?: Record<string, string | string[] | undefined>;
};

/** A program with a token asks for the sessions; every row of a table says what it does otherwise. */
const ask = (change: Change = {}): Verdict => {
  const wanted = {
    host: `127.0.0.1:${PORT}`,
    authorization: "Bearer t",
    ...change.headers,
  };
  const headers: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value : [value];
  }
  const request: GuardRequest = {
    method: change.method ?? "GET",
    target: change.target ?? "/api/sessions",
    via: change.via ?? "tcp",
    upgrade: change.upgrade ?? false,
    headers,
  };
  return guard(request, rules);
};

const status = (change: Change): number => {
  const verdict = ask(change);
  return verdict.ok ? 200 : verdict.status;
};

const socket = { upgrade: true, target: "/" };
const cookie = `${COOKIE_NAME}=abc`;
const own = `http://127.0.0.1:${PORT}`;
const post = { method: "POST", target: "/api/stop" };
const json = { "content-type": "application/json" };

describe("Host", () => {
  test.each<[number, string]>([
    [200, "127.0.0.1:8765"],
    [200, "localhost:8765"],
    [200, "LOCALHOST:8765"],
    [200, "[::1]:8765"],
    [200, "box.lan:8765"],
    [200, "box.lan:8443"],
    [421, "evil.example"],
    [421, "evil.example:8765"],
    [421, "127.0.0.1"],
    [421, "127.0.0.1:80"],
    [421, "127.0.0.1:8766"],
    [421, "localhost:8765.evil.example"],
    [421, "localhost.:8765"],
    [421, "127.0.0.1:8765@evil.example"],
    [421, "evil.example#127.0.0.1:8765"],
    [421, "box.lan:80"],
    [421, ""],
    [421, " "],
  ])("%i for %j", (expected, host) => {
    expect(status({ headers: { host } })).toBe(expected);
    expect(status({ ...socket, headers: { host } })).toBe(expected);
  });

  test("a rebound name is refused even when its Origin agrees", () => {
    const headers = { host: "evil.example:8765", origin: "http://evil.example:8765" };
    expect(status({ headers })).toBe(421);
    expect(status({ ...socket, headers })).toBe(421);
  });

  test("of the unix socket means nothing", () => {
    expect(status({ via: "unix", headers: { host: "anything", authorization: undefined } })).toBe(
      200,
    );
  });
});

describe("Origin", () => {
  test.each<[number, string]>([
    [200, own],
    [200, "http://localhost:8765"],
    [200, "http://[::1]:8765"],
    [200, "https://front.example"],
    [200, "https://box.lan:8765"],
    [403, "null"],
    [403, ""],
    [403, "http://evil.example"],
    [403, "http://localhost:8765.evil.com"],
    [403, "http://localhost:9999"],
    [403, "http://localhost"],
    [403, "https://localhost:8765"],
    [403, "http://127.0.0.1:8765/"],
    [403, "http://127.0.0.1:8765@evil.example"],
    [403, "http://evil.example http://127.0.0.1:8765"],
    [403, "HTTP://127.0.0.1:8765"],
    [403, "file://"],
    [403, "chrome-extension://abcdef"],
    [403, "https://front.example.evil.com"],
    [403, "https://xfront.example"],
  ])("%i for %j, also with a good token and for an upgrade", (expected, origin) => {
    expect(status({ headers: { origin } })).toBe(expected);
    expect(status({ ...socket, headers: { origin } })).toBe(expected);
  });

  test("a browser's page behind a proxy is not local: no Origin is right on the unix socket", () => {
    expect(status({ via: "unix", headers: { origin: own } })).toBe(403);
  });

  test("absent: a token or the unix socket will do, a cookie will not", () => {
    expect(status({})).toBe(200);
    const alone = { authorization: undefined };
    expect(status({ via: "unix", headers: alone })).toBe(200);
    expect(status({ headers: { ...alone, cookie } })).toBe(403);
    expect(status({ ...socket, headers: { ...alone, cookie } })).toBe(403);
    expect(status({ ...post, headers: { ...alone, ...json, cookie } })).toBe(403);
  });

  test("with a cookie, the own one lets in", () => {
    const headers = { authorization: undefined, cookie, origin: own };
    expect(status({ headers })).toBe(200);
    expect(status({ ...socket, headers })).toBe(200);
    expect(status({ ...post, headers: { ...headers, ...json } })).toBe(200);
  });

  test("browsers send none with a read of the own page; what they send instead no page can forge", () => {
    const headers = { authorization: undefined, cookie, "sec-fetch-site": "same-origin" };
    expect(status({ headers })).toBe(200);
    expect(status({ ...post, headers: { ...headers, ...json } })).toBe(403);
    expect(status({ ...socket, headers })).toBe(403);
  });
});

describe("Sec-Fetch-Site", () => {
  test.each<[number, string]>([
    [200, "same-origin"],
    [200, "none"],
    [403, "same-site"],
    [403, "cross-site"],
    [403, "whatever"],
  ])("%i for %s", (expected, site) => {
    expect(status({ headers: { "sec-fetch-site": site } })).toBe(expected);
    expect(status({ ...socket, headers: { "sec-fetch-site": site } })).toBe(expected);
  });

  test("a link on another site may lead to the pages, and to nothing else", () => {
    const link = {
      authorization: undefined,
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect(status({ target: "/login?code=x", headers: link })).toBe(200);
    expect(status({ target: "/", headers: link })).toBe(200);
    expect(status({ target: "/api/sessions", headers: link })).toBe(403);
    expect(status({ target: "/", headers: { ...link, "sec-fetch-dest": "iframe" } })).toBe(403);
    expect(status({ target: "/", method: "POST", headers: { ...link, ...json } })).toBe(403);
  });
});

test.each([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-anything",
  "forwarded",
  "x-real-ip",
])("%s is believed of nobody", (name) => {
  expect(status({ headers: { [name]: "10.0.0.1" } })).toBe(403);
  expect(status({ ...socket, headers: { [name]: "10.0.0.1" } })).toBe(403);
  expect(status({ via: "unix", headers: { [name]: "10.0.0.1" } })).toBe(403);
});

describe("a write", () => {
  const writes = operationNames.filter((name) =>
    ["POST", "PATCH"].includes(operations[name].http.method),
  );

  test.each(writes)("%s takes JSON only", (name) => {
    const { method, path } = operations[name].http;
    const target = path.replaceAll(/\{\w+\}/g, "x");
    const type = (value: string | undefined) => ({ "content-type": value });
    expect(status({ method, target, headers: type("application/json") })).toBe(200);
    expect(status({ method, target, headers: type("application/json; charset=utf-8") })).toBe(200);
    for (const other of [
      undefined,
      "",
      "text/plain",
      "text/plain; a=application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
      "application/json; charset=utf-16",
    ]) {
      expect(status({ method, target, headers: type(other) })).toBe(415);
    }
  });

  test("larger than the limit is refused before a byte of it is read", () => {
    expect(status({ ...post, headers: { ...json, "content-length": "1000" } })).toBe(200);
    expect(status({ ...post, headers: { ...json, "content-length": "1001" } })).toBe(413);
  });

  test("never comes as a GET", () => {
    const all = operationNames.filter((name) => operations[name].kind === "write");
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter((name) => operations[name].http.method === "GET")).toEqual([]);
  });
});

describe("shape", () => {
  test.each<[number, Change]>([
    [400, { target: "http://127.0.0.1:8765/api/sessions" }],
    [400, { target: "*" }],
    [400, { target: `/${"a".repeat(9_000)}` }],
    [400, { headers: { host: ["127.0.0.1:8765", "127.0.0.1:8765"] } }],
    [400, { headers: { authorization: ["Bearer a", "Bearer b"] } }],
    [400, { headers: { origin: [own, "http://evil.example"] } }],
    [400, { headers: { "content-length": "5" } }],
    [400, { method: "DELETE", headers: { "transfer-encoding": "chunked" } }],
    [405, { method: "OPTIONS" }],
    [405, { method: "PUT" }],
    [405, { method: "TRACE" }],
    [404, { upgrade: true, target: "/api/sessions" }],
    [200, { upgrade: true, target: "/?token=never-read" }],
  ])("%i for %j", (expected, change) => {
    expect(status(change)).toBe(expected);
  });
});

describe("the credential", () => {
  const of = (change: Change) => {
    const verdict = ask(change);
    return verdict.ok ? verdict.credential : null;
  };
  test.each<[string, Change]>([
    ["token", {}],
    ["token", { via: "unix" }],
    ["token", { headers: { cookie, origin: own } }],
    ["local", { via: "unix", headers: { authorization: undefined } }],
    ["local", { via: "unix", headers: { authorization: undefined, cookie } }],
    ["cookie", { headers: { authorization: undefined, cookie, origin: own } }],
    ["none", { headers: { authorization: undefined } }],
    ["none", { headers: { authorization: undefined, cookie: `${cookie}; ${COOKIE_NAME}=other` } }],
    ["none", { target: "/health" }],
  ])("is %s for %j", (kind, change) => {
    expect(of(change)?.kind).toBe(kind);
  });

  test("in the URL is no credential", () => {
    const target = "/api/sessions?token=t&access_token=t&authorization=Bearer%20t";
    expect(of({ target, headers: { authorization: undefined } })).toEqual({ kind: "none" });
  });

  test.each(["Basic dDp0", "Bearer", "Bearer ", "Bearer a b", "bearer\tx", ""])(
    "%j is a token that cannot be right",
    (authorization) => {
      expect(of({ headers: { authorization } })).toEqual({ kind: "token", token: "" });
    },
  );
});
