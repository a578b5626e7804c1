/** The same promises, kept by the whole daemon: real store, real tokens, real feed, and the project's own client. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectSocket, fetchTransport, makeClient } from "@skein/client";
import {
  TERMINAL_SCOPES,
  allows,
  isRefusal,
  operationNames,
  operations,
  type OperationName,
  type Scope,
} from "@skein/contract";
import { fakeClaudeBackend } from "../daemon/fixtures.ts";
import { boot, type Whole } from "./whole.ts";
import { dial, dialIn } from "./wire.ts";

/** Every byte that the daemon has written under its folder. */
const written = async (folder: string): Promise<string> => {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((entry) => readFile(join(entry.parentPath, entry.name), "latin1")),
  );
  return texts.join("\n");
};

let place: string;
let house: Whole;
let session: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "skein-"));
  const home = join(place, "home");
  await mkdir(home, { mode: 0o700 });
  const claude = await fakeClaudeBackend(place);
  await writeFile(
    join(home, "config.json5"),
    JSON.stringify({ backends: { "claude-code": claude } }),
  );
  house = await boot(home, 0);
  const made = (await house.local("POST", "/api/sessions", {
    folder: place,
    name: "fizz-top",
  })) as unknown as { session: { id: string } };
  session = made.session.id;
});
afterAll(async () => {
  try {
    await house.local("DELETE", `/api/sessions/${session}`);
  } finally {
    await house.stop();
  }
  await rm(place, { recursive: true, force: true });
});

/** An operation's example, about a session that does not exist. */
const harmless = (example: object): object => ({
  ...example,
  ...("session" in example ? { session: "nobody" } : {}),
});

/** A terminal is as mighty as an agent that never asks: opening one, and typing, needs the right to approve, too. */
const TYPING: readonly OperationName[] = ["terminals.open", "terminals.type"];

const mayCall = (held: readonly Scope[], name: OperationName): boolean =>
  (TYPING.includes(name) ? TERMINAL_SCOPES.type : [operations[name].scope]).every((scope) =>
    allows(held, scope),
  );

describe("scopes", () => {
  const roles = ["read", "write", "approvals", "admin"] as const;
  test.each(roles)("operator.%s may do what it says, and nothing else", async (role) => {
    const scope: Scope = `operator.${role}`;
    const { secret } = await house.token([scope]);
    const wire = await dialIn(house.port, secret);
    const odd: string[] = [];
    for (const name of operationNames) {
      // These would end the daemon, or the test.
      if (name === "system.stop" || name === "sessions.wait") continue;
      const answer = await wire.call(name, harmless(operations[name].example));
      const denied = answer.error?.details?.["code"] === "MISSING_SCOPE";
      if (denied === mayCall([scope], name)) odd.push(name);
    }
    expect(odd).toEqual([]);
    wire.close();
  });

  test("nobody makes a token that may more than they may themselves", async () => {
    const admin = await house.token(["operator.admin"]);
    for (const role of ["read", "write", "approvals"] as const) {
      const { secret } = await house.token([`operator.${role}`]);
      const answer = await house.ask({
        method: "POST",
        path: "/api/tokens",
        token: secret,
        body: '{"label":"x","scopes":["operator.read"]}',
      });
      expect(answer.status).toBe(403);
    }
    const wire = await dialIn(house.port, admin.secret, { change: { scopes: ["operator.write"] } });
    expect((await wire.call("tokens.create", { label: "x", scopes: ["operator.admin"] })).ok).toBe(
      false,
    );
    wire.close();
  });

  test("a token cannot pass for the one at the keyboard", async () => {
    for (const label of ["local", "browser", "skein"]) {
      const answer = await house.ask({
        method: "POST",
        path: "/api/tokens",
        unix: true,
        body: JSON.stringify({ label, scopes: ["operator.write"] }),
      });
      if (answer.status !== 200) continue;
      const { secret } = answer.json() as unknown as { secret: string };
      const wire = await dialIn(house.port, secret);
      expect((await wire.call("tokens.list", {})).ok).toBe(false);
      wire.close();
    }
  });
});

describe("a token", () => {
  test("that is revoked is dead within a second, on every line it holds", async () => {
    const { id, secret } = await house.token(["operator.read"]);
    const wires = await Promise.all(Array.from({ length: 5 }, () => dialIn(house.port, secret)));
    await Promise.all(wires.map((wire) => wire.call("events.watch", {})));
    const stream = house.ask({ path: "/api/events/watch", token: secret });
    const waiting = house.ask({ path: "/api/approvals", token: secret });
    expect((await waiting).status).toBe(200);
    const from = performance.now();
    await house.local("DELETE", `/api/tokens/${id}`);
    const ends = await Promise.all(wires.map((wire) => wire.ended));
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([1008]));
    await stream;
    expect(performance.now() - from).toBeLessThan(1_000);
    expect((await house.ask({ path: "/api/sessions", token: secret })).status).toBe(401);
    expect(await dial(house.port, { headers: { authorization: `Bearer ${secret}` } })).toBe(401);
  });

  test("that has expired is refused", async () => {
    const made = (await house.local("POST", "/api/tokens", {
      label: "short",
      scopes: ["operator.read"],
      expiresInMs: 1_000,
    })) as unknown as { secret: string };
    await expect
      .poll(async () => (await house.ask({ path: "/api/sessions", token: made.secret })).status, {
        timeout: 5_000,
      })
      .toBe(401);
  });

  test("has at least 256 bits, and stands nowhere: not in the log, not in the database, in no file at all", async () => {
    const { secret } = await house.token(["operator.admin"]);
    expect(secret.replace(/^skein_/, "").length).toBeGreaterThanOrEqual(43);
    const { url } = (await house.local("POST", "/api/login-link", {})) as unknown as {
      url: string;
    };
    const code = new URL(url).searchParams.get("code") as string;
    const login = await house.ask({ path: `/login?code=${code}` });
    const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0]?.split("=")[1] as string;
    const page = { cookie: `skein_session=${cookie}`, origin: `http://127.0.0.1:${house.port}` };
    expect((await house.ask({ path: "/api/sessions", headers: page })).status).toBe(200);
    (await dialIn(house.port, secret)).close();
    await house.ask({ path: `/api/sessions?key=${secret}`, token: secret });
    await house.ask({ path: "/api/sessions", token: "canary-wrong-token" });
    const bytes = await written(house.home);
    expect(bytes).toContain("fizz-top");
    for (const one of [secret, code, cookie, "canary-wrong-token"])
      expect(bytes).not.toContain(one);
  });
});

