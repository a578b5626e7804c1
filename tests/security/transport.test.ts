/** Peers that are slow, silent, huge, deep or ambiguous. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { LIMITS } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { TOKENS, openHouse, type House } from "./house.ts";
import { dial, dialIn, type Wire } from "./wire.ts";

const head = (house: House, line: string, headers: string): string =>
  `${line} HTTP/1.1\r\nhost: 127.0.0.1:${house.port}\r\n${headers}\r\n`;
const authorized = `authorization: Bearer ${TOKENS.admin}\r\n`;
const json = "content-type: application/json\r\n";

const ended = (peer: Socket): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    peer.on("error", () => {});
    peer.on("data", (chunk: Buffer) => chunks.push(chunk));
    peer.once("close", () => resolve(Buffer.concat(chunks).toString()));
  });

describe("slow-loris", () => {
  test("headers that never end are cut", async () => {
    await using house = await openHouse({ limits: { httpHeaderTimeoutMs: 300 } });
    const peer = await house.socket();
    const answer = ended(peer);
    peer.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${house.port}\r\n`);
    const drip = setInterval(() => peer.write("x-drip: 1\r\n"), 50);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  test("a connection that says nothing at all is cut", async () => {
    await using house = await openHouse({ limits: { httpHeaderTimeoutMs: 300 } });
    expect(await ended(await house.socket())).toMatch(/^$|^HTTP\/1\.1 408 /);
  });

  test("a body that pauses is cut, and so is one that drips for too long", async () => {
    await using house = await openHouse();
    const begin = async () => {
      const peer = await house.socket();
      peer.write(head(house, "POST /api/stop", `${authorized}${json}content-length: 100\r\n`));
      return peer;
    };
    // The server's own clock is turned, not waited for, once it has begun to wait for more of the body.
    const reading = () => house.clock.armed(LIMITS.httpHeaderTimeoutMs);
    const waits = reading();
    const pausing = await begin();
    const paused = ended(pausing);
    pausing.write("{");
    await waits;
    house.clock.turn(LIMITS.httpHeaderTimeoutMs + 1);
    expect(await paused).toMatch(/^HTTP\/1\.1 408 /);

    const dripping = await begin();
    const dripped = ended(dripping);
    for (let i = 0; i < 4; i++) {
      const read = reading();
      dripping.write(" ");
      await read;
      house.clock.turn(9_000);
    }
    expect(await dripped).toMatch(/^HTTP\/1\.1 408 /);
    expect(house.calls).toEqual([]);
  });
});

describe("100 MB", () => {
  const size = 100 * 1024 * 1024;
  const chunk = Buffer.alloc(64 * 1024, 0x20);

  /** Sends until it is stopped; gives how much it got rid of and what it was told. */
  const flood = async (house: House, opening: string, chunked: boolean) => {
    const peer = await house.socket();
    const answer = ended(peer);
    let over = false;
    void answer.then(() => (over = true));
    peer.write(opening);
    let sent = 0;
    while (!over && sent < size) {
      const piece = chunked
        ? Buffer.concat([Buffer.from("10000\r\n"), chunk, Buffer.from("\r\n")])
        : chunk;
      if (!peer.write(piece)) {
        await Promise.race([new Promise((resolve) => peer.once("drain", resolve)), answer]);
      }
      sent += chunk.length;
    }
    peer.destroy();
    return { sent, answer: await answer };
  };

  test.each([
    ["announced", true, `content-length: ${size}\r\n`, 413],
    ["unannounced", true, "transfer-encoding: chunked\r\n", 413],
    ["announced by nobody known", false, `content-length: ${size}\r\n`, 413],
    ["unannounced by nobody known", false, "transfer-encoding: chunked\r\n", 401],
  ])("%s are refused without being kept", async (_, known, length, status) => {
    await using house = await openHouse();
    const before = process.memoryUsage.rss();
    const opening = head(house, "POST /api/stop", `${known ? authorized : ""}${json}${length}`);
    const { sent, answer } = await flood(house, opening, length.startsWith("transfer"));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(sent).toBeLessThan(40 * 1024 * 1024);
    // Sender and receiver are one process here; what is kept would show as a hundred.
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 * 1024);
    expect(house.calls).toEqual([]);
  });

  test("in one socket frame end the socket at its announcement", async () => {
    await using house = await openHouse();
    const wire = await dialIn(house.port, TOKENS.admin);
    wire.websocket.on("error", () => {});
    wire.sendText("x".repeat(26 * 1024 * 1024));
    expect([1009, 1006]).toContain((await wire.ended).code);
  });

  test("a client that asks first is not told to go on", async () => {
    await using house = await openHouse();
    const expecting = `${json}expect: 100-continue\r\ncontent-length: ${size}\r\n`;
    const refused = await house.raw(head(house, "POST /api/stop", authorized + expecting));
    expect(refused).toMatch(/^HTTP\/1\.1 413 /);
    const unknown = head(
      house,
      "POST /api/stop",
      `${json}expect: 100-continue\r\ncontent-length: 2\r\n`,
    );
    expect(await house.raw(unknown)).toMatch(/^HTTP\/1\.1 401 /);
    const known = head(
      house,
      "POST /api/stop",
      `${authorized}${json}expect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n`,
    );
    expect(await house.raw(`${known}{}`)).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
    );
  });
});

