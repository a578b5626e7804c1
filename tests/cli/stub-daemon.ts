/**
 * Stands where the daemon listens: answers operations from a table, on a unix socket. What comes in is checked against
 * the contract's input, what goes out against its output, so that neither the command line nor a test can make things up.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ERRORS,
  isRefusal,
  operations,
  refuse,
  WatchFrame,
  type Operation,
  type OperationName,
  type Output,
  type ParsedInput,
  plainly,
} from "@skein/contract";

export type Answers = {
  [N in Exclude<OperationName, "events.watch">]?: (
    input: ParsedInput<N>,
  ) => Output<N> | Promise<Output<N>>;
} & { "events.watch"?: (input: ParsedInput<"events.watch">) => Iterable<WatchFrame> };

type Called = { readonly name: string; readonly input: Record<string, unknown> };

export type StubDaemon = {
  readonly home: string;
  readonly socketPath: string;
  /** Every operation that was called, in order, with its input as sent. */
  readonly called: Called[];
  /** The inputs of the calls of one operation, oldest first. */
  readonly inputs: (name: OperationName) => Record<string, unknown>[];
  readonly close: () => Promise<void>;
};

export const temporaryHome = (): string => realpathSync(mkdtempSync(join(tmpdir(), "skein-cli-")));

export const startStub = async (answers: Answers, home = temporaryHome()): Promise<StubDaemon> => {
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const socketPath = join(home, "run", "skein.sock");
  const called: Called[] = [];
  const server = createServer((request, response) => {
    answer(answers, called, request, response).catch((error: unknown) =>
      sendProblem(response, error),
    );
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    home,
    socketPath,
    called,
    inputs: (name) => called.filter((each) => each.name === name).map((each) => each.input),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(home, { recursive: true, force: true });
    },
  };
};

const answer = async (
  answers: Answers,
  called: Called[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/health") return void response.end("{}");
  const found = routed(request.method ?? "", url.pathname);
  if (found === undefined) throw refuse("unknown_operation", "There is nothing.", "");
  const { operation, path } = found;
  const body = Buffer.concat(await Array.fromAsync(request)).toString("utf8");
  const given: Record<string, unknown> = {
    ...path,
    ...(body === "" ? fromQuery(url.searchParams) : (JSON.parse(body) as object)),
  };
  called.push({ name: operation.name, input: given });
  const parsed = operation.input.safeParse(given, plainly);
  if (!parsed.success)
    throw refuse("invalid_input", issuesText(operation, parsed.error), "Correct it.");
  const act = answers[operation.name as OperationName] as ((input: unknown) => unknown) | undefined;
  if (act === undefined) throw refuse("internal", `the stub has no ${operation.name}`, "");
  const result = await act(parsed.data);
  if (operation.kind === "stream") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const frame of result as Iterable<WatchFrame>)
      response.write(`: beat\n\ndata: ${JSON.stringify(WatchFrame.parse(frame))}\n\n`);
    return void response.end();
  }
  response.end(JSON.stringify(operation.output.parse(result)));
};

/** In the daemon's words. */
const issuesText = (
  { name }: Operation,
  { issues }: { issues: readonly { path: PropertyKey[]; message: string }[] },
) =>
  `invalid ${name} params: ${issues.map(({ path, message }) => `at /${path.join("/")}: ${message}`).join("; ")}`;

const routed = (method: string, path: string) => {
  for (const operation of Object.values(operations) as Operation[]) {
    if (operation.http.method !== method) continue;
    const pattern = operation.http.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match === null) continue;
    const entries = Object.entries(match.groups ?? {});
    return {
      operation,
      path: Object.fromEntries(entries.map(([key, value]) => [key, decodeURIComponent(value)])),
    };
  }
  return undefined;
};

const LISTS = new Set(["sessions", "state"]);
const TEXTS = new Set([
  "clientId",
  "session",
  "prompt",
  "cursor",
  "tag",
  "parent",
  "group",
  "host",
  "backend",
  "until",
  "from",
]);

/** As the daemon reads a query: a repeated key is a list, the rest by its type. */
const fromQuery = (query: URLSearchParams): Record<string, unknown> =>
  Object.fromEntries(
    [...new Set(query.keys())].map((key) => {
      if (LISTS.has(key)) return [key, query.getAll(key)];
      const text = query.get(key) ?? "";
      return [key, TEXTS.has(key) ? text : (JSON.parse(text) as unknown)];
    }),
  );

const sendProblem = (response: ServerResponse, error: unknown): void => {
  const problem = isRefusal(error)
    ? error.problem
    : refuse("internal", `the stub broke: ${String(error)}`, "").problem;
  response.writeHead(ERRORS[problem.code].status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: problem }));
};
