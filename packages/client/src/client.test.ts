import { describe, expect, expectTypeOf, test } from "vitest";
import {
  findOperation,
  isRefusal,
  operationNames,
  problem,
  type Session,
  type WatchFrame,
} from "@skein/contract";
import { isTransportFailure } from "./failure.ts";
import { makeClient, requestOf } from "./routes.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

const noPause = async (): Promise<void> => {};

const saying = (response: TransportResponse | (() => TransportResponse)) => {
  const requests: TransportRequest[] = [];
  const transport: Transport = async (request) => {
    requests.push(request);
    return typeof response === "function" ? response() : response;
  };
  return { requests, client: makeClient({ transport, pause: noPause }) };
};

const thrown = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe("a call", () => {
  test("is typed by the operation's name: what goes in, and what comes out", async () => {
    const { client, requests } = saying({ status: 200, body: '{"session":{"name":"fizz-top"}}' });
    const answer = await client.call("sessions.get", { session: "fizz-top" });
    expectTypeOf(answer.session).toEqualTypeOf<Session>();
    expectTypeOf(client.call<"sessions.send">)
      .parameter(1)
      .toHaveProperty("how")
      .toEqualTypeOf<"queue" | "steer" | "interrupt" | undefined>();
    expect(answer.session.name).toBe("fizz-top");
    expect(requests[0]).toMatchObject({
      method: "GET",
      path: "/api/sessions/fizz-top",
      body: null,
    });
  });

  test("sends a write as JSON, without what the path says already", async () => {
    const { client, requests } = saying({ status: 200, body: "{}" });
    await client.call("sessions.send", { session: "a/b", text: "hi" });
    expect(requests[0]).toMatchObject({
      method: "POST",
      path: "/api/sessions/a%2Fb/send",
      body: '{"text":"hi"}',
      headers: { "content-type": "application/json" },
    });
  });

  test("puts a read's input into the query: arrays repeated, objects as JSON", () => {
    const wait = requestOf("sessions.wait", { sessions: ["a", "b"], until: "any", timeoutMs: 5 });
    expect(wait.path).toBe("/api/wait?sessions=a&sessions=b&until=any&timeoutMs=5");
    const watch = requestOf("events.watch", { after: 0, filter: { live: false } });
    expect(watch.path).toBe("/api/events/watch?after=0&filter=%7B%22live%22%3Afalse%7D");
    expect(requestOf("sessions.get", { session: ".." }).path).toBe("/api/sessions/%2E%2E");
  });

  test.each([undefined, null, "", {}, ["fizz-top"], true, Number.NaN])(
    "names nothing by %j: it is refused, and nothing is sent",
    async (session) => {
      const { client, requests } = saying({ status: 200, body: "{}" });
      const input = { session } as unknown as { session: string };
      const error = await thrown(client.call("sessions.delete", input));
      expect(isRefusal(error) && error.problem).toMatchObject({
        code: "invalid_input",
        message: expect.stringMatching(/^The session is (missing|no text)\.$/) as string,
        remedy: "Give a session's name or id.",
      });
      expect(requests).toEqual([]);
    },
  );

  test.each(operationNames)("%s has a request, from its own example", (name) => {
    const example = findOperation(name)?.example as never;
    const { method, path, body } = requestOf(name, example);
    expect(path).toMatch(/^\/api\/[^{}]+$/);
    expect(body === null).toBe(method === "GET" || method === "DELETE");
  });

  test("that is refused rejects with the daemon's own words", async () => {
    const said = problem("name_taken", "fizz-top is taken.", "Choose another.", {
      name: "fizz-top",
    });
    const { client } = saying({ status: 409, body: JSON.stringify({ error: said }) });
    const error = await thrown(client.call("sessions.list", {}));
    expect(isRefusal(error) && error.problem).toEqual(said);
    expect(isTransportFailure(error)).toBe(false);
  });

  test("that a newer daemon refuses with a code unknown here still says why", async () => {
    const body = '{"error":{"code":"too_new","message":"No.","remedy":"Update."}}';
    const error = await thrown(saying({ status: 418, body }).client.call("sessions.list", {}));
    expect(isRefusal(error) && error.problem).toMatchObject({
      message: "No.",
      remedy: "Update.",
      details: { code: "too_new" },
    });
  });

  test.each<[string, TransportResponse]>([
    ["a page", { status: 200, body: "<html>" }],
    ["another page", { status: 502, body: "Bad Gateway" }],
    ["nothing", { status: 200, body: "" }],
    ["JSON of someone else", { status: 404, body: '{"message":"Not Found"}' }],
  ])("answered by %s is a failure of its own kind", async (_, response) => {
    const error = await thrown(saying(response).client.call("sessions.list", {}));
    expect(isTransportFailure(error) && error.transport).toBe("not-skein");
    expect(isRefusal(error)).toBe(false);
  });

  test("tells a daemon that cannot be reached from an answer that broke off", async () => {
    const away = makeClient({
      transport: async () => {
        throw new TypeError("fetch failed");
      },
    });
    const unreachable = await thrown(away.call("sessions.list", {}));
    expect(isTransportFailure(unreachable) && unreachable.transport).toBe("unreachable");

    const { client } = saying({
      status: 200,
      body: (async function* () {
        yield new TextEncoder().encode('{"sess');
        throw new Error("reset");
      })(),
    });
    const broken = await thrown(client.call("sessions.list", {}));
    expect(isTransportFailure(broken) && broken.transport).toBe("broken");
  });

  test("that is aborted rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    const transport: Transport = ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      });
    const leaving = new AbortController();
    const call = makeClient({ transport }).call("sessions.list", {}, { signal: leaving.signal });
    leaving.abort(reason);
    expect(await thrown(call)).toBe(reason);
  });
});