describe("JSON", () => {
  const nested = (depth: number) => `{"a":`.repeat(depth) + "1" + "}".repeat(depth);
  const bad: [string, string][] = [
    ["10,000 levels deep", nested(10_000)],
    ["10,000 lists deep", "[".repeat(10_000) + "]".repeat(10_000)],
    ["with __proto__", '{"__proto__":{"polluted":true},"text":"x"}'],
    ["with __proto__ in disguise", '{"\\u005f\\u005fproto__":{"polluted":true},"text":"x"}'],
    ["with constructor.prototype", '{"constructor":{"prototype":{"polluted":true}},"text":"x"}'],
    ["with a key twice", '{"text":"x","text":"y"}'],
    ["cut off", '{"text":"x'],
    ["with a byte order mark", '\uFEFF{"text":"x"}'],
    ["as a list", "[]"],
    ["as a word", "null"],
    ["that is empty", ""],
  ];

  test.each(bad)("%s gets 400 and pollutes nothing", async (_, body) => {
    await using house = await openHouse();
    const answer = await house.ask({
      method: "POST",
      path: "/api/sessions/x/send",
      token: TOKENS.admin,
      body,
    });
    expect(answer.status).toBe(400);
    expect(answer.json().error?.code).toBe("invalid_input");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(house.calls).toEqual([]);
  });

  test("that is not UTF-8 gets 400", async () => {
    await using house = await openHouse();
    const body = Buffer.from([...Buffer.from('{"text":"'), 0xff, 0xfe, ...Buffer.from('"}')]);
    const answer = await house.ask({
      method: "POST",
      path: "/api/sessions/x/send",
      token: TOKENS.admin,
      body,
    });
    expect(answer.status).toBe(400);
  });

  test("that is reported as data may have any keys, but not too deep, and harms nobody", async () => {
    await using house = await openHouse();
    const wire = await dialIn(house.port, TOKENS.admin);
    const append = (data: unknown) =>
      wire.call("events.append", { session: "x", events: [{ type: "a", clientId: "c", data }] });
    expect((await append({ constructor: { prototype: 1 }, hasOwnProperty: 1, toJSON: 1 })).ok).toBe(
      true,
    );
    const deep = JSON.parse(nested(100)) as unknown;
    wire.send({
      type: "req",
      id: "deep",
      method: "events.append",
      params: { session: "x", events: [{ type: "a", clientId: "c", data: deep }] },
    });
    expect((await wire.ended).code).toBe(1008);
  });

  test("of a megabyte of odd text is read in no time", async () => {
    await using house = await openHouse();
    for (const text of [
      "\\\\".repeat(500_000),
      '\\"'.repeat(500_000),
      "a-".repeat(500_000),
      " ".repeat(1_000_000),
    ]) {
      const from = performance.now();
      const answer = await house.ask({
        method: "PATCH",
        path: "/api/sessions/x",
        token: TOKENS.admin,
        body: `{"name":"${text}"}`,
      });
      expect(answer.status).toBe(400);
      expect(performance.now() - from).toBeLessThan(1_000);
    }
  });
});

