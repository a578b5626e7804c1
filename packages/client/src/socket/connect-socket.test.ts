import { describe, expect, test } from "vitest";
import { isRefusal, type WatchFrame } from "@skein/contract";
import { isTransportFailure } from "../failure.ts";
import { connectSocket, type SocketClient, type SocketOptions } from "./connect-socket.ts";
import type { SocketEvent, SocketLike } from "./socket-like.ts";

type Frame = { type: string; id: string; method: string; params: Record<string, unknown> };

const hello = {
  type: "hello-ok",
  protocol: 4,
  server: { version: "1", connId: "c" },
  features: { methods: [], events: [] },
  snapshot: { presence: [], health: {}, stateVersion: { presence: 0, health: 0 }, uptimeMs: 0 },
  auth: { role: "operator", scopes: [] },
  policy: { maxPayload: 1, maxBufferedBytes: 1, tickIntervalMs: 30_000 },
};

/** The daemon's end of one socket. */
type Far = {
  say(value: unknown): void;
  sayText(text: string): void;
  event(watch: string, frame: object): void;
  answer(id: string, payload: unknown): void;
  drop(): void;
  readonly closed: { code: number | undefined } | null;
};

/** A daemon of the test's own: `onRequest` answers whatever is asked after the handshake. */
const daemon = (
  onRequest: (far: Far, frame: Frame, socket: number) => void,
  onConnect: (far: Far, frame: Frame, socket: number) => void = (far, frame) =>
    far.answer(frame.id, hello),
) => {
  const fars: Far[] = [];
  const requests: Frame[] = [];
  const open = (): SocketLike => {
    const listeners = new Map<string, (event: SocketEvent) => void>();
    let closed: { code: number | undefined } | null = null;
    const emit = (type: string, event: SocketEvent = {}) => listeners.get(type)?.(event);
    const number = fars.length + 1;
    const far: Far = {
      sayText: (text) => void (closed === null && emit("message", { data: text })),
      say: (value) => far.sayText(JSON.stringify(value)),
      event: (watch, frame) =>
        far.say({ type: "event", event: "skein.watch", payload: { watch, ...frame } }),
      answer: (id, payload) => far.say({ type: "res", id, ok: true, payload }),
      drop: () => {
        closed ??= { code: 1006 };
        emit("close", { code: 1006 });
      },
      get closed() {
        return closed;
      },
    };
    fars.push(far);
    queueMicrotask(() => {
      emit("open");
      far.say({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } });
    });
    return {
      addEventListener: (type, listener) => void listeners.set(type, listener),
      send: (text) => {
        const frame = JSON.parse(text) as Frame;
        if (frame.method === "connect") return onConnect(far, frame, number);
        requests.push(frame);
        onRequest(far, frame, number);
      },
      close: (code) => {
        closed = { code };
        queueMicrotask(() => emit("close", { code: code ?? 1005 }));
      },
    };
  };
  return { open, fars, requests };
};

const connect = (
  socket: () => SocketLike,
  options: Partial<SocketOptions> = {},
): SocketClient & Disposable => {
  const client = connectSocket({
    socket,
    client: { version: "1.2.3" },
    pause: async () => {},
    ...options,
  });
  return { ...client, [Symbol.dispose]: client.close };
};

