/** The methods of an ACP agent (protocol version 1) that is all of Skein's sessions, or one of them. */
import { realpath } from "node:fs/promises";
import type { PermissionMode, Session } from "@skein/contract";
import type { Cli } from "../cli.ts";
import { toFailure } from "../failure.ts";
import { json, oneLine } from "../format/escape.ts";
import { openSession, type Opened } from "./opened.ts";
import {
  INTERNAL,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  isObject,
  makePeer,
  rpcError,
  type Json,
  type Peer,
  type RpcError,
} from "./rpc.ts";
import { modesOf, promptText, sessionRow } from "./words.ts";

type AcpOptions = {
  /** The session that is opened, whatever the editor asks for; undefined: a new one each time. */
  readonly session: string | undefined;
  readonly backend: string;
  readonly permissions: PermissionMode | undefined;
};

const maxOpened = 64;
const listed = 100;

const initialized = (version: string): Json => ({
  protocolVersion: 1,
  agentCapabilities: {
    loadSession: true,
    promptCapabilities: { image: false, audio: false, embeddedContext: true },
    mcpCapabilities: { http: false, sse: false },
    sessionCapabilities: { list: {}, resume: {}, close: {} },
  },
  agentInfo: { name: "skein", title: "Skein", version },
  authMethods: [],
});

const explain = (error: unknown): RpcError => {
  const { code, message, remedy } = toFailure(error).failure;
  const isTheirs = /not_found|invalid|unknown|deleted|too_large|^prompt_/.test(code);
  return rpcError(isTheirs ? INVALID_PARAMS : INTERNAL, `${message} ${remedy}`.trim(), { code });
};

const makeSessions = (cli: Cli, peer: () => Peer) => {
  const opened = new Map<string, Promise<Opened>>();
  return {
    open: (session: Session): Promise<Opened> => {
      const known = opened.get(session.id);
      if (known !== undefined) return known;
      if (opened.size >= maxOpened)
        throw rpcError(INTERNAL, `More than ${maxOpened} sessions are open here. Close one.`);
      // By then it may have been closed here and opened anew.
      const gone = (): void => {
        if (opened.get(session.id) === one) opened.delete(session.id);
      };
      const one = openSession({ cli, peer: peer(), session, gone });
      one.catch(gone);
      opened.set(session.id, one);
      return one;
    },
    get: (id: unknown): Promise<Opened> => {
      const known = opened.get(String(id));
      if (known !== undefined) return known;
      throw rpcError(INVALID_PARAMS, "That session is not open here. Open it with session/load.");
    },
    close: async (id: unknown): Promise<void> => {
      const one = opened.get(String(id));
      opened.delete(String(id));
      (await one)?.close();
    },
  };
};

/** Answers first, tells what was afterwards: an editor knows a session only once it has its id. */
const later = (work: () => Promise<void>, cli: Cli): void => {
  setImmediate(() => {
    work().catch((error: unknown) => cli.tell(`skein: ${toFailure(error).failure.message}`));
  });
};

const unusedWords = (mcpServers: readonly unknown[]): string => {
  const names = mcpServers.map((one) => String(isObject(one) ? one["name"] : one)).join(", ");
  return `Skein does not pass on the editor's MCP servers (${names}): the agent has those of its own configuration.\n`;
};

/** Once the editor has its answer: what is told `first`, then what happens, and once of each session what Skein has no use for. */
const makeBegin = (cli: Cli) => {
  const told = new Set<string>();
  return (one: Opened, { mcpServers }: Json, first: () => Promise<void>): void =>
    later(async () => {
      await first();
      one.begin();
      const { id } = one.session;
      if (!Array.isArray(mcpServers) || mcpServers.length === 0 || told.has(id)) return;
      told.add(id);
      one.tell(unusedWords(mcpServers));
    }, cli);
};

const nothing = async (): Promise<void> => undefined;

const makeMethods = (cli: Cli, options: AcpOptions, peer: () => Peer) => {
  const sessions = makeSessions(cli, peer);
  const beginLater = makeBegin(cli);
  const find = async (session: string): Promise<Session> =>
    (await cli.call("sessions.get", { session })).session;

  const create = async (cwd: unknown): Promise<Session> => {
    if (typeof cwd !== "string" || !cwd.startsWith("/"))
      throw rpcError(INVALID_PARAMS, "The cwd must be an absolute path.");
    const { backend, permissions } = options;
    const folder = await realpath(cwd).catch(() => cwd);
    const input = { folder, backend, clientId: cli.key() };
    const asked = permissions === undefined ? input : { ...input, permissions };
    return (await cli.call("sessions.create", asked)).session;
  };

  const begin = async (params: Json): Promise<Json> => {
    const given = options.session;
    const one = await sessions.open(
      given === undefined ? await create(params["cwd"]) : await find(given),
    );
    beginLater(one, params, given === undefined ? nothing : one.replay);
    return { sessionId: one.session.id, modes: modesOf(one.session) };
  };

  const reopen = async (params: Json, tells: boolean): Promise<Json> => {
    const { sessionId } = params;
    if (typeof sessionId !== "string" || sessionId === "")
      throw rpcError(INVALID_PARAMS, "The sessionId is missing.");
    const one = await sessions.open(await find(sessionId));
    if (tells) await one.replay();
    beginLater(one, params, nothing);
    return { modes: modesOf(one.session) };
  };

  const setMode = async ({ sessionId, modeId }: Json): Promise<Json> => {
    const { session } = await sessions.get(sessionId);
    if (modeId === session.permissions) return {};
    throw rpcError(
      INVALID_PARAMS,
      "What a session may do is chosen when it is created. Create another one with those permissions.",
    );
  };

  const list = async (): Promise<Json> => {
    const { sessions: rows } = await cli.call("sessions.list", { limit: listed });
    return { sessions: rows.map(sessionRow) };
  };

  const methods: Readonly<Record<string, (params: Json) => Promise<Json | undefined>>> = {
    initialize: async () => initialized(cli.version),
    authenticate: async () => ({}),
    "session/new": begin,
    "session/load": (params) => reopen(params, true),
    "session/resume": (params) => reopen(params, false),
    "session/list": list,
    "session/set_mode": setMode,
    "session/prompt": async ({ sessionId, prompt }) =>
      (await sessions.get(sessionId)).prompt(promptText(prompt)),
    "session/close": async ({ sessionId }) => {
      await sessions.close(sessionId);
      return {};
    },
  };
  return {
    request: async (method: string, params: Json): Promise<Json | undefined> => {
      const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (known === undefined) throw rpcError(METHOD_NOT_FOUND, `Method not found: ${method}`);
      return known(params);
    },
    cancel: async ({ sessionId }: Json): Promise<void> => (await sessions.get(sessionId)).cancel(),
  };
};

/** Splits at line feeds; a last line without one is a line too. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of input) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Resolves when the editor has closed our stdin. The sessions go on. */
export const serveAcp = async (cli: Cli, options: AcpOptions): Promise<void> => {
  const methods = makeMethods(cli, options, () => peer);
  const { peer, take } = makePeer(cli.print, {
    request: methods.request,
    notified: (method, params) => {
      if (method !== "session/cancel") return;
      methods
        .cancel(params)
        .catch((error: unknown) => cli.tell(`skein: ${toFailure(error).failure.message}`));
    },
    unasked: ({ id, error }) => {
      const words = isObject(error) ? `: ${oneLine(String(error["message"]))}` : "";
      cli.tell(`skein: the editor answered what is not asked (id ${json(id ?? null)})${words}`);
    },
    explain,
  });
  for await (const line of linesOf(cli.stdin)) take(line);
};