describe("ambiguous requests", () => {
  const smuggled = "GET /api/tokens HTTP/1.1\r\nhost: x\r\n\r\n";
  test.each<[string, string]>([
    ["CL and TE", `content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["TE and CL", `transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${smuggled}`],
    ["two lengths", `content-length: 2\r\ncontent-length: 20\r\n\r\n{}${smuggled}`],
    ["a length list", `content-length: 2, 20\r\n\r\n{}${smuggled}`],
    ["a signed length", `content-length: +2\r\n\r\n{}${smuggled}`],
    ["TE in disguise", `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["TE with a space", `transfer-encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      "TE twice",
      `transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["a folded header", `x: a\r\n transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}`],
    ["a bare line feed", `x: a\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    [
      "a chunk size out of bounds",
      `transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n`,
    ],
    ["two hosts", `host: evil.example\r\ncontent-length: 2\r\n\r\n{}`],
  ])("with %s are refused, and nothing behind them is answered", async (_, rest) => {
    await using house = await openHouse();
    const answer = await house.raw(
      `POST /api/stop HTTP/1.1\r\nhost: 127.0.0.1:${house.port}\r\n${authorized}${json}${rest}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(house.calls).toEqual([]);
  });

  test.each<[string, string, RegExp]>([
    ["no host", "GET /health HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "an absolute target",
      "GET http://evil.example/ HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["another protocol", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", /^HTTP\/1\.1 400 /],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 (400|405) |^$/],
    [
      "a proxy's word",
      "CONNECT evil.example:443 HTTP/1.1\r\nhost: HOST\r\n\r\n",
      /^$|^HTTP\/1\.1 4/,
    ],
    [
      "too many headers",
      `GET /health HTTP/1.1\r\nhost: HOST\r\n${"x: y\r\n".repeat(5_000)}\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      "an upgrade to something else",
      "GET /health HTTP/1.1\r\nhost: HOST\r\nupgrade: h2c\r\nconnection: upgrade, close\r\n\r\n",
      /^HTTP\/1\.1 200 /,
    ],
  ])("with %s", async (_, bytes, answer) => {
    await using house = await openHouse();
    const host = `127.0.0.1:${house.port}`;
    expect(await house.raw(bytes.replace("HOST", host))).toMatch(answer);
  });

  test("random bytes are no reason to fall over", async () => {
    await using house = await openHouse();
    for (let i = 0; i < 50; i++)
      await house.raw(Buffer.concat([randomBytes(200), Buffer.from("\r\n\r\n")]));
    const wire = await dialIn(house.port, TOKENS.read);
    wire.websocket.on("error", () => {});
    (wire.websocket as unknown as { _socket: Socket })._socket.write(randomBytes(500));
    await wire.ended;
    expect((await house.ask({ path: "/health" })).status).toBe(200);
  });
});

describe("sockets that never say who they are", () => {
  test("a thousand of them: few are let wait, all are closed, others are served meanwhile", async () => {
    await using house = await openHouse();
    const dialled = await Promise.all(
      Array.from({ length: 1_000 }, () => dial(house.port).catch(() => 0)),
    );
    const waiting = dialled.filter((one): one is Wire => typeof one !== "number");
    expect(waiting).toHaveLength(256);
    expect(dialled.filter((one) => one === 503)).toHaveLength(744);
    const known = await dialIn(house.port, undefined, {
      headers: { authorization: `Bearer ${TOKENS.read}` },
    });
    expect((await known.call("sessions.list", {})).ok).toBe(true);
    house.clock.turn(5_001);
    const codes = await Promise.all(waiting.map(async (wire) => (await wire.ended).code));
    expect(new Set(codes)).toEqual(new Set([1008]));
    (await dialIn(house.port, TOKENS.read)).close();
    expect((await known.call("sessions.list", {})).ok).toBe(true);
    known.close();
  });

  test("hang up early: their places are free again", async () => {
    await using house = await openHouse({ limits: { unauthenticatedConnections: 4 } });
    for (let round = 0; round < 5; round++) {
      const wires = await Promise.all(Array.from({ length: 4 }, () => dial(house.port)));
      expect(await dial(house.port)).toBe(503);
      for (const wire of wires as Wire[]) wire.websocket.terminate();
      await expect
        .poll(async () => {
          const wire = await dial(house.port);
          if (typeof wire !== "number") wire.websocket.terminate();
          return typeof wire;
        })
        .toBe("object");
    }
  });

  test("a malformed upgrade takes no place", async () => {
    await using house = await openHouse({ limits: { unauthenticatedConnections: 1 } });
    for (let i = 0; i < 3; i++) {
      const answer = await house.raw(
        head(
          house,
          "GET /",
          "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 1\r\n",
        ),
      );
      expect(answer).toMatch(/^HTTP\/1\.1 4/);
    }
    (await dialIn(house.port, TOKENS.read)).close();
  });
});

describe("one connection among many", () => {
  test("that pipelines 10,000 requests delays nobody else", async () => {
    await using house = await openHouse();
    const peer = await house.socket();
    peer.on("error", () => {});
    let answered = 0;
    peer.on(
      "data",
      (chunk: Buffer) => (answered += chunk.toString("latin1").split("HTTP/1.1 200").length - 1),
    );
    peer.write(head(house, "GET /health", "").repeat(10_000));
    for (let i = 0; i < 5; i++) expect((await house.ask({ path: "/health" })).status).toBe(200);
    // The others had their turn while it was still being served.
    expect(answered).toBeLessThan(9_000);
    await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(9_990);
    peer.destroy();
  });

  test("that pipelines a write whose body is still to come gets its answer too", async () => {
    await using house = await openHouse();
    const peer = await house.socket();
    const answer = ended(peer);
    peer.write(head(house, "GET /health", "").repeat(100));
    const reading = house.clock.armed(LIMITS.httpHeaderTimeoutMs);
    peer.write(
      `${head(house, "POST /api/stop", `${authorized}${json}content-length: 2\r\nconnection: close\r\n`)}{`,
    );
    await reading;
    peer.write("}");
    expect((await answer).match(/HTTP\/1\.1 200 /g)).toHaveLength(101);
    expect(house.calls.map(({ name }) => name)).toEqual(["system.stop"]);
  });

  test("has so many requests under way and no more", async () => {
    const blocked = Promise.withResolvers<unknown>();
    await using house = await openHouse({
      limits: { socketInFlight: 8 },
      operate: () => blocked.promise,
    });
    const wire = await dialIn(house.port, TOKENS.read);
    const calls = Array.from({ length: 9 }, () => wire.call("sessions.list", {}));
    const last = await (calls[8] as (typeof calls)[number]);
    expect(last.error).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { code: "too_many_requests" },
    });
    blocked.resolve({});
    const answers = await Promise.all(calls.slice(0, 8));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect((await wire.call("sessions.list", {})).ok).toBe(true);
    wire.close();
  });

  test("follows so many watches, each of so many sessions, and no more", async () => {
    await using house = await openHouse({ limits: { watchesPerConnection: 3 } });
    const wire = await dialIn(house.port, TOKENS.read);
    for (let i = 1; i <= 3; i++) {
      expect((await wire.call("events.watch", {})).payload).toEqual({ watch: `w${i}` });
    }
    expect((await wire.call("events.watch", {})).error?.details?.["code"]).toBe(
      "too_many_requests",
    );
    expect((await wire.call("events.unwatch", { watch: "w2" })).payload).toEqual({ ended: true });
    expect((await wire.call("events.watch", {})).ok).toBe(true);
    expect((await wire.call("events.unwatch", { watch: "w1" })).payload).toEqual({ ended: true });
    const million = Array.from({ length: 1_001 }, (_, i) => `s${i}`);
    const many = await wire.call("events.watch", { filter: { sessions: million } });
    expect(many.error?.details?.["code"]).toBe("invalid_input");
    wire.close();
  });

  test("that asks and does not read is not read from either, and is cut at the end", async () => {
    const large = "x".repeat(100_000);
    await using house = await openHouse({ operate: async () => ({ large }) });
    const wire = await dialIn(house.port, TOKENS.read);
    wire.websocket.pause();
    const before = process.memoryUsage.rss();
    let sent = 0;
    while (sent < 5_000) {
      wire.send({ type: "req", id: `x${sent++}`, method: "sessions.list", params: {} });
      if (sent % 100 === 0) await after(1);
    }
    const reached = house.calls.length;
    expect(reached).toBeLessThan(2_500);
    expect(process.memoryUsage.rss() - before).toBeLessThan(250 * 1024 * 1024);
    const other = await dialIn(house.port, TOKENS.read);
    expect((await other.call("sessions.get", { session: "x" })).ok).toBe(true);
    other.close();
    wire.websocket.terminate();
  });

  test("whose peer is gone without a word is given up after two beats", async () => {
    await using house = await openHouse();
    const silent = await dialIn(house.port, TOKENS.read);
    const lively = await dialIn(house.port, TOKENS.read);
    silent.websocket.pause();
    for (let beat = 1; beat <= 3; beat++) {
      const ticks = () => lively.frames.filter(({ event }) => event === "tick").length;
      house.clock.turn(30_001);
      await expect.poll(ticks).toBe(beat);
      expect((await lively.call("sessions.list", {})).ok).toBe(true);
    }
    silent.websocket.resume();
    expect((await silent.ended).code).toBe(1006);
    expect((await lively.call("sessions.list", {})).ok).toBe(true);
    lively.close();
  });
});