test("whatever is reported is text: it comes back as it was, as JSON, and forges no line of the log", async () => {
  const { secret } = await house.token(["operator.write"]);
  const client = makeClient({
    transport: fetchTransport({ baseUrl: house.daemon.address, token: secret }),
  });
  const texts = [
    "</script><img src=x onerror=alert(1)>",
    "\u001b]52;c;x\u0007\u001b[2J",
    "a\r\nb",
    "\u202e",
    "![](https://evil.example/?x)",
  ];
  const events = texts.map((text, i) => ({
    type: "hook.text",
    data: { text },
    clientId: `text-${i}`,
  }));
  await client.call("events.append", { session: "fizz-top", events });
  const page = await client.call("events.list", { session: "fizz-top", limit: 500 });
  const said = page.events
    .filter(({ type }) => type === "session.reported")
    .map(({ data }) => (data as { data: { text: string } }).data.text);
  expect(said).toEqual(texts);
  const log = await readFile(join(house.home, "logs", "daemon.log"), "utf8");
  for (const line of log.trim().split("\n"))
    expect(() => JSON.parse(line) as unknown).not.toThrow();
});

describe("the project's own client", () => {
  test("is told refusals in the daemon's words, the same over HTTP and over the socket", async () => {
    const { secret } = await house.token(["operator.read"]);
    const http = makeClient({
      transport: fetchTransport({ baseUrl: house.daemon.address, token: secret }),
    });
    const socket = connectSocket({
      socket: house.daemon.address.replace("http", "ws"),
      token: secret,
      client: { version: "0.0.0", mode: "test" },
    });
    const problems = [];
    for (const client of [http, socket]) {
      for (const call of [
        client.call("sessions.get", { session: "nobody" }),
        client.call("sessions.send", { session: "fizz-top", text: "hi" }),
      ]) {
        const error: unknown = await call.then(
          () => null,
          (thrown: unknown) => thrown,
        );
        problems.push(isRefusal(error) ? { ...error.problem, details: undefined } : error);
      }
    }
    socket.close();
    expect(problems.map((one) => (one as { code: string }).code)).toEqual([
      "session_not_found",
      "forbidden",
      "session_not_found",
      "forbidden",
    ]);
    expect(problems.slice(0, 2)).toEqual(problems.slice(2));
  });

  test("sees every event once, in order, over a restart of the daemon, over HTTP and over the socket", async () => {
    const { secret } = await house.token(["operator.write"]);
    const baseUrl = house.daemon.address;
    const pause = (ms: number) =>
      new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 100)));
    const http = makeClient({ transport: fetchTransport({ baseUrl, token: secret }), pause });
    const socket = connectSocket({
      socket: baseUrl.replace("http", "ws"),
      token: secret,
      client: { version: "0.0.0", mode: "test" },
      pause,
    });
    const total = 60;
    const marks = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        type: "mark",
        data: from + i,
        clientId: `mark-${from + i}`,
      }));
    const follow = async (client: {
      watch: typeof http.watch;
    }): Promise<{ marks: number[]; positions: number[] }> => {
      const seen: { marks: number[]; positions: number[] } = { marks: [], positions: [] };
      for await (const frame of client.watch({ after: 0, filter: { live: false } })) {
        if (frame.frame !== "events") continue;
        for (const event of frame.events) {
          seen.positions.push(event.position);
          const reported = event.data as { type?: string; data?: number };
          if (event.type === "session.reported" && reported.type === "mark")
            seen.marks.push(reported.data as number);
        }
        if (seen.marks.length >= total) return seen;
      }
      return seen;
    };
    const following = [follow(http), follow(socket)];
    for (let from = 0; from < 30; from += 10) {
      await http.call("events.append", { session: "fizz-top", events: marks(from, from + 10) });
    }
    const { port, home } = house;
    await house.stop();
    house = await boot(home, port);
    for (let from = 30; from < total; from += 10) {
      await socket.call("events.append", { session: "fizz-top", events: marks(from, from + 10) });
    }
    for (const seen of await Promise.all(following)) {
      expect(seen.marks).toEqual(Array.from({ length: total }, (_, i) => i));
      expect(seen.positions).toEqual(
        seen.positions.map((_, i) => (seen.positions[0] as number) + i),
      );
    }
    socket.close();
  });
});

test("ten failures lock the address out, the command line goes on", async () => {
  const { secret } = await house.token(["operator.read"]);
  const inside = await dialIn(house.port, secret);
  for (let i = 0; i < 10; i++) await house.ask({ path: "/api/sessions", token: `guess-${i}` });
  expect((await house.ask({ path: "/api/sessions", token: secret })).status).toBe(429);
  expect(await dial(house.port)).toBe(429);
  expect((await inside.call("sessions.list", {})).ok).toBe(true);
  expect(await house.local("GET", "/api/status")).toHaveProperty("version");
  inside.close();
});
