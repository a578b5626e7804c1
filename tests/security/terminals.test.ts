/** The sockets of terminals: who may attach is decided before the upgrade, and what they may do there for as long as they are. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeTerminalBytes } from "@skein/contract";
import type { OpenTerminal, TerminalLine } from "../../packages/daemon/src/server/ports.ts";
import { TOKENS, openHouse, type House, type Role } from "./house.ts";
import { dial, type Wire } from "./wire.ts";

const PATH = "/api/terminals/trm_00000000000000000000000000";

type Asked = Parameters<OpenTerminal>[0];
const asked: Asked[] = [];
const done: string[] = [];
const lines: TerminalLine[] = [];

const openTerminal: OpenTerminal = async (input) => {
  asked.push(input);
  return (line) => {
    lines.push(line);
    const note =
      (what: string) =>
      (...values: unknown[]): void =>
        void done.push(`${what} ${JSON.stringify(values)}`);
    return {
      ack: note("ack"),
      resize: note("resize"),
      claim: note("claim"),
      input: (kind, seq, bytes) =>
        void done.push(`${kind} ${seq} ${Buffer.from(bytes).toString()}`),
      left: note("left"),
    };
  };
};

let house: House;
beforeAll(async () => {
  house = await openHouse({ openTerminal });
});
afterAll(() => house[Symbol.asyncDispose]());

const bearer = (role: Role) => ({ authorization: `Bearer ${TOKENS[role]}` });
const attach = (headers: Record<string, string>, path = PATH) =>
  dial(house.port, { path, headers });
const attached = async (role: Role, path = PATH): Promise<Wire> => {
  const wire = await attach(bearer(role), path);
  if (typeof wire === "number") throw new Error(`refused: ${wire}`);
  return wire;
};

const cookie = async (): Promise<string> => {
  const code = new URL(house.server.loginLink().url);
  const answer = await house.ask({
    path: `${code.pathname}${code.search}`,
    headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  });
  return String(answer.headers["set-cookie"]).split(";")[0]!;
};

describe("before the upgrade", () => {
  test.each([
    ["another site's page", { origin: "http://evil.example" }, 403],
    ["no origin at all", { origin: "null" }, 403],
    ["another port's page", { origin: "http://localhost:1" }, 403],
    ["a page that was sent here", { "sec-fetch-site": "cross-site" }, 403],
    ["another name of this machine", { host: "evil.example" }, 421],
  ])("%s is refused, whatever it brings", async (_, headers, status) => {
    const before = asked.length;
    expect(await attach({ ...bearer("admin"), ...(headers as Record<string, string>) })).toBe(
      status,
    );
    expect(asked).toHaveLength(before);
  });

  test("a cookie counts from the own page only", async () => {
    const mine = await cookie();
    expect(await attach({ cookie: mine })).toBe(403);
    const wire = await attach({ cookie: mine, origin: `http://127.0.0.1:${house.port}` });
    expect(wire).not.toBeTypeOf("number");
    (wire as Wire).close();
  });

  test("without a credential, or with a wrong one, nobody gets in", async () => {
    const before = asked.length;
    expect(await attach({})).toBe(401);
    expect(await attach({ authorization: "Bearer wrong" })).toBe(401);
    expect(await attach({ authorization: "Bearer wrong" }, "/api/sessions/x/terminal")).toBe(401);
    expect(asked).toHaveLength(before);
  });

  test("who may read looks, who may write and approve types; asking for more is refused", async () => {
    expect(await attach(bearer("approvals"))).toBe(403);
    for (const [role, mayType] of [
      ["read", false],
      ["write", false],
      ["admin", true],
    ] as const) {
      (await attached(role)).close();
      expect(asked.at(-1)?.mayType).toBe(mayType);
    }
    expect(await attach(bearer("write"), `${PATH}?readOnly=false`)).toBe(403);
    (await attached("admin", `${PATH}?readOnly=true`)).close();
    expect(asked.at(-1)?.mayType).toBe(false);
  });

  test.each([
    "?columns=1001",
    "?columns=x",
    "?client=a%20b",
    "?from=-1",
    "?what=1",
    "?rows=2&rows=3",
  ])("the query %s is refused", async (query) =>
    expect(await attach(bearer("admin"), `${PATH}${query}`)).toBe(400),
  );

  test("there is a socket at those paths and no others", async () => {
    for (const path of [
      "/api/terminals",
      `${PATH}/x`,
      "/api/sessions/x",
      "/api/terminals/%zz",
      "/terminals/x",
    ])
      expect(await attach(bearer("admin"), path)).toBe(404);
    for (const [path, where] of [
      [PATH, "terminal"],
      ["/api/sessions/fizz-top/terminal", "session"],
      ["/api/tasks/7/terminal", "task"],
    ] as const) {
      (await attached("admin", path)).close();
      expect(asked.at(-1)?.where).toBe(where);
    }
  });
});

test("what is no frame of a client ends the socket, and nothing of it arrives", async () => {
  const odd: (string | Buffer)[] = [
    "no json",
    "{}",
    '{"type":"typed","seq":1}',
    '{"type":"ack","offset":-1}',
    '{"type":"resize","columns":1,"rows":1}',
    '{"type":"resize","columns":80,"rows":24,"__proto__":{}}',
    Buffer.from([]),
    Buffer.from([16]),
    Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 65]),
    Buffer.from([16, 255, 255, 255, 255, 255, 255, 255, 255, 65]),
  ];
  for (const data of odd) {
    const wire = await attached("admin");
    done.length = 0;
    wire.websocket.send(data);
    expect((await wire.ended).code).toBe(4009);
    expect(done.filter((one) => !one.startsWith("left"))).toEqual([]);
  }
});

test("frames of a client arrive as they are", async () => {
  const wire = await attached("admin");
  done.length = 0;
  wire.send({ type: "ack", offset: 5 });
  wire.send({ type: "resize", columns: 80, rows: 24 });
  wire.websocket.send(
    encodeTerminalBytes({ kind: "input", number: 7, bytes: Buffer.from("ls\r") }),
  );
  wire.close();
  await wire.ended;
  expect(done.slice(0, 3)).toEqual([
    "ack [5]",
    'resize [{"columns":80,"rows":24}]',
    "input 7 ls\r",
  ]);
});

test("whoever takes nothing of what is sent is sent away", async () => {
  const wire = await attached("admin");
  const line = lines.at(-1)!;
  wire.websocket.pause();
  const title = "x".repeat(65_536);
  for (let sent = 0; sent < 1_000; sent += 1) line.text({ type: "title", title });
  wire.websocket.resume();
  expect((await wire.ended).code).toBe(4004);
  expect(wire.frames.length).toBeLessThan(500);
});

test("revoking a token ends its terminals at once, and those of nobody else", async () => {
  await using other = await openHouse({ openTerminal });
  const headers = (role: Role) => ({ path: PATH, headers: bearer(role) });
  const revoked = (await dial(other.port, headers("write"))) as Wire;
  const kept = (await dial(other.port, headers("admin"))) as Wire;
  // The clock stands still: no beat and no time limit has a part in it.
  other.server.disconnect("tok_write");
  expect(await revoked.ended).toMatchObject({ code: 4005, reason: "revoked" });
  expect(kept.websocket.readyState).toBe(1);
  expect(revoked.frames.at(-1)).toMatchObject({ type: "close", reason: "revoked" });
  // One that merely stopped being valid is found at the next beat.
  other.revoked.add("tok_admin");
  other.clock.turn(30_001);
  expect((await kept.ended).code).toBe(4005);
  expect(kept.frames).toContainEqual({ type: "beat" });
});
