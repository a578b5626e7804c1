/** What a web page, a browser or a careless program can do from outside. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operationNames, operations } from "@skein/contract";
import { TOKENS, openHouse, type Answer, type House } from "./house.ts";
import { dial, dialIn } from "./wire.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const own = () => `http://127.0.0.1:${house.port}`;
const upgrade = (headers: Record<string, string>) => dial(house.port, { headers });

describe("another site's page", () => {
  test.each([
    "http://evil.example",
    "null",
    "http://localhost:PORT.evil.com",
    "http://localhost:9",
    "https://127.0.0.1:PORT",
  ])("of origin %s gets 403, before the upgrade and before anything is done", async (pattern) => {
    const origin = pattern.replace("PORT", String(house.port));
    const before = house.calls.length;
    expect(await upgrade({ origin })).toBe(403);
    const read = await house.ask({
      path: "/api/sessions",
      token: TOKENS.admin,
      headers: { origin },
    });
    const write = await house.ask({
      method: "POST",
      path: "/api/stop",
      body: "{}",
      token: TOKENS.admin,
      headers: { origin },
    });
    expect([read.status, write.status]).toEqual([403, 403]);
    expect(house.calls.length).toBe(before);
  });

  test("that rebinds its own name to this address gets 421", async () => {
    const host = `evil.example:${house.port}`;
    const headers = { host, origin: `http://${host}` };
    expect((await house.ask({ path: "/", headers })).status).toBe(421);
    expect((await house.ask({ path: "/api/sessions", token: TOKENS.read, headers })).status).toBe(
      421,
    );
    expect(await upgrade(headers)).toBe(421);
  });

  test("gets no word of CORS, whatever it asks for", async () => {
    for (const method of ["OPTIONS", "GET", "POST"]) {
      const answer = await house.ask({
        method,
        path: "/api/sessions",
        headers: {
          origin: "http://evil.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      expect(answer.status).toBe(403);
      const cors = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
      expect(cors).toEqual([]);
    }
  });

  test("is told apart by Sec-Fetch-Site even where it sends no Origin", async () => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    expect((await house.ask({ path: "/api/sessions", token: TOKENS.read, headers })).status).toBe(
      403,
    );
    expect((await house.ask({ path: "/openapi.json", headers })).status).toBe(403);
  });
});

describe("a write", () => {
  test.each([
    ["text/plain", '{"a":1}'],
    ["application/x-www-form-urlencoded", "a=1"],
    [
      "multipart/form-data; boundary=x",
      '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    ],
  ])("as %s gets 415", async (type, body) => {
    for (const name of operationNames) {
      const { method, path } = operations[name].http;
      if (method !== "POST" && method !== "PATCH") continue;
      const answer = await house.ask({
        method,
        path: path.replaceAll(/\{\w+\}/g, "x"),
        body,
        token: TOKENS.admin,
        headers: { "content-type": type },
      });
      expect(answer.status).toBe(415);
      expect(answer.json().error?.code).toBe("unsupported_media_type");
    }
  });

  test("is never done by a GET, a HEAD or a method in disguise", async () => {
    const writes = () => house.calls.filter(({ name }) => operations[name].kind === "write").length;
    const before = writes();
    for (const name of operationNames) {
      const { http, kind } = operations[name];
      for (const method of kind === "stream" ? ["HEAD"] : ["GET", "HEAD"]) {
        await house.ask({
          method,
          path: http.path.replaceAll(/\{\w+\}/g, "x"),
          token: TOKENS.admin,
          headers: { "x-http-method-override": http.method },
        });
      }
    }
    expect(writes()).toBe(before);
  });
});

describe("every answer", () => {
  test.each([
    ["/", 200],
    ["/health", 200],
    ["/ready", 200],
    ["/openapi.json", 200],
    ["/login?code=wrong", 401],
    ["/api/sessions", 401],
    ["/nothing", 401],
    ["/api/../api/sessions", 401],
  ])(
    "of %s carries the headers that keep it from being framed, sniffed or kept",
    async (path, status) => {
      const answer = await house.ask({ path, unix: false });
      expect(answer.status).toBe(status);
      expect(answer.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
      expect(answer.headers["content-security-policy"]).not.toContain("unsafe");
      expect(answer.headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      });
      expect(answer.headers["server"]).toBeUndefined();
      expect(answer.headers["x-powered-by"]).toBeUndefined();
    },
  );

  test("of what anyone may see tells nothing about this daemon", async () => {
    for (const path of ["/", "/health", "/ready"]) {
      const { text } = await house.ask({ path });
      expect(text).not.toMatch(/\d+\.\d+\.\d+|\/home|\/root|pid|ses_/);
    }
  });

  test("of the page is the same whatever its address says, and leads nowhere", async () => {
    const plain = await house.ask({ path: "/" });
    for (const query of [
      "?url=ws://evil.example",
      "?gateway=ws://evil.example&token=x",
      "?gatewayUrl=//evil",
    ]) {
      const answer = await house.ask({ path: `/${query}` });
      expect(answer.text).toBe(plain.text);
      expect(answer.headers.location).toBeUndefined();
    }
    expect(plain.text).not.toMatch(/<script|http:\/\/|https:\/\//);
  });
});

describe("the login link", () => {
  const open = (url: string, headers: Record<string, string> = {}, method = "GET") => {
    const { pathname, search } = new URL(url);
    return house.ask({ method, path: pathname + search, headers });
  };
  const cookieOf = (answer: Answer) => answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

  test("becomes a cookie no script can read and no other site can send, and a clean address", async () => {
    const answer = await open(house.server.loginLink().url);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe("/");
    const cookie = answer.headers["set-cookie"]?.[0] ?? "";
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).toMatch(/; Path=\//);
    expect(cookieOf(answer).split("=")[1]?.length).toBeGreaterThanOrEqual(43);
  });

  test("is good once, and gone from then on", async () => {
    const { url } = house.server.loginLink();
    expect((await open(url)).status).toBe(303);
    const again = await open(url);
    expect(again.status).toBe(401);
    expect(again.headers["set-cookie"]).toBeUndefined();
  });

  test("is not spent by a look ahead", async () => {
    const { url } = house.server.loginLink();
    expect((await open(url, {}, "HEAD")).status).toBe(405);
    expect((await open(url, { "sec-purpose": "prefetch" })).status).toBe(403);
    expect(
      (await open(url, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).status,
    ).toBe(403);
    expect((await open(url)).status).toBe(303);
  });

  test("lets its browser read and write from the own page only, until it logs out", async () => {
    const cookie = cookieOf(await open(house.server.loginLink().url));
    const page = { cookie, origin: own() };
    const list = { path: "/api/sessions" };
    const stop = { method: "POST", path: "/api/backends/refresh", body: "{}" };
    expect((await house.ask({ ...list, headers: page })).status).toBe(200);
    expect((await house.ask({ ...stop, headers: page })).status).toBe(200);
    expect((await house.ask({ ...list, headers: { cookie } })).status).toBe(403);
    expect(
      (await house.ask({ ...stop, headers: { cookie, origin: "http://localhost:1" } })).status,
    ).toBe(403);

    const wire = await dialIn(house.port, undefined, {
      headers: page,
      change: { client: { id: "skein-web", version: "1", platform: "web", mode: "ui" } },
    });
    const out = await house.ask({ method: "POST", path: "/logout", body: "{}", headers: page });
    expect(out.status).toBe(200);
    expect(out.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
    expect((await wire.ended).code).toBe(1008);
    const after = await house.ask({ ...list, headers: page });
    expect(after.status).toBe(401);
    expect(after.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
  });

  test("gives a new cookie although the browser brought one: nobody can plant a login", async () => {
    const first = cookieOf(await open(house.server.loginLink().url));
    const second = cookieOf(await open(house.server.loginLink().url, { cookie: first }));
    expect(second).not.toBe(first);
  });

  test("is too old after sixty seconds", async () => {
    await using other = await openHouse();
    const { url, expiresAt } = other.server.loginLink();
    expect(expiresAt - other.clock.now()).toBeGreaterThan(59_000);
    other.clock.turn(60_001);
    const { pathname, search } = new URL(url);
    expect((await other.ask({ path: pathname + search })).status).toBe(401);
  });
});

test("a token in the URL lets nobody in", async () => {
  for (const key of ["token", "access_token", "auth", "authorization", "code"]) {
    const query = `?${key}=${TOKENS.admin}`;
    expect((await house.ask({ path: `/api/sessions${query}` })).status).toBe(401);
    const wire = await dial(house.port, { path: `/${query}` });
    if (typeof wire === "number") throw new Error(`refused with ${wire}`);
    const answer = await wire.call("sessions.list", {});
    expect(answer.ok).toBe(false);
    expect((await wire.ended).code).toBe(1008);
  }
});

test("no secret that was sent stands in the log, and no line was forged", async () => {
  await using other = await openHouse();
  const { url } = other.server.loginLink();
  const code = new URL(url).searchParams.get("code") as string;
  const login = await other.ask({ path: `/login?code=${code}` });
  const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] as string;
  await other.ask({
    path: "/api/sessions",
    headers: { cookie, origin: `http://127.0.0.1:${other.port}` },
  });
  await other.ask({ path: `/api/sessions?secret=canary-query`, token: TOKENS.read });
  await other.ask({ path: "/api/sessions", token: "canary-wrong-token" });
  await other
    .ask({
      path: "/api/%0d%0aforged",
      token: TOKENS.read,
      headers: { "user-agent": "canary-agent\u001b[2J" },
    })
    .catch(() => {});
  (await dialIn(other.port, TOKENS.write)).close();
  const wrong = await dial(other.port);
  if (typeof wrong !== "number")
    await wrong.call("connect", { auth: { token: "canary-frame" } }).catch(() => {});
  expect(other.lines.length).toBeGreaterThan(4);
  const log = other.lines.join("\n");
  for (const secret of [code, cookie.split("=")[1] as string, "canary", ...Object.values(TOKENS)]) {
    expect(log).not.toContain(secret);
  }
  expect(log.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});
