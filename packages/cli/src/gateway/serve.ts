/**
 * The gateway: an HTTP server on loopback that stands between programs in a sandbox and the daemon's unix socket. It decides
 * nothing: what a token may do is the daemon's to say. Each request is one line of the log, without its token or its words.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ERRORS, LIMITS, isRefusal, problem, refuse, type Problem } from "@skein/contract";
import {
  isTransportFailure,
  makeRoutedClient,
  transportFailure,
  type Client,
} from "@skein/client/light";
import { visible } from "../format/escape.ts";
import { ROUTES } from "../generated/routes.ts";
import { isHeard } from "../reach.ts";
import { heeding } from "../silence.ts";
import { makeTransport } from "../transport.ts";
import { fieldsOf, makeBodies, type Bodies } from "./body.ts";
import { admit } from "./door.ts";
import { forward } from "./forward.ts";
import { SHORT_ROUTES } from "./routes.ts";

type Gateway = { readonly address: string; close(): Promise<void> };

type GatewayDeps = {
  readonly home: string;
  readonly socketPath: string;
  /** 0: any free one. */
  readonly port: number;
  readonly log: (line: string) => void;
  readonly now: () => number;
  /** How often a long wait says that it is still under way; default: half a minute. */
  readonly beatMs?: number;
  /** How often, and for how long, the daemon is asked whether it is there while it is waited for; default: five seconds. */
  readonly silenceMs?: number;
};

type House = GatewayDeps & { readonly bodies: Bodies };

const HOST = "127.0.0.1";
const CONNECTIONS = 512;
/** Clients give up on an answer that does not begin: a long wait says by a line break that it is still under way. */
const BEAT_MS = 30_000;
const HEALTH_MS = 2_000;
const SILENCE_MS = 5_000;
const MOST_LOGGED_CHARS = 120;

const unreachable = (): Problem =>
  problem(
    "daemon_unreachable",
    "The gateway runs, but the daemon behind it does not answer.",
    "On the host: skein up --detach, or skein service install.",
  );

/** A write of which the daemon may have heard. */
const unanswered = (): Problem => {
  const known = unreachable();
  const remedy = `It may have been done: look before you repeat it. ${known.remedy}`;
  return { ...known, remedy, retryable: false };
};

const problemOf = (error: unknown, { method }: IncomingMessage): Problem => {
  if (isRefusal(error)) return error.problem;
  const code = (error as NodeJS.ErrnoException).code;
  if (isTransportFailure(error) && error.transport === "broken" && method === "POST")
    return unanswered();
  if (isTransportFailure(error) || code !== undefined) return unreachable();
  return problem(
    "internal",
    `This should not have happened: ${String(error)}`,
    "Look into the gateway's log on the host.",
  );
};

const json = (outgoing: ServerResponse, status: number, value: object): void => {
  if (outgoing.destroyed) return;
  const text = JSON.stringify(value);
  if (!outgoing.headersSent)
    outgoing.writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    });
  outgoing.end(text);
};

const refusal = (outgoing: ServerResponse, value: Problem, status?: number): void =>
  json(outgoing, status ?? ERRORS[value.code].status, { ok: false, error: value });

/** While the route works, a line break every half minute: white space before the JSON. */
const beating = (outgoing: ServerResponse, everyMs: number): (() => void) => {
  const timer = setInterval(() => {
    if (!outgoing.headersSent)
      outgoing.writeHead(200, { "content-type": "application/json; charset=utf-8" });
    outgoing.write("\n");
  }, everyMs);
  return () => clearInterval(timer);
};

const isThere = ({ home, socketPath }: GatewayDeps, signal: AbortSignal, patienceMs: number) =>
  isHeard(makeTransport({ kind: "socket", socketPath, home }), signal, patienceMs);

const health = async (deps: GatewayDeps, outgoing: ServerResponse): Promise<void> => {
  if (await isThere(deps, new AbortController().signal, HEALTH_MS))
    json(outgoing, 200, { ok: true, gateway: true, daemon: true });
  else json(outgoing, 503, { ok: false, gateway: true, daemon: false, error: unreachable() });
};

