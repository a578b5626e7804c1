import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { anthropicMessages } from "./anthropic-messages.ts";
import type { Conversation } from "./conversation.ts";
import { asObject, type Dialect, type Frame, type JsonObject } from "./dialect.ts";
import { geminiGenerate } from "./gemini-generate.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { untilThere } from "./held.ts";
import { planAnswer, type Plan } from "./plan.ts";
import { makeRequestRecord, type RecordedRequest, type RequestTest } from "./requests.ts";
import { scriptUsage } from "./script.ts";

const dialects: readonly Dialect[] = [
  anthropicMessages,
  openaiResponses,
  openaiChat,
  geminiGenerate,
];

export interface FakeLlm extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a path: what ANTHROPIC_BASE_URL wants, and OpenAI's base URL less its `/v1`. */
  readonly url: string;
  readonly port: number;
  /** The last 200 requests, oldest first; a live view. */
  readonly requests: readonly RecordedRequest[];
  /** The first request, past or to come, that passes; rejects on the signal or after so many ms (default 10,000). */
  readonly waitForRequest: (
    test: RequestTest,
    until?: AbortSignal | number,
  ) => Promise<RecordedRequest>;
  /** Hangs up on everyone and waits until the port is free. May be called twice. */
  readonly close: () => Promise<void>;
}

export interface FakeLlmOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Gets one line for each request that has ended. */
  readonly log?: (line: string) => void;
  /** How to let time pass in SLOW and SILENT; must reject when the signal fires. Real time unless told. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const maxBodyBytes = 64 * 1024 * 1024;
const keptKeys = 10_000;

/** Starts a fake LLM on loopback; rejects when the port is taken. Whoever makes it closes it. */
export async function makeFakeLlm(options: FakeLlmOptions = {}): Promise<FakeLlm> {
  const record = makeRequestRecord();
  const isFirstTime = makeFirstTimeCheck();
  const pause = options.pause ?? ((ms, signal) => sleep(ms, undefined, { signal }));

  const end = (request: RecordedRequest, ended: NonNullable<RecordedRequest["ended"]>): void => {
    record.end(request, ended);
    options.log?.(describe(request));
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readJson(incoming);
    const arrival = {
      method: incoming.method ?? "",
      path: incoming.url ?? "/",
      headers: incoming.headers,
      body,
    };
    const path = arrival.path.split("?")[0] ?? "/";
    const dialect = dialects.find((one) => one.isTurn(arrival.method, path));
    if (!dialect) {
      const request = record.add(arrival);
      answerAside(request, path, response);
      end(request, request.status === 200 ? "answered" : "failed");
      return;
    }
    const conversation = dialect.readConversation(body, path);
    const plan = planAnswer(conversation, isFirstTime);
    const request = record.add({ ...arrival, api: dialect.api, conversation, word: plan.word });
    const hangUp = new AbortController();
    response.once("close", () => hangUp.abort());
    // The vendor's client may hang up at any moment; that is an ending like the others, not an error.
    const ended = await carryOut(plan, {
      dialect,
      conversation,
      request,
      response,
      pause,
      signal: hangUp.signal,
    });
    end(request, hangUp.signal.aborted && ended !== "cut" ? "abandoned" : ended);
    if (plan.does === "answer" && plan.cutAfter !== undefined) response.destroy();
    else response.end();
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const closed = once(server, "close");
  const close = async (): Promise<void> => {
    record.close();
    if (server.listening) server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: record.requests,
    waitForRequest: record.waitFor,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Exchange {
  readonly dialect: Dialect;
  readonly conversation: Conversation;
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  readonly pause: NonNullable<FakeLlmOptions["pause"]>;
  readonly signal: AbortSignal;
}

/** Does what was planned, all but the end of the response. Never throws for a client that hung up. */
async function carryOut(
  plan: Plan,
  exchange: Exchange,
): Promise<"answered" | "failed" | "cut" | "abandoned"> {
  const { dialect, conversation, request, response, pause, signal } = exchange;
  if (plan.does === "fail") {
    sendJson(request, response, plan.status, dialect.failureBody(plan.status, plan.text));
    return "failed";
  }
  try {
    if (plan.silentMs !== undefined) await pause(plan.silentMs, signal);
    if (conversation.stream) return await stream(plan, exchange);
    if (plan.cutAfter !== undefined || plan.isTruncated) return "cut";
    sendJson(request, response, 200, dialect.wholeAnswer(plan.blocks, conversation));
    return "answered";
  } catch (error) {
    if (signal.aborted) return "abandoned";
    throw error;
  }
}

/** Writes no faster than the client reads. */
async function stream(
  plan: Plan & { does: "answer" },
  exchange: Exchange,
): Promise<"answered" | "cut"> {
  const { dialect, conversation, request, response, pause, signal } = exchange;
  request.status = 200;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  let deltas = 0;
  for (const frame of dialect.streamFrames(plan.blocks, conversation)) {
    if (frame.isClosing && plan.isTruncated) return "cut";
    if (frame.isClosing) await untilThere(plan.heldUntil, (ms) => pause(ms, signal));
    if (frame.isDelta && plan.paceMs !== undefined) await pause(plan.paceMs, signal);
    signal.throwIfAborted();
    const hasRoom = response.write(eventText(frame));
    if (!hasRoom) await once(response, "drain", { signal });
    if (frame.isDelta) deltas += 1;
    if (deltas === plan.cutAfter) {
      await flushed(response);
      return "cut";
    }
  }
  return "answered";
}

function eventText({ event, data }: Frame): string {
  const name = event === "" ? "" : `event: ${event}\n`;
  return `${name}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** What was written has left the process, so that a cut comes after it and not instead of it. */
async function flushed(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.write(": cut\n\n", () => resolve());
  await promise;
}

/** `HEAD /` (Claude Code asks it first), a page of help, and the small requests of each API; 404 for the rest. */
function answerAside(request: RecordedRequest, path: string, response: ServerResponse): void {
  if (path === "/" && (request.method === "GET" || request.method === "HEAD")) {
    request.status = 200;
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    response.end(
      `A fake LLM. It answers these words in a prompt:\n${Object.values(scriptUsage).join("\n")}\n`,
    );
    return;
  }
  for (const dialect of dialects) {
    const answer = dialect.answerAside(request.method, path, request.body);
    if (answer) {
      sendJson(request, response, 200, answer);
      response.end();
      return;
    }
  }
  const message = `The fake LLM knows no ${request.method} ${path}.`;
  sendJson(request, response, 404, { error: { type: "not_found_error", message } });
  response.end();
}

function sendJson(
  request: RecordedRequest,
  response: ServerResponse,
  status: number,
  body: JsonObject,
): void {
  request.status = status;
  response.writeHead(status, { "content-type": "application/json" });
  response.write(JSON.stringify(body));
}

/** An empty object for anything that is no JSON object; throws when the body is too large or breaks off. */
async function readJson(incoming: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new Error(`The request body is larger than ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  try {
    return asObject(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  } catch {
    return {};
  }
}

/** Remembers the last 10,000 keys. */
function makeFirstTimeCheck(): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    if (seen.has(key)) return false;
    seen.add(key);
    const [oldest] = seen;
    if (seen.size > keptKeys && oldest !== undefined) seen.delete(oldest);
    return true;
  };
}

function describe(request: RecordedRequest): string {
  const { number, method, path, word, status, ended } = request;
  return `#${number} ${method} ${path} ${word ?? "-"} -> ${status ?? "no answer"} ${ended ?? ""}`.trim();
}
