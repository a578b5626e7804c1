/** Terminals: opened, listed, looked at, typed into, closed. A shell is as mighty as a session that never asks. */
import {
  LIMITS,
  LOCAL_HOST,
  TERMINAL_SCOPES,
  allows,
  refuse,
  type ParsedInput,
  type Session,
  type Terminal,
} from "@skein/contract";
import type { TerminalRecord } from "@skein/core";
import { terminalOf } from "@skein/sdk";
import type { ReceiptKey } from "../engine/receipts.ts";
import { readTerminalRow, terminalKind } from "../engine/small-kinds.ts";
import { findSession, findSessionId } from "./find.ts";
import {
  agentTerminal,
  findTerminal,
  portOf,
  recordOf,
  runsInTerminal,
  viewTerminal,
} from "./finding-terminals.ts";
import type { Handlers } from "./handlers.ts";
import { identityOf, type Caller, type OperationDeps } from "./ports.ts";

type Open = ParsedInput<"terminals.open">;

/** What is typed there runs unasked. */
const admitTyping = ({ scopes }: Caller): void => {
  const lacking = TERMINAL_SCOPES.type.find((scope) => !allows(scopes, scope));
  if (lacking === undefined) return;
  throw refuse(
    "forbidden",
    `What is typed into a terminal runs unasked; that needs ${lacking}.`,
    "Use a token with operator.write and operator.approvals.",
    { missingScope: lacking, requiredScopes: [...TERMINAL_SCOPES.type] },
  );
};

const viewNow = async (deps: OperationDeps, record: TerminalRecord): Promise<Terminal> => {
  const port = portOf(deps, record.host);
  return viewTerminal(record, await port.held(), port.viewers(record.id));
};

/** Who asks, and what makes a repetition of it known. */
type Asking = { readonly caller: Caller; readonly receipt: ReceiptKey | null };

/** One that is recorded stays as it is. */
const record = <T>(
  deps: OperationDeps,
  { caller, receipt }: Asking,
  { id, createdAt: _, closedAt: __, ...opened }: TerminalRecord,
  answer: (state: TerminalRecord) => T,
): Promise<T> =>
  deps.engine.dispatch(
    terminalKind,
    id,
    { type: "open", terminal: id, ...opened },
    { actor: caller.actor, receipt, answer },
  );

const admitAnother = async ({ store }: OperationDeps): Promise<void> => {
  const { rows } = await store.rows({ kind: "terminal", limit: LIMITS.terminals });
  if (rows.length < LIMITS.terminals) return;
  throw refuse(
    "too_many_terminals",
    `There are ${LIMITS.terminals} terminals already.`,
    "Close some with `skein terminal close`.",
  );
};

/** Started first, recorded then; what could not be recorded does not stay. */
const start = async (
  deps: OperationDeps,
  asking: Asking,
  wish: TerminalRecord,
  name: string,
): Promise<{ terminal: Terminal }> => {
  const port = portOf(deps, wish.host);
  const login = await port.login();
  const [program, ...args] = wish.argv;
  const before = await recordOf(deps, wish.id);
  if (before === null) await admitAnother(deps);
  const folder = wish.folder === "" ? login.folder : wish.folder;
  await port.open({
    id: wish.id,
    name,
    argv: program === undefined ? login.argv : [program, ...args],
    env: login.env,
    folder,
    owner: { session: wish.id, generation: 0 },
    columns: wish.columns,
    rows: wish.rows,
  });
  try {
    const held = await port.held();
    return await record(deps, asking, { ...wish, folder }, (state) => ({
      terminal: viewTerminal(state, held, port.viewers(state.id)),
    }));
  } catch (error) {
    if (before === null) await port.close(wish.id).catch(() => undefined);
    throw error;
  }
};

/** Of one that does not get ready in time its session says so. */
const STARTING_MS = 60_000;