/** What a route asks of the daemon, given up when nobody is there to answer it. */
const listening = <T>(
  deps: GatewayDeps,
  gone: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { silenceMs: everyMs = SILENCE_MS } = deps;
  const quit = new AbortController();
  const silent = (times: number): void => {
    if (times > 1) quit.abort(transportFailure("broken", "the daemon does not answer"));
  };
  const answers = () => isThere(deps, gone, everyMs);
  return heeding({ everyMs, answers, silent }, () => act(AbortSignal.any([gone, quit.signal])));
};

const answer = async (
  deps: House,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  note: (about: string) => void,
): Promise<void> => {
  const { method = "GET", url: target = "" } = incoming;
  const { headers, headersDistinct } = incoming;
  const authorizations = headersDistinct["authorization"] ?? [];
  const path = target.split("?", 1)[0] ?? "";
  const entry = admit({ method, target, headers, authorizations });
  // Whether it runs is nobody's secret; pages are told nothing all the same.
  if (method === "GET" && path === "/health" && (entry.ok || entry.status === 401))
    return health(deps, outgoing);
  if (!entry.ok) return refusal(outgoing, entry.problem, entry.status);
  if (path.startsWith("/api/")) return forward(deps, entry.token, incoming, outgoing);
  const route = Object.hasOwn(SHORT_ROUTES, `${method} ${path}`)
    ? SHORT_ROUTES[`${method} ${path}`]
    : undefined;
  if (route === undefined)
    throw refuse(
      "unknown_operation",
      "The gateway has no such route.",
      `It has ${Object.keys(SHORT_ROUTES).join(", ")}, and all of /api.`,
    );
  const query = new URLSearchParams(target.slice(path.length));
  const fields =
    method === "POST" ? await fieldsOf(deps.bodies, incoming) : Object.fromEntries(query);
  const about = fields["sessionId"] ?? fields["id"];
  note(typeof about === "string" ? about : "");
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const rest = beating(outgoing, deps.beatMs ?? BEAT_MS);
  try {
    const client = clientFor(deps, entry.token);
    const result = await listening(deps, gone.signal, (signal) =>
      route({ client, fields, signal, now: deps.now }),
    );
    json(outgoing, 200, { ok: true, ...result });
  } finally {
    rest();
  }
};

const clientFor = ({ home, socketPath }: GatewayDeps, token: string): Client =>
  makeRoutedClient({
    transport: makeTransport({ kind: "socket", socketPath, home, token }),
    routes: ROUTES,
    attempts: 1,
  });

const logLine = (deps: GatewayDeps, incoming: IncomingMessage, outgoing: ServerResponse) => {
  const began = deps.now();
  let about = "";
  outgoing.once("close", () => {
    const path = (incoming.url ?? "").split("?", 1)[0] ?? "";
    const shown = visible(path.slice(0, MOST_LOGGED_CHARS)).replaceAll("\n", "\\n");
    const session = about === "" ? "" : ` ${visible(about.slice(0, 64)).replaceAll("\n", "\\n")}`;
    const status = outgoing.headersSent ? outgoing.statusCode : "gone";
    const at = new Date(deps.now()).toISOString();
    deps.log(`${at} ${incoming.method ?? ""} ${shown} ${status} ${deps.now() - began}ms${session}`);
  });
  return (text: string): void => {
    about = text;
  };
};

/** Rejects with the system's error when the port cannot be had. */
export const startGateway = async (given: GatewayDeps): Promise<Gateway> => {
  const deps: House = { ...given, bodies: makeBodies() };
  const server = createServer((incoming, outgoing) => {
    const note = logLine(deps, incoming, outgoing);
    answer(deps, incoming, outgoing, note).catch((error: unknown) => {
      refusal(outgoing, problemOf(error, incoming));
    });
  });
  server.maxConnections = CONNECTIONS;
  server.headersTimeout = LIMITS.httpHeaderTimeoutMs;
  server.requestTimeout = LIMITS.httpRequestTimeoutMs;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(deps.port, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${HOST}:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};
