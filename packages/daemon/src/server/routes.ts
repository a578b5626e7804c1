/**
 * The HTTP surface: one route for each operation of the registry, and the few pages around it. What comes here has
 * passed the guard; whoever calls an operation has been admitted and is in `passport`.
 */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context } from "hono";
import {
  allows,
  findOperation,
  operationNames,
  problem,
  refuse,
  type Operation,
  type ParsedInput,
  type Problem,
  plainly,
} from "@skein/contract";
import { JSON_TYPE, SECURITY_HEADERS } from "./headers.ts";
import type { Live } from "./live.ts";
import type { Log } from "./log.ts";
import { openApi } from "./openapi.ts";
import { page } from "./page.ts";
import type { Caller, OpenWatch, Operate } from "./ports.ts";
import {
  invalidInput,
  issuesText,
  missingScope,
  notFound,
  problemOf,
  shuttingDown,
  statusOf,
} from "./problems.ts";
import { makeReadQuery, type ReadQuery } from "./query.ts";
import type { Limits, ServerClock } from "./settings.ts";
import { serveEvents } from "./sse.ts";
import { parseStrict } from "./strict-json.ts";
import type { Work } from "./work.ts";

export type Passport = {
  readonly caller: Caller;
  readonly recheck: () => Promise<boolean>;
  /** Undecoded, without the question mark. */
  readonly query: string;
  /** null for reads and deletes. */
  readonly body: Buffer | null;
};

export type RouteEnv = { Bindings: HttpBindings & { readonly passport: Passport | undefined } };
type RouteContext = Context<RouteEnv>;

type RouteDeps = {
  readonly operate: Operate;
  readonly openWatch: OpenWatch;
  readonly ready: () => boolean;
  readonly live: Live;
  readonly work: Work;
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly log: Log;
  readonly version: string;
};

type Input =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly fault: string };

/** Answers are written here and now: as Fetch responses each would cost a stream and several copies of its headers. */
const send = (
  context: RouteContext,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = { "content-type": JSON_TYPE },
): Response => {
  const { outgoing } = context.env;
  if (!outgoing.headersSent && !outgoing.destroyed) {
    outgoing.writeHead(status, {
      ...SECURITY_HEADERS,
      ...headers,
      "content-length": Buffer.byteLength(text),
    });
    outgoing.end(text);
  }
  return RESPONSE_ALREADY_SENT;
};

const json = (context: RouteContext, value: unknown, status = 200): Response =>
  send(context, status, JSON.stringify(value));

const refusal = (context: RouteContext, value: Problem): Response =>
  json(context, { error: value }, statusOf(value));

const pathNames = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);

/** As it stands in the URL, decoded once; what cannot be decoded is refused, not passed on. */
const fromPath = (context: RouteContext, names: readonly string[]): Input => {
  const value: Record<string, unknown> = {};
  for (const name of names) {
    const text = context.req.param(name) ?? "";
    if (text.includes("\u0000") || /%(?![0-9a-f]{2})/i.test(text)) {
      return { ok: false, fault: `${name}: is not a well-formed part of a path` };
    }
    value[name] = text;
  }
  return { ok: true, value };
};

const fromBody = (passport: Passport, names: readonly string[], depth: number): Input => {
  if (passport.query !== "")
    return { ok: false, fault: "a write takes its input from the body, not the query" };
  const parsed = parseStrict(passport.body ?? Buffer.alloc(0), depth);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, fault: "the body must be a JSON object" };
  }
  const twice = names.find((name) => Object.hasOwn(value, name));
  return twice === undefined
    ? { ok: true, value: value as Record<string, unknown> }
    : { ok: false, fault: `${twice}: it stands in the path already` };
};

const fromQuery = (passport: Passport, read: ReadQuery): Input => {
  const result = read(new URLSearchParams(passport.query));
  return result.ok ? { ok: true, value: result.input } : result;
};

/** Runs a read until the caller leaves, a write to its end. */
const run = async (
  deps: RouteDeps,
  operation: Operation,
  input: unknown,
  passport: Passport,
  context: RouteContext,
): Promise<Response> => {
  const { live, work, log } = deps;
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  let revoked = false;
  const leave = live.enter(passport.caller.token, (why) => {
    revoked = why === "revoked";
    abort();
  });
  if (leave === null) return refusal(context, revokedProblem());
  const writes = operation.kind === "write";
  const end = work.begin(writes ? undefined : abort);
  const { outgoing } = context.env;
  outgoing.once("close", abort);
  const signal = writes ? work.writes : gone.signal;
  try {
    const name = operation.name as Parameters<Operate>[0];
    const output = await deps.operate(name, input, passport.caller, signal);
    return json(context, output ?? null);
  } catch (error) {
    if (revoked) return refusal(context, revokedProblem());
    return refusal(context, problemOf(error, signal.aborted, operation.name, log));
  } finally {
    outgoing.off("close", abort);
    leave();
    end();
  }
};