/** An agent's own terminal, which is there as soon as the agent is: of one that starts it is waited for. */
const agentView = async (
  deps: OperationDeps,
  session: Session,
  signal: AbortSignal,
): Promise<{ readonly terminal: Terminal; readonly starts: boolean }> => {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(STARTING_MS)]);
  for (;;) {
    // Sleep is arranged before looking, so that no change falls between.
    const ended = new AbortController();
    try {
      const changed = deps.changes.next([session.id], AbortSignal.any([limit, ended.signal]));
      const { view } = await findSession(deps.store, session.id);
      const starts = view.status.state === "starting";
      const terminal = await viewNow(deps, agentTerminal(view));
      if (terminal.state !== "gone" || !starts || limit.aborted) return { terminal, starts };
      await changed;
    } finally {
      ended.abort();
    }
  }
};

const suffix = (id: string): string => id.slice(id.indexOf("_") + 1);

const noTerminalOf = ({ name }: Session, { state }: Terminal, starts: boolean) => {
  if (state === "gone" && !starts)
    return refuse(
      "terminal_unavailable",
      `The agent of ${name} does not run, so it shows no terminal.`,
      `Resume it with \`skein resume ${name}\`.`,
    );
  return refuse(
    "terminal_unavailable",
    starts
      ? `The agent of ${name} still starts, so it shows no terminal yet.`
      : `Whether the terminal of ${name} is there is not known now.`,
    "Try again.",
  );
};

const openOfSession = async (
  deps: OperationDeps,
  asking: Asking,
  session: Session,
  { columns, rows }: Open,
  signal: AbortSignal,
): Promise<{ terminal: Terminal }> => {
  if (session.deletedAt !== null)
    throw refuse("session_deleted", `The session ${session.name} is deleted.`, "Create another.");
  if (runsInTerminal(session)) {
    const { terminal, starts } = await agentView(deps, session, signal);
    if (terminal.state === "running" || terminal.state === "ended")
      return record(deps, asking, agentTerminal(session), () => ({ terminal }));
    throw noTerminalOf(session, terminal, starts);
  }
  const id = terminalOf(session.id);
  const wish = { ...agentTerminal(session), id, runs: "shell" as const, argv: [], columns, rows };
  return start(deps, asking, wish, `aises-${suffix(id)}`);
};

const openAlone = (
  deps: OperationDeps,
  asking: Asking,
  { host = LOCAL_HOST, folder = "", argv = [], columns, rows }: Open,
): Promise<{ terminal: Terminal }> => {
  if (folder !== "" && !folder.startsWith("/"))
    throw refuse(
      "invalid_input",
      `The folder ${folder} is not an absolute path.`,
      "Give the whole path, from /.",
    );
  const id = deps.id("trm");
  const wish: TerminalRecord = {
    id,
    host,
    folder,
    session: null,
    runs: argv.length === 0 ? "shell" : "program",
    argv,
    columns,
    rows,
    createdAt: "",
    closedAt: null,
  };
  return start(deps, asking, wish, `aiterm-${suffix(id)}`);
};

const admitOne = ({ session, host, folder, argv }: Open): void => {
  if (session === undefined || (host ?? folder ?? argv) === undefined) return;
  throw refuse(
    "invalid_input",
    "A session's terminal is where the session is; host, folder and argv are for one that stands alone.",
    "Leave them out, or leave the session out.",
  );
};

const open =
  (deps: OperationDeps): Handlers["terminals.open"] =>
  (input, caller, signal) => {
    admitTyping(caller);
    admitOne(input);
    const operation = "terminals.open";
    return deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation, input },
      async (receipt) => {
        const asking = { caller, receipt };
        if (input.session === undefined) return openAlone(deps, asking, input);
        const { view } = await findSession(deps.store, input.session);
        return openOfSession(deps, asking, view, input, signal);
      },
    );
  };

