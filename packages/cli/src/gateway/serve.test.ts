/** What passes through the gateway, with a stand-in for the daemon that answers when it is told to. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "./serve.ts";

type Call = { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };

const open = async ({ beatMs = 60_000, silenceMs = 60_000 } = {}) => {
  const home = mkdtempSync(join(tmpdir(), "skein-gateway-"));
  const socketPath = join(home, "s.sock");
  const waiting: ((call: Call) => void)[] = [];
  const come: Call[] = [];
  const daemon = createServer((incoming, outgoing) => {
    const call = { incoming, outgoing };
    const next = waiting.shift();
    if (next === undefined) come.push(call);
    else next(call);
  });
  await new Promise<void>((resolve) => daemon.listen(socketPath, resolve));
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const given = { home, socketPath, port: 0, log, now: Date.now, beatMs, silenceMs };
  const gateway = await startGateway(given);
  onTestFinished(async () => {
    await gateway.close();
    daemon.closeAllConnections();
    await new Promise((resolve) => daemon.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });
  /** The next request that comes to the daemon, or has come. */
  const called = (): Promise<Call> => {
    const first = come.shift();
    return first === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(first);
  };
  /** `pieces`: a body without a length. */
  const ask = (path: string, pieces: readonly string[] = []) => {
    const headers = { authorization: "Bearer skein_token", "content-type": "application/json" };
    const method = pieces.length === 0 ? "GET" : "POST";
    const going = request(`${gateway.address}${path}`, { method, headers, agent: false });
    going.on("error", () => undefined);
    const answer = new Promise<IncomingMessage>((resolve) => going.once("response", resolve));
    for (const piece of pieces) going.write(piece);
    going.end();
    return { going, answer };
  };
  return { called, ask, lines };
};

const chunk = (answer: IncomingMessage): Promise<string> =>
  new Promise((resolve) => answer.once("data", (data: Buffer) => resolve(String(data))));

const rest = async (answer: IncomingMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString("utf8");

test("what the daemon says comes at once, piece by piece", async () => {
  const { called, ask } = await open();
  const { answer } = ask("/api/events/watch?after=7");
  const { incoming, outgoing } = await called();
  expect([incoming.method, incoming.url, incoming.headers.authorization]).toEqual([
    "GET",
    "/api/events/watch?after=7",
    "Bearer skein_token",
  ]);
  outgoing.writeHead(200, { "content-type": "text/event-stream", "x-secret": "not passed on" });
  outgoing.write("data: one\n\n");
  const got = await answer;
  expect(await chunk(got)).toBe("data: one\n\n");
  outgoing.write("data: two\n\n");
  expect(await chunk(got)).toBe("data: two\n\n");
  expect([got.headers["content-type"], got.headers["x-secret"]]).toEqual([
    "text/event-stream",
    undefined,
  ]);
});

test("a body that came in pieces goes on whole, with its length", async () => {
  const { called, ask } = await open();
  const { answer } = ask("/api/sessions", ['{"a":', "1}"]);
  const { incoming, outgoing } = await called();
  expect([incoming.headers["content-length"], incoming.headers["transfer-encoding"]]).toEqual([
    "7",
    undefined,
  ]);
  outgoing.end("{}");
  expect(await rest(await answer)).toBe("{}");
});

test("who leaves is left on the other side, too", async () => {
  const { called, ask, lines } = await open();
  for (const path of ["/api/wait?sessions=x", "/wait?id=x"]) {
    const { going } = ask(path);
    const { outgoing } = await called();
    const gone = new Promise((resolve) => outgoing.once("close", resolve));
    going.destroy();
    await gone;
  }
  await expect.poll(() => lines.length).toBe(2);
  expect(lines.every((line) => / gone \d+ms/.test(line))).toBe(true);
});

test("an answer that breaks off does not look like one that is whole", async () => {
  const { called, ask } = await open();
  const { answer } = ask("/api/sessions");
  const { outgoing } = await called();
  outgoing.writeHead(200, { "content-type": "application/json", "content-length": 100 });
  outgoing.write('{"sessions":');
  const got = await answer;
  expect(await chunk(got)).toBe('{"sessions":');
  outgoing.destroy();
  await expect(rest(got)).rejects.toThrow("aborted");
});

test("a long wait says that it is under way, and ends in JSON all the same", async () => {
  const { called, ask } = await open({ beatMs: 5 });
  const { answer } = ask("/wait?id=x");
  const { outgoing } = await called();
  const got = await answer;
  const first = await chunk(got);
  expect([got.statusCode, first.trim()]).toEqual([200, ""]);
  outgoing.end(JSON.stringify({ outcome: "done", sessions: [] }));
  expect(JSON.parse(await rest(got))).toMatchObject({ ok: true, outcome: "done" });
});

test("what is refused after that is told in words", async () => {
  const { called, ask } = await open({ beatMs: 5 });
  const { answer } = ask("/wait?id=x");
  const { outgoing } = await called();
  const got = await answer;
  await chunk(got);
  const error = { code: "session_not_found", message: "No.", remedy: "Look.", retryable: false };
  outgoing.writeHead(404).end(JSON.stringify({ error }));
  expect(JSON.parse(await rest(got))).toEqual({ ok: false, error });
});

test("a daemon that takes requests and answers none is given up; one that is only slow is not", async () => {
  const { called, ask } = await open({ silenceMs: 50 });
  const { answer } = ask("/wait?id=x");
  const { outgoing } = await called();
  for (let times = 0; times < 3; times += 1) {
    const { incoming, outgoing: health } = await called();
    expect(incoming.url).toBe("/health");
    health.end("{}");
  }
  outgoing.end(JSON.stringify({ outcome: "done", sessions: [] }));
  expect((await answer).statusCode).toBe(200);

  const [read, written] = [ask("/list"), ask("/kill", ['{"sessionId":"x"}'])];
  const refused = async ({ answer: come }: typeof read) => {
    const got = await come;
    return [got.statusCode, JSON.parse(await rest(got))] as unknown;
  };
  const error = (remedy: RegExp, retryable: boolean) => ({
    code: "daemon_unreachable",
    retryable,
    remedy: expect.stringMatching(remedy),
  });
  expect(await refused(read)).toMatchObject([
    503,
    { error: error(/^On the host: skein up/, true) },
  ]);
  expect(await refused(written)).toMatchObject([
    503,
    { error: error(/^It may have been done/, false) },
  ]);
});
