/** A server with stand-ins for everything behind it, and the tools to attack it with. */
import { hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuse, type OperationName, type Scope } from "@skein/contract";
import type { WatchSink } from "../../packages/daemon/src/feed/ports.ts";
import type { Caller, Server } from "../../packages/daemon/src/server/ports.ts";
import { startServer, type ServerOptions } from "../../packages/daemon/src/server/server.ts";
import { makeTurningClock, type TurningClock } from "./turning-clock.ts";

export const TOKENS = {
  read: "token-that-reads-0123456789abcdef",
  write: "token-that-writes-0123456789abcdef",
  approvals: "token-that-approves-0123456789abcdef",
  admin: "token-that-may-all-0123456789abcdef",
} as const;
export type Role = keyof typeof TOKENS;

const caller = (role: Role): Caller => ({
  actor: role,
  scopes: [`operator.${role}` as Scope],
  sessions: "all",
  token: `tok_${role}`,
});

type Call = {
  readonly name: OperationName;
  readonly input: unknown;
  readonly caller: Caller;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => { error?: { code: string; message: string; remedy: string } } & Record<
    string,
    unknown
  >;
};

export type Asked = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** Through the unix socket. */
  readonly unix?: boolean;
  readonly token?: string;
};

export type House = {
  readonly server: Server;
  readonly port: number;
  readonly socketPath: string;
  readonly clock: TurningClock;
  /** What reached the other side of the guard. */
  readonly calls: Call[];
  /** Every line that was logged, as text. */
  readonly lines: string[];
  readonly revoked: Set<string>;
  readonly sinks: WatchSink[];
  ask(asked: Asked): Promise<Answer>;
  /** What a peer that speaks bytes gets, until the connection ends. */
  raw(bytes: string | Buffer): Promise<string>;
  socket(): Promise<Socket>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Opened = Partial<
  Pick<
    ServerOptions,
    | "limits"
    | "authenticate"
    | "operate"
    | "openWatch"
    | "openTerminal"
    | "endWatches"
    | "allowedHosts"
  >
>;

export const askOf =
  (port: number, socketPath: string) =>
  ({
    method = "GET",
    path = "/",
    headers = {},
    body,
    unix = false,
    token,
  }: Asked): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          method,
          path,
          agent: false,
          ...(unix ? { socketPath } : { host: "127.0.0.1", port }),
          headers: {
            host: `127.0.0.1:${port}`,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: () => JSON.parse(text) as ReturnType<Answer["json"]>,
            });
          });
        },
      );
      request.on("error", reject);
      request.end(body);
    });

export const openHouse = async (opened: Opened = {}): Promise<House> => {
  const folder = await mkdtemp(join(tmpdir(), "skein-"));
  const clock = makeTurningClock();
  const calls: Call[] = [];
  const lines: string[] = [];
  const revoked = new Set<string>();
  const sinks: WatchSink[] = [];
  const write = (fields: Record<string, unknown>, message: string) =>
    void lines.push(JSON.stringify({ ...fields, message }));
  const known = new Map(
    (Object.keys(TOKENS) as Role[]).map((role) => [
      hash("sha256", TOKENS[role], "hex"),
      caller(role),
    ]),
  );
  const operate: ServerOptions["operate"] = async (name, input, who, signal) => {
    calls.push({ name, input, caller: who });
    return opened.operate?.(name, input, who, signal) ?? { did: name };
  };
  const server = await startServer({
    port: 0,
    socketPath: join(folder, "run", "s.sock"),
    version: "0.0.0-test",
    authenticate: async (secret) => {
      const found = known.get(secret) ?? null;
      return found === null || revoked.has(found.token ?? "") ? null : found;
    },
    openWatch: async (_input, sink) => {
      sinks.push(sink);
      sink.send({ frame: "caught-up", text: '{"frame":"caught-up","position":7}', position: 7 });
      return { close: () => {} };
    },
    openTerminal: async ({ ref }) => {
      throw refuse("terminal_not_found", `There is no terminal ${ref}.`, "Open one.");
    },
    log: { debug: write, info: write, warn: write, error: write },
    clock,
    ...opened,
    operate,
  });
  const port = Number(new URL(server.address).port);
  const ask = askOf(port, server.socketPath);
  const socket = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const made = connect(port, "127.0.0.1", () => resolve(made));
      made.once("error", reject);
    });
  return {
    server,
    port,
    socketPath: server.socketPath,
    clock,
    calls,
    lines,
    revoked,
    sinks,
    ask,
    socket,
    raw: async (bytes) => {
      const peer = await socket();
      peer.on("error", () => {});
      const chunks: Buffer[] = [];
      peer.on("data", (chunk: Buffer) => chunks.push(chunk));
      const over = new Promise<void>((resolve) => peer.once("close", () => resolve()));
      peer.write(bytes);
      await over;
      return Buffer.concat(chunks).toString();
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