const list =
  (deps: OperationDeps): Handlers["terminals.list"] =>
  async ({ host, session }) => {
    const parent = session === undefined ? undefined : await findSessionId(deps.store, session);
    const query = { kind: "terminal", limit: LIMITS.terminals } as const;
    const { rows } = await deps.store.rows(parent === undefined ? query : { ...query, parent });
    const records = rows
      .map(readTerminalRow)
      .filter((one) => host === undefined || one.host === host);
    const hosts = new Map(records.map((one) => [one.host, deps.terminals(one.host)?.held()]));
    const terminals = records.map(async (one) =>
      viewTerminal(
        one,
        (await hosts.get(one.host)) ?? null,
        deps.terminals(one.host)?.viewers(one.id) ?? 0,
      ),
    );
    return { terminals: await Promise.all(terminals) };
  };

const type =
  (deps: OperationDeps): Handlers["terminals.type"] =>
  async (input, caller) => {
    admitTyping(caller);
    const { text, enter } = input;
    const typed = Buffer.byteLength(text);
    if (typed > LIMITS.terminalPasteBytes)
      throw refuse(
        "prompt_too_large",
        `The text has ${typed} bytes; at most ${LIMITS.terminalPasteBytes} are taken.`,
        "Put it into a file, and type the file's path.",
      );
    if (text.includes("\0"))
      throw refuse(
        "prompt_is_binary",
        "The text contains a NUL character: it looks like a binary file.",
        "Send text.",
      );
    const found = await findTerminal(deps, input.terminal);
    const operation = "terminals.type";
    return deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation, input },
      async (receipt) => {
        await portOf(deps, found.host).type(found.id, text, enter);
        const answer = () => ({ typed });
        if (receipt === null) return answer();
        // Nothing is recorded but the receipt: an agent's terminal has no record of its own, and gets none by this.
        const { actor } = caller;
        return deps.engine.dispatch(
          terminalKind,
          found.id,
          { type: "typed" },
          { actor, receipt, answer },
        );
      },
    );
  };

/** Ended from beneath its agent would look as if that had crashed. What the agent has left may be closed. */
const admitClosing = async (deps: OperationDeps, found: TerminalRecord): Promise<void> => {
  if (found.session === null || found.runs === "shell") return;
  const held = await portOf(deps, found.host).held();
  const pane = held?.find(({ id }) => id === found.id);
  if (held !== null && (pane === undefined || pane.dead)) return;
  const { view } = await findSession(deps.store, found.session);
  throw refuse(
    "terminal_of_agent",
    `It is the terminal in which the agent of ${view.name} runs.`,
    `End the agent with \`skein stop ${view.name}\`, or the session with \`skein kill ${view.name}\`.`,
    { session: view.id },
  );
};

const close =
  (deps: OperationDeps): Handlers["terminals.close"] =>
  (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "terminals.close", input },
      async (receipt) => {
        const found = await findTerminal(deps, input.terminal);
        const port = portOf(deps, found.host);
        await admitClosing(deps, found);
        await port.close(found.id);
        const held = await port.held();
        const answer = (state: TerminalRecord) => ({ terminal: viewTerminal(state, held, 0) });
        if ((await recordOf(deps, found.id)) === null) return answer(found);
        return deps.engine.dispatch(
          terminalKind,
          found.id,
          { type: "close", terminal: found.id },
          { actor: caller.actor, receipt, answer },
        );
      },
    );

export const terminalHandlers = (deps: OperationDeps): Pick<Handlers, TerminalOperation> => ({
  "terminals.open": open(deps),
  "terminals.list": list(deps),
  "terminals.screen": async ({ terminal, history }) => {
    const found = await findTerminal(deps, terminal);
    const screen = await portOf(deps, found.host).screen(found.id, history);
    const { lines, history: before, cursor } = screen;
    return { terminal: await viewNow(deps, found), lines: [...lines], history: before, cursor };
  },
  "terminals.type": type(deps),
  "terminals.close": close(deps),
});

type TerminalOperation =
  | "terminals.open"
  | "terminals.list"
  | "terminals.screen"
  | "terminals.type"
  | "terminals.close";