const thrown = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe("a call", () => {
  test("waits for the handshake, shares the socket, and may be answered out of order", async () => {
    const waiting: (() => void)[] = [];
    const { open, fars, requests } = daemon((far, frame) => {
      waiting.push(() => far.answer(frame.id, { me: frame.params }));
      if (waiting.length === 2) for (const answer of waiting.toReversed()) answer();
    });
    using client = connect(open, { token: "t" });
    const answers = await Promise.all([
      client.call("sessions.get", { session: "a" }),
      client.call("sessions.get", { session: "b" }),
    ]);
    expect(answers).toEqual([{ me: { session: "a" } }, { me: { session: "b" } }]);
    expect(fars).toHaveLength(1);
    expect(requests.map(({ method }) => method)).toEqual(["sessions.get", "sessions.get"]);
  });

  test("says who connects, and brings the token in the connect frame and nowhere else", async () => {
    const frames: Frame[] = [];
    const { open, requests } = daemon(
      (far, frame) => far.answer(frame.id, {}),
      (far, frame) => {
        frames.push(frame);
        far.answer(frame.id, hello);
      },
    );
    using client = connect(open, { token: "secret", scopes: ["operator.read"] });
    await client.call("sessions.list", {});
    expect(frames[0]?.params).toMatchObject({
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "skein-client", version: "1.2.3" },
      auth: { token: "secret" },
      scopes: ["operator.read"],
    });
    expect(JSON.stringify(requests)).not.toContain("secret");
  });

  test.each([
    [
      {
        code: "INVALID_REQUEST",
        message: "taken",
        details: { code: "name_taken", remedy: "other", name: "x" },
      },
      "name_taken",
      "other",
    ],
    [
      {
        code: "FORBIDDEN",
        message: "missing scope: operator.admin",
        details: { code: "MISSING_SCOPE" },
      },
      "forbidden",
      undefined,
    ],
    [
      { code: "UNAVAILABLE", message: "full", details: { code: "queue_full", remedy: "wait" } },
      "queue_full",
      "wait",
    ],
    [{ code: "APPROVAL_NOT_FOUND", message: "none" }, "approval_not_found", undefined],
  ])("that is refused rejects as over HTTP: %j", async (error, code, remedy) => {
    const { open } = daemon((far, frame) =>
      far.say({ type: "res", id: frame.id, ok: false, error }),
    );
    using client = connect(open);
    const refusal = await thrown(client.call("sessions.list", {}));
    if (!isRefusal(refusal)) throw new Error("not a refusal");
    expect(refusal.problem.code).toBe(code);
    expect(refusal.problem.remedy).toBe(remedy ?? refusal.problem.remedy);
    expect(refusal.problem.remedy).not.toBe("");
  });

  test("under way when the socket breaks fails; the next one opens another", async () => {
    const { open, fars } = daemon((far, frame, socket) =>
      socket === 1 ? far.drop() : far.answer(frame.id, { socket }),
    );
    using client = connect(open);
    const broken = await thrown(client.call("sessions.list", {}));
    expect(isTransportFailure(broken) && broken.transport).toBe("broken");
    expect(await client.call("sessions.list", {})).toEqual({ socket: 2 });
    expect(fars).toHaveLength(2);
  });

  test("tries to connect so often and no more", async () => {
    let tried = 0;
    const pauses: number[] = [];
    const client = connectSocket({
      socket: () => {
        tried += 1;
        throw new Error("no");
      },
      client: { version: "1.2.3" },
      pause: async (ms) => void pauses.push(ms),
    });
    const error = await thrown(client.call("sessions.list", {}));
    expect(isTransportFailure(error) && error.transport).toBe("unreachable");
    expect(tried).toBe(5);
    expect(pauses).toHaveLength(4);
  });

  test("of someone who is not let in says so, once, and closes", async () => {
    const { open, fars } = daemon(
      () => {},
      (far, frame) =>
        far.say({
          type: "res",
          id: frame.id,
          ok: false,
          error: {
            code: "INVALID_REQUEST",
            message: "unauthorized",
            details: { code: "AUTH_TOKEN_MISMATCH" },
          },
        }),
    );
    using client = connect(open, { token: "wrong" });
    const error = await thrown(client.call("sessions.list", {}));
    expect(isRefusal(error) && error.problem.code).toBe("unauthenticated");
    expect(fars).toHaveLength(1);
    expect(fars[0]?.closed).not.toBeNull();
  });

  test("that is aborted does not wait for its answer", async () => {
    const { open } = daemon(() => {});
    using client = connect(open);
    const leaving = new AbortController();
    const reason = new Error("enough");
    const call = client.call("sessions.wait", { sessions: ["a"] }, { signal: leaving.signal });
    await Promise.resolve();
    leaving.abort(reason);
    expect(await thrown(call)).toBe(reason);
  });

  test("on a socket that speaks something else fails as such", async () => {
    const { open } = daemon(
      () => {},
      (far) => far.sayText("hello there"),
    );
    using client = connect(open);
    const error = await thrown(client.call("sessions.list", {}));
    expect(isTransportFailure(error) && error.transport).toBe("not-skein");
  });

  test("after close fails at once", async () => {
    const { open, fars } = daemon((far, frame) => far.answer(frame.id, {}));
    const client = connect(open);
    await client.call("sessions.list", {});
    client.close();
    expect(isTransportFailure(await thrown(client.call("sessions.list", {})))).toBe(true);
    expect(fars).toHaveLength(1);
  });

  test("on a socket that has gone silent is not kept waiting for ever", async () => {
    const { open, fars } = daemon((far, frame, socket) => {
      if (socket === 2) far.answer(frame.id, {});
    });
    using client = connect(open, { silenceMs: 10 });
    const error = await thrown(client.call("sessions.list", {}));
    expect(isTransportFailure(error) && error.transport).toBe("broken");
    expect(fars[0]?.closed).toEqual({ code: 4000 });
    expect(await client.call("sessions.list", {})).toEqual({});
  });
});

