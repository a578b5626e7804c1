import { afterEach, beforeEach, expect, test } from "vitest";

import { makeFakeLlm, type FakeLlm } from "./server.ts";
import { talkAnthropic, talkOpenai } from "./talk.ts";

let fake: FakeLlm;
let log: string[];

/** Lets no time pass: whoever pauses waits until the client hangs up. */
const pauseForever = (_: number, signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("hung up"))),
  );

beforeEach(async () => {
  log = [];
  fake = await makeFakeLlm({ pause: pauseForever, log: (line) => log.push(line) });
});
afterEach(() => fake.close());

test("it listens on loopback only and answers the first question of Claude Code", async () => {
  expect(fake.url).toBe(`http://127.0.0.1:${fake.port}`);
  const response = await fetch(fake.url, { method: "HEAD" });
  expect(response.status).toBe(200);
});

test("it explains itself to a person", async () => {
  expect(await (await fetch(fake.url)).text()).toContain("FAILONCE status [text]");
});

test("an unknown path gets 404 and is recorded", async () => {
  expect((await fetch(`${fake.url}/v1/models`)).status).toBe(404);
  expect(fake.requests).toMatchObject([
    { number: 1, method: "GET", path: "/v1/models", status: 404, ended: "failed" },
  ]);
});

test("a body that is no JSON is answered like an empty conversation", async () => {
  const response = await fetch(`${fake.url}/v1/responses`, { method: "POST", body: "{" });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("I am a fake language model");
});

test("each request is recorded with what was read of it", async () => {
  await talkAnthropic.ask(fake.url, [{ user: "SAY a" }, { assistant: "a" }, { user: "say PONG" }]);
  await talkOpenai.ask(fake.url, [{ user: "FAIL 503" }]);
  expect(fake.requests).toMatchObject([
    {
      api: "anthropic-messages",
      word: "PONG",
      status: 200,
      ended: "answered",
      conversation: {
        id: "s-1",
        model: "claude-opus-4-8",
        turns: ["SAY a", "say PONG"],
        results: [],
      },
      body: { stream: true },
    },
    {
      api: "openai-responses",
      word: "FAIL",
      status: 503,
      ended: "failed",
      conversation: { id: "s-1" },
    },
  ]);
  expect(log).toHaveLength(2);
});

test("the record keeps the last 200", async () => {
  for (let count = 0; count < 203; count += 1) await fetch(fake.url, { method: "HEAD" });
  expect(fake.requests).toHaveLength(200);
  expect(fake.requests[0]?.number).toBe(4);
});

test("a silent request is seen on arrival, and as abandoned when the client hangs up", async () => {
  const client = new AbortController();
  const asked = talkAnthropic.ask(fake.url, [{ user: "SILENT 60" }], { signal: client.signal });
  const request = await fake.waitForRequest((one) => one.word === "SILENT");
  expect(request.ended).toBeUndefined();
  expect(request.status).toBeUndefined();
  client.abort();
  await expect(asked).rejects.toThrow("abort");
  await fake.waitForRequest((one) => one === request && one.ended === "abandoned");
});

test("a slow stream is abandoned when the client hangs up in the middle", async () => {
  const client = new AbortController();
  const asked = talkOpenai.ask(fake.url, [{ user: "SLOW 60" }], { signal: client.signal });
  await fake.waitForRequest((one) => one.word === "SLOW");
  client.abort();
  await asked.catch(() => undefined);
  const request = await fake.waitForRequest((one) => one.ended !== undefined);
  expect(request).toMatchObject({ word: "SLOW", ended: "abandoned" });
});

test("waiting gives up on the signal, after the time, and at close", async () => {
  const never = (): boolean => false;
  await expect(fake.waitForRequest(never, AbortSignal.abort())).rejects.toThrow(
    "No request passed",
  );
  await expect(fake.waitForRequest(never, 1)).rejects.toThrow("No request passed");
  const waiting = fake.waitForRequest(never);
  await Promise.all([expect(waiting).rejects.toThrow("was closed"), fake.close()]);
  await expect(fake.waitForRequest(never)).rejects.toThrow("was closed");
});

test("a test that throws fails its own waiter and no one else", async () => {
  const failing = fake.waitForRequest(() => {
    throw new Error("wrong test");
  });
  const [, answer] = await Promise.all([
    expect(failing).rejects.toThrow("wrong test"),
    talkAnthropic.ask(fake.url, [{ user: "say PONG" }]),
  ]);
  expect(answer.text).toBe("PONG");
});

test("close hangs up on a running answer, frees the port, and may be called twice", async () => {
  const asked = talkAnthropic.ask(fake.url, [{ user: "SILENT 60" }]);
  await fake.waitForRequest((one) => one.word === "SILENT");
  await Promise.all([expect(asked).rejects.toThrow("fetch failed"), fake.close(), fake.close()]);
  await using again = await makeFakeLlm({ port: fake.port });
  expect(again.port).toBe(fake.port);
});

test("a port that is taken is refused", async () => {
  await expect(makeFakeLlm({ port: fake.port })).rejects.toThrow("EADDRINUSE");
});