/** A log, and a daemon that serves it as server-sent events, cut wherever the test wants. */
const daemon = (length: number, cut: (text: string, attempt: number) => string) => {
  const asked: (number | undefined)[] = [];
  const transport: Transport = async ({ path }) => {
    const after = new URL(path, "http://x").searchParams.get("after");
    asked.push(after === null ? undefined : Number(after));
    const from = Number(after ?? 0);
    const events = Array.from({ length: length - from }, (_, i) => from + i + 1);
    const texts = events.map(
      (position) =>
        `id: ${position}\ndata: ${JSON.stringify({ frame: "events", events: [{ position, text: "grün" }] })}\n\n`,
    );
    texts.push(`id: ${length}\ndata: {"frame":"caught-up","position":${length}}\n\n`);
    const bytes = new TextEncoder().encode(cut(texts.join(""), asked.length));
    return {
      status: 200,
      body: (async function* () {
        for (let at = 0; at < bytes.length; at += 7) yield bytes.slice(at, at + 7);
      })(),
    };
  };
  return { asked, transport };
};

const positions = (frame: WatchFrame): number[] =>
  frame.frame === "events" ? frame.events.map(({ position }) => position) : [];

describe("a watch", () => {
  test("shows every event once, in order, wherever its connections break", async () => {
    const whole = (await (async () => {
      const { transport } = daemon(5, (text) => text);
      const response = await transport(requestFor(0));
      let length = 0;
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) length += chunk.length;
      return length;
    })()) as number;

    for (let cutAt = 0; cutAt <= whole; cutAt++) {
      const { transport } = daemon(5, (text, attempt) =>
        attempt === 1 ? text.slice(0, cutAt) : text,
      );
      const seen: number[] = [];
      for await (const frame of makeClient({ transport, pause: noPause }).watch({ after: 0 })) {
        seen.push(...positions(frame));
        if (frame.frame === "caught-up") break;
      }
      expect(seen).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test("goes on from where lagged and going-away say, and shows neither", async () => {
    const bodies = [
      'id: 2\ndata: {"frame":"events","events":[{"position":2}]}\n\nid: 4\ndata: {"frame":"lagged","resumeFrom":4}\n\n',
      'data: {"frame":"deltas","deltas":[]}\n\nid: 9\ndata: {"frame":"going-away","resumeFrom":9}\n\n',
      'id: 9\ndata: {"frame":"caught-up","position":9}\n\n',
    ];
    const paths: string[] = [];
    const transport: Transport = async ({ path }) => {
      paths.push(path);
      return { status: 200, body: bodies[paths.length - 1] ?? "" };
    };
    const frames: string[] = [];
    for await (const { frame } of makeClient({ transport, pause: noPause }).watch({})) {
      frames.push(frame);
      if (frame === "caught-up") break;
    }
    expect(frames).toEqual(["events", "deltas", "caught-up"]);
    expect(paths).toEqual([
      "/api/events/watch",
      "/api/events/watch?after=4",
      "/api/events/watch?after=9",
    ]);
  });

  test("that begins with a snapshot does not ask for another one after a cut", async () => {
    const bodies = [
      'id: 3\ndata: {"frame":"snapshot","position":3,"sessions":[],"approvals":[]}\n\n',
      'id: 3\ndata: {"frame":"caught-up","position":3}\n\n',
    ];
    let asked = 0;
    const transport: Transport = async () => ({ status: 200, body: bodies[asked++] ?? "" });
    const frames: string[] = [];
    for await (const { frame } of makeClient({ transport, pause: noPause }).watch({})) {
      frames.push(frame);
      if (frame === "caught-up") break;
    }
    expect(frames).toEqual(["snapshot", "caught-up"]);
  });

  test("waits longer and longer while nobody answers, and gives up in the end", async () => {
    const pauses: number[] = [];
    const client = makeClient({
      transport: async () => {
        throw new Error("refused");
      },
      pause: async (ms) => void pauses.push(ms),
      attempts: 12,
    });
    const told: unknown[] = [];
    const watch = client.watch({}, { lost: ({ transport }) => void told.push(transport) });
    const error = await thrown(watch[Symbol.asyncIterator]().next());
    expect(isTransportFailure(error) && error.transport).toBe("unreachable");
    expect(pauses).toHaveLength(12);
    expect(told).toEqual(pauses.map(() => "unreachable"));
    expect(pauses[0]).toBeLessThanOrEqual(250);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
    expect(pauses[11]).toBeGreaterThan(pauses[0] as number);
  });

  test("that is refused for good ends with the refusal; one that may be tried again is", async () => {
    const refusals = [
      problem("shutting_down", "stopping", "wait"),
      problem("cursor_compacted", "gone", "begin with a snapshot"),
    ];
    let asked = 0;
    const transport: Transport = async () => ({
      status: 503,
      body: JSON.stringify({ error: refusals[asked++] }),
    });
    const watch = makeClient({ transport, pause: noPause }).watch({ after: 1 });
    const error = await thrown(watch[Symbol.asyncIterator]().next());
    expect(isRefusal(error) && error.problem.code).toBe("cursor_compacted");
    expect(asked).toBe(2);
  });

  test("ends quietly with its signal, and lets go of its connection when the loop is left", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const transport: Transport = async ({ signal }) => {
      signals.push(signal);
      return {
        status: 200,
        body: (async function* () {
          yield new TextEncoder().encode('id: 1\ndata: {"frame":"caught-up","position":1}\n\n');
          await new Promise((_, reject) => {
            signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
          });
        })(),
      };
    };
    const client = makeClient({ transport, pause: noPause });
    for await (const _ of client.watch({})) break;
    expect(signals[0]?.aborted).toBe(true);

    const leaving = new AbortController();
    let frames = 0;
    for await (const _ of client.watch({}, { signal: leaving.signal })) {
      frames += 1;
      queueMicrotask(() => leaving.abort());
    }
    expect(frames).toBe(1);
    expect(signals[1]?.aborted).toBe(true);
  });

  test("does not wait for ever on a connection that has died without a word", async () => {
    let asked = 0;
    const transport: Transport = async ({ signal }) => {
      asked += 1;
      return {
        status: 200,
        body:
          asked > 1
            ? 'id: 1\ndata: {"frame":"caught-up","position":1}\n\n'
            : (async function* (): AsyncGenerator<Uint8Array> {
                await new Promise((_, reject) => {
                  signal?.addEventListener("abort", () => reject(new Error("aborted")), {
                    once: true,
                  });
                });
                yield new Uint8Array();
              })(),
      };
    };
    const client = makeClient({ transport, pause: noPause, silenceMs: 10 });
    for await (const { frame } of client.watch({})) {
      expect(frame).toBe("caught-up");
      break;
    }
    expect(asked).toBe(2);
  });
});

const requestFor = (after: number): TransportRequest => ({
  ...requestOf("events.watch", { after }),
  headers: {},
  signal: undefined,
});