describe("a watch", () => {
  const event = (position: number) => ({ frame: "events", events: [{ position }] });
  const follow = async (client: SocketClient, until: number): Promise<number[]> => {
    const seen: number[] = [];
    for await (const frame of client.watch({ after: 0 })) {
      if (frame.frame === "events") seen.push(...frame.events.map(({ position }) => position));
      if (seen.at(-1) === until) break;
    }
    return seen;
  };

  test("takes frames that follow its answer in the same turn, and none of another watch", async () => {
    const { open } = daemon((far, frame) => {
      if (frame.method !== "events.watch") return;
      far.answer(frame.id, { watch: "w1" });
      far.event("w9", event(99));
      far.event("w1", event(1));
      far.event("w1", event(2));
    });
    using client = connect(open);
    expect(await follow(client, 2)).toEqual([1, 2]);
  });

  test("goes on after the last event seen, over any number of broken sockets", async () => {
    const asked: unknown[] = [];
    const { open, fars } = daemon((far, frame, socket) => {
      if (frame.method !== "events.watch") return;
      asked.push(frame.params["after"]);
      far.answer(frame.id, { watch: `w${socket}` });
      const from = Number(frame.params["after"]);
      far.event(`w${socket}`, event(from + 1));
      far.event(`w${socket}`, event(from + 2));
      queueMicrotask(() => far.drop());
    });
    using client = connect(open);
    expect(await follow(client, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(asked.slice(0, 3)).toEqual([0, 2, 4]);
    expect(fars.length).toBeGreaterThanOrEqual(3);
  });

  test("goes on from where lagged and going-away say, on the same socket", async () => {
    const asked: unknown[] = [];
    const { open, fars } = daemon((far, frame) => {
      if (frame.method !== "events.watch") return;
      asked.push(frame.params["after"]);
      const watch = `w${asked.length}`;
      far.answer(frame.id, { watch });
      far.event(watch, event(Number(frame.params["after"]) + 1));
      if (asked.length === 1) far.event(watch, { frame: "lagged", resumeFrom: 1 });
      if (asked.length === 2) far.event(watch, { frame: "going-away", resumeFrom: 7 });
    });
    using client = connect(open);
    expect(await follow(client, 8)).toEqual([1, 2, 8]);
    expect(asked).toEqual([0, 1, 7]);
    expect(fars).toHaveLength(1);
  });

  test("whose loop is left is ended on the daemon's side too", async () => {
    const { open, requests } = daemon((far, frame) => {
      if (frame.method !== "events.watch") return far.answer(frame.id, { ended: true });
      far.answer(frame.id, { watch: "w1" });
      far.event("w1", event(1));
    });
    using client = connect(open);
    await follow(client, 1);
    expect(requests.at(-1)).toMatchObject({ method: "events.unwatch", params: { watch: "w1" } });
  });

  test("ends quietly with its signal, although no frame comes", async () => {
    const { open, requests } = daemon((far, frame) => {
      if (frame.method === "events.watch") far.answer(frame.id, { watch: "w1" });
    });
    using client = connect(open);
    const leaving = new AbortController();
    const frames: WatchFrame[] = [];
    const watching = (async () => {
      for await (const frame of client.watch({}, { signal: leaving.signal })) frames.push(frame);
    })();
    await expect.poll(() => requests.length).toBe(1);
    leaving.abort();
    await watching;
    expect(frames).toEqual([]);
    expect(requests.at(-1)?.method).toBe("events.unwatch");
  });

  test("of a reader that is far behind is given up and taken up again: nothing is lost, little is kept", async () => {
    const asked: number[] = [];
    const { open } = daemon((far, frame) => {
      if (frame.method !== "events.watch") return;
      const after = Number(frame.params["after"]);
      asked.push(after);
      const watch = `w${asked.length}`;
      far.answer(frame.id, { watch });
      for (let position = after + 1; position <= 10_000; position++)
        far.event(watch, event(position));
    });
    using client = connect(open);
    const seen = await follow(client, 10_000);
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
    expect(asked.length).toBeGreaterThan(1);
  });
});
