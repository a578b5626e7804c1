/** The sockets of terminals: who may attach is decided before the upgrade; a refusal is an HTTP answer. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import {
  LIMITS,
  TERMINAL_HEADER_BYTES,
  TERMINAL_SCOPES,
  TerminalAttach,
  allows,
  asRefusal,
  type Scope,
  plainly,
} from "@skein/contract";
import type { Address, Admission, Entry } from "../admission.ts";
import { entryAnswer, refuseSocket } from "../answer.ts";
import type { Admitted } from "../guard.ts";
import type { AcceptUpgrade } from "../http.ts";
import type { Log } from "../log.ts";
import type { OpenTerminal, TerminalLine, TerminalSeat } from "../ports.ts";
import {
  invalidInput,
  issuesText,
  missingScope,
  problemOf,
  shuttingDown,
  statusOf,
} from "../problems.ts";
import type { Work } from "../work.ts";
import { serveTerminal, type ServeDeps } from "./serve.ts";
import { terminalTarget } from "./target.ts";

type TerminalDeps = ServeDeps & {
  readonly admission: Admission;
  readonly openTerminal: OpenTerminal;
  readonly work: Work;
  readonly log: Log;
};

const OPERATION = "terminals.attach";

const readAsk = (query: string): TerminalAttach => {
  const params = new URLSearchParams(query);
  const given = Object.fromEntries(params);
  const twice = [...params.keys()].length !== Object.keys(given).length;
  const parsed = TerminalAttach.safeParse(given, plainly);
  if (twice) throw asRefusal(invalidInput(OPERATION, "a parameter came more than once"));
  if (!parsed.success) throw asRefusal(invalidInput(OPERATION, issuesText(parsed.error)));
  return parsed.data;
};

const lacking = (held: readonly string[], needed: readonly Scope[]): Scope | undefined =>
  needed.find((scope) => !allows(held, scope));

/** Whoever may type does, unless they ask not to; whoever asks to and may not is refused. */
const mayType = (held: readonly string[], { readOnly }: TerminalAttach): boolean => {
  const look = lacking(held, TERMINAL_SCOPES.look);
  if (look !== undefined) throw asRefusal(missingScope(look));
  const type = lacking(held, TERMINAL_SCOPES.type);
  if (type !== undefined && readOnly === false) throw asRefusal(missingScope(type));
  return type === undefined && readOnly !== true;
};

type Sit = (line: TerminalLine) => TerminalSeat | null;

/** Rejects with a Refusal. */
const prepare = async (
  deps: TerminalDeps,
  entry: Entry & { ok: true },
  { path, query }: Admitted,
): Promise<Sit> => {
  if (deps.work.stopping) throw asRefusal(shuttingDown());
  const ask = readAsk(query);
  const { caller } = entry;
  const target = terminalTarget(path)!;
  return deps.openTerminal({
    ...target,
    caller,
    ask,
    client: ask.client ?? randomUUID(),
    mayType: mayType(caller.scopes, ask),
  });
};

export const makeTerminalSockets = (deps: TerminalDeps): AcceptUpgrade => {
  const { admission, log } = deps;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: TERMINAL_HEADER_BYTES + LIMITS.terminalPasteBytes,
  });

  const admit = async (
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    admitted: Admitted,
    address: Address,
  ): Promise<void> => {
    const entry = await admission.admit(admitted.credential, address);
    if (!entry.ok) return refuseSocket(socket, entryAnswer(entry));
    const sit = await prepare(deps, entry, admitted);
    if (socket.destroyed) return;
    server.handleUpgrade(incoming, socket, head, (websocket) => {
      serveTerminal(deps, websocket, entry, sit);
      log.info({ actor: entry.caller.actor, from: address ?? "unix" }, "terminal attached");
    });
  };

  return (incoming, socket, head, admitted, address) => {
    admit(incoming, socket, head, admitted, address).catch((error: unknown) => {
      const problem = problemOf(error, deps.work.stopping, OPERATION, log);
      refuseSocket(socket, { status: statusOf(problem), problem, headers: {} });
    });
  };
};