const revokedProblem = (): Problem =>
  problem(
    "unauthenticated",
    "That token or login was revoked.",
    "Create a token with `skein token create`.",
  );

/** Last-Event-ID, which a reader sends by itself when it comes back, is newer than what its URL says. */
const resumeAfter = (context: RouteContext, asked: number | undefined): number | undefined => {
  const last = context.req.header("last-event-id");
  return last !== undefined && /^\d{1,15}$/.test(last) ? Number(last) : asked;
};

const stream = async (
  deps: RouteDeps,
  operation: Operation,
  input: unknown,
  passport: Passport,
  context: RouteContext,
): Promise<Response> => {
  if (context.req.method !== "GET") {
    return refusal(context, invalidInput(operation.name, "a watch is opened with GET"));
  }
  const { after, filter } = input as ParsedInput<"events.watch">;
  let end = (): void => {};
  const leave = deps.live.enter(passport.caller.token, () => end());
  if (leave === null) return refusal(context, revokedProblem());
  try {
    end = await serveEvents(
      deps,
      context.env.outgoing,
      { caller: passport.caller, after: resumeAfter(context, after), filter },
      { stillGood: passport.recheck, over: leave },
    );
    return RESPONSE_ALREADY_SENT;
  } catch (error) {
    return refusal(context, problemOf(error, deps.work.stopping, operation.name, deps.log));
  }
};

const handler = (deps: RouteDeps, operation: Operation) => {
  const names = pathNames(operation.http.path);
  const readQuery = makeReadQuery(operation.input, names);
  const writes = operation.http.method === "POST" || operation.http.method === "PATCH";

  return async (context: RouteContext): Promise<Response> => {
    const { passport } = context.env;
    if (passport === undefined) return refusal(context, notFound());
    if (!allows(passport.caller.scopes, operation.scope)) {
      return refusal(context, missingScope(operation.scope));
    }
    if (deps.work.stopping) return refusal(context, shuttingDown());
    const path = fromPath(context, names);
    if (!path.ok) return refusal(context, invalidInput(operation.name, path.fault));
    const rest = writes
      ? fromBody(passport, names, deps.limits.jsonDepth)
      : fromQuery(passport, readQuery);
    if (!rest.ok) return refusal(context, invalidInput(operation.name, rest.fault));
    const parsed = operation.input.safeParse({ ...rest.value, ...path.value }, plainly);
    if (!parsed.success)
      return refusal(context, invalidInput(operation.name, issuesText(parsed.error)));
    return operation.kind === "stream"
      ? stream(deps, operation, parsed.data, passport, context)
      : run(deps, operation, parsed.data, passport, context);
  };
};

/** Only sockets have watches to end by name; over HTTP a watch ends with its connection. */
const unwatch = (): never => {
  throw refuse(
    "invalid_input",
    "Over HTTP a watch ends when its connection is closed.",
    "Close the connection of the watch.",
  );
};

const pages = (app: Hono<RouteEnv>, deps: RouteDeps): void => {
  app.get("/", (context) => send(context, 200, page.html, page.headers));
  app.get("/health", (context) => json(context, { ok: true, status: "live" }));
  app.get("/ready", (context) => {
    const ready = !deps.work.stopping && deps.ready();
    return json(context, { ready }, ready ? 200 : 503);
  });
  let description: string | undefined;
  app.get("/openapi.json", (context) => {
    description ??= JSON.stringify(openApi(deps.version));
    return send(context, 200, description);
  });
};

export const makeRoutes = (deps: RouteDeps): Hono<RouteEnv> => {
  const app = new Hono<RouteEnv>({ strict: true });
  pages(app, deps);
  for (const name of operationNames) {
    const operation = findOperation(name) as Operation;
    const { method, path } = operation.http;
    const called = name === "events.unwatch" ? { ...deps, operate: async () => unwatch() } : deps;
    app.on(method, path.replaceAll(/\{(\w+)\}/g, ":$1"), handler(called, operation));
  }
  app.notFound((context) => refusal(context, notFound()));
  app.onError((error, context) => refusal(context, problemOf(error, false, "http", deps.log)));
  return app;
};
