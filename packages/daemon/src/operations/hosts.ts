/** Hosts: listed, reached and looked at, recorded, forgotten. */
import {
  LIMITS,
  LOCAL_HOST,
  refuse,
  type Host as HostView,
  type HostCheck,
  type Session,
} from "@skein/contract";
import type { HostState, TerminalRecord } from "@skein/core";
import { noHost } from "./admission.ts";
import { eachRow } from "../each-row.ts";
import {
  hostKind,
  hostStream,
  readHostRow,
  readTerminalRow,
  terminalKind,
} from "../engine/small-kinds.ts";
import { readSessionRow, sessionKind } from "../engine/session-kind.ts";
import type { ReceiptKey } from "../engine/receipts.ts";
import type { Handlers } from "./handlers.ts";
import { identityOf, type MetHost, type OperationDeps } from "./ports.ts";

/** Names that one sentence holds. */
const NAMED = 8;

const sessionsThat = async (
  { store }: OperationDeps,
  query: { readonly live: boolean | "all"; readonly attached?: boolean },
): Promise<Session[]> => {
  const found: Session[] = [];
  const all = { kind: "session", limit: LIMITS.pageMax, ...query } as const;
  for await (const row of eachRow((page) => store.rows({ ...all, ...page })))
    found.push(readSessionRow(row).view);
  return found;
};

const recorded = async ({ store }: OperationDeps, name: string): Promise<HostState | null> => {
  const row = await store.row("host", hostStream(name));
  return row === null ? null : readHostRow(row);
};

const viewOf = (
  deps: OperationDeps,
  name: string,
  kept: HostState | null,
  sessions: number,
): HostView => {
  const host = deps.hosts.get(name);
  const reach = host?.reach();
  const away = reach?.state === "unreachable" ? reach : null;
  const refused = away === null ? deps.hosts.refused(name) : undefined;
  return {
    name,
    kind: name === LOCAL_HOST ? "local" : "ssh",
    home: host?.home ?? kept?.home ?? "",
    state: away === null ? "reachable" : "unreachable",
    reason: away?.reason ?? null,
    remedy: away?.remedy ?? refused?.remedy ?? null,
    since: away?.since ?? null,
    sessions,
    check: kept?.check ?? null,
    refusal: refused === undefined ? null : { at: refused.at, message: refused.message },
    addedAt:
      name === LOCAL_HOST || kept === null
        ? new Date(deps.daemon.startedAt).toISOString()
        : kept.addedAt,
  };
};

const viewNow = async (deps: OperationDeps, name: string): Promise<{ host: HostView }> => {
  const sessions = (await sessionsThat(deps, { live: true })).filter(({ host }) => host === name);
  return { host: viewOf(deps, name, await recorded(deps, name), sessions.length) };
};

const admitKnown = (deps: OperationDeps, name: string): void => {
  if (deps.hosts.get(name) !== undefined) return;
  throw noHost(deps, name);
};

const record = (
  deps: OperationDeps,
  actor: string,
  host: string,
  check: HostCheck,
): Promise<void> =>
  deps.engine.dispatch(
    hostKind,
    hostStream(host),
    { type: "check", host, check },
    { actor, answer: () => undefined },
  );

/** `local` is never added, so it is looked at when it is first listed; one look at a time. */
const makeLookHere = (deps: OperationDeps) => {
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    if ((await recorded(deps, LOCAL_HOST))?.check != null) return;
    await record(deps, "skein", LOCAL_HOST, await deps.hosts.check(LOCAL_HOST));
  };
  return (): Promise<void> => (looking ??= look().finally(() => (looking = null)));
};

const list = async (deps: OperationDeps): Promise<{ hosts: HostView[] }> => {
  const sessions = await sessionsThat(deps, { live: true });
  const count = Map.groupBy(sessions, ({ host }) => host);
  const { rows } = await deps.store.rows({ kind: "host", limit: LIMITS.hosts });
  const kept = new Map(rows.map((row) => [row.label ?? "", readHostRow(row)]));
  return {
    hosts: deps.hosts
      .names()
      .map((name) => viewOf(deps, name, kept.get(name) ?? null, count.get(name)?.length ?? 0)),
  };
};

/** `meeting`: those that are being reached at this moment. */
const admitNew = (deps: OperationDeps, meeting: ReadonlySet<string>, name: string): void => {
  const look = `Look with \`skein host check ${name}\`.`;
  if (deps.hosts.get(name) !== undefined)
    throw refuse("host_known", `The host ${name} is there already.`, look);
  if (meeting.has(name))
    throw refuse("host_known", `The host ${name} is being added at this moment.`, look);
  if (deps.hosts.names().length + meeting.size >= LIMITS.hosts)
    throw refuse(
      "overloaded",
      `There are ${LIMITS.hosts} hosts already.`,
      "Remove some with `skein host remove`.",
    );
};

/** Two links to one host, met at once, would end each other's connection there: the second is refused before it reaches out. */
const makeMeet = (deps: OperationDeps) => {
  const meeting = new Set<string>();
  return async <T>(name: string, use: (met: MetHost) => Promise<T>): Promise<T> => {
    admitNew(deps, meeting, name);
    meeting.add(name);
    try {
      return await use(await deps.hosts.meet(name));
    } finally {
      meeting.delete(name);
    }
  };
};

/** Reached and looked at first: a host that cannot be used is not recorded, and one that is recorded can. */
const makeAdd = (deps: OperationDeps): Handlers["hosts.add"] => {
  const meet = makeMeet(deps);
  return (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "hosts.add", input },
      (receipt) =>
        meet(input.host, async (met) => {
          const name = input.host;
          try {
            const { home, check } = met;
            const view = await deps.engine.dispatch(
              hostKind,
              hostStream(name),
              { type: "add", host: name, home, check },
              {
                actor: caller.actor,
                receipt,
                answer: (state) => ({ host: { ...viewOf(deps, name, state, 0), home } }),
              },
            );
            met.take();
            return view;
          } catch (error) {
            await met.leave();
            throw error;
          }
        }),
    );
};

const names = (all: readonly string[]): string => {
  const some = all.slice(0, NAMED);
  return `${some.join(", ")}${all.length > NAMED ? ", …" : ""}`;
};

/** What there is on a host when it is to be removed. */
type Inhabitants = {
  readonly living: readonly Session[];
  /** As they are recorded, whether they are there or not. */
  readonly terminals: readonly TerminalRecord[];
  /** Those of them in which something runs, or may run; not those in which a living agent does. */
  readonly open: readonly TerminalRecord[];
};

const inhabitants = async (deps: OperationDeps, name: string): Promise<Inhabitants> => {
  const attached = await sessionsThat(deps, { live: "all", attached: true });
  const living = attached.filter(({ host }) => host === name);
  const { rows } = await deps.store.rows({ kind: "terminal", limit: LIMITS.terminals });
  const terminals = rows.map(readTerminalRow).filter(({ host }) => host === name);
  const held = terminals.length === 0 ? [] : ((await deps.terminals(name)?.held()) ?? null);
  const isOpen = ({ id, runs, session }: TerminalRecord): boolean => {
    if (runs !== "shell" && living.some((one) => one.id === session)) return false;
    return held === null || held.some((pane) => pane.id === id && !pane.dead);
  };
  return { living, terminals, open: terminals.filter(isOpen) };
};

const inUse = (host: string, { living, open }: Inhabitants) => {
  const agents = living.length === 1 ? "An agent runs" : `${living.length} agents run`;
  const terminals = open.length === 1 ? "a terminal is" : `${open.length} terminals are`;
  const said = [
    ...(living.length === 0
      ? []
      : [`${agents} on ${host}: ${names(living.map((one) => one.name))}`]),
    ...(open.length === 0
      ? []
      : [`${terminals} open on ${host}: ${names(open.map(({ id }) => id))}`]),
  ].join("; ");
  const forced = [
    ...(living.length === 0 ? [] : ["leaves the agents to themselves"]),
    ...(open.length === 0 ? [] : ["closes the terminals"]),
  ].join(" and ");
  const first = [
    ...(living.length === 0 ? [] : ["stop them (`skein stop`)"]),
    ...(open.length === 0 ? [] : ["close them (`skein terminal close`)"]),
  ].join(" and ");
  return refuse(
    "host_in_use",
    `${said.charAt(0).toUpperCase()}${said.slice(1)}.`,
    `${first.charAt(0).toUpperCase()}${first.slice(1)} first; or \`skein host remove ${host} --force\` ${forced}.`,
    { sessions: living.map(({ id }) => id), terminals: open.map(({ id }) => id) },
  );
};

/** Closed there, as far as the host answers, and in the record in any case. Gives those that may live on. */
const closeTerminals = async (
  deps: OperationDeps,
  actor: string,
  host: string,
  { terminals, open }: Inhabitants,
): Promise<string[]> => {
  const left: string[] = [];
  for (const { id } of terminals) {
    const isAway = deps.hosts.get(host)?.reach().state !== "reachable";
    const close = async (): Promise<void> => deps.terminals(host)?.close(id);
    if (open.some((one) => one.id === id))
      if (
        isAway ||
        !(await close().then(
          () => true,
          () => false,
        ))
      )
        left.push(id);
    const closing = { type: "close", terminal: id } as const;
    await deps.engine.dispatch(terminalKind, id, closing, { actor, answer: () => undefined });
  }
  return left;
};

/** Gives what a person must know of what is still there; null: nothing is. */
const clear = async (
  deps: OperationDeps,
  host: HostView,
  { living }: Inhabitants,
  terminals: readonly string[],
): Promise<string | null> => {
  if (living.length > 0 || host.state !== "reachable") {
    const said = [
      ...(living.length === 0
        ? []
        : [`left to themselves there: ${names(living.map(({ name }) => name))}`]),
      ...(terminals.length === 0 ? [] : [`terminals that may run on there: ${names(terminals)}`]),
      ...(host.state === "reachable"
        ? []
        : [`it does not answer, so Skein's folder stays there: ${host.home}`]),
    ];
    return said.join("; ");
  }
  try {
    await deps.hosts.clear(host.name);
    return null;
  } catch (error) {
    return `not all of it could be done away with there: ${(error as Error).message} Look into ${host.home} on ${host.name}.`;
  }
};

/** Its sessions are lost before it is: whoever comes between finds either a host or a session that says why there is none. */
const abandon = async (
  deps: OperationDeps,
  actor: string,
  host: string,
  living: readonly Session[],
): Promise<void> => {
  await deps.hosts.forsake(host);
  const reason = `the host ${host} was removed, and the agent was left to itself there`;
  for (const { id } of living)
    await deps.engine.dispatch(
      sessionKind,
      id,
      { type: "abandon", reason },
      { actor, answer: () => undefined },
    );
};

/** Of `local` it is refused. */
const forget = (
  deps: OperationDeps,
  actor: string,
  receipt: ReceiptKey | null,
  view: { readonly host: HostView },
): Promise<{ host: HostView }> =>
  deps.engine.dispatch(
    hostKind,
    hostStream(view.host.name),
    { type: "remove", host: view.host.name },
    { actor, receipt, answer: () => view },
  );

const remove =
  (deps: OperationDeps): Handlers["hosts.remove"] =>
  (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "hosts.remove", input },
      async (receipt) => {
        const { host: name, force } = input;
        admitKnown(deps, name);
        if (name === LOCAL_HOST)
          return forget(deps, caller.actor, receipt, await viewNow(deps, name));
        const there = await inhabitants(deps, name);
        if (there.living.length + there.open.length > 0 && !force) throw inUse(name, there);
        const { host: before } = await viewNow(deps, name);
        const left = await closeTerminals(deps, caller.actor, name, there);
        await abandon(deps, caller.actor, name, there.living);
        const reason = await clear(deps, before, there, left);
        const view = await forget(deps, caller.actor, receipt, { host: { ...before, reason } });
        await deps.hosts.drop(name);
        return view;
      },
    );

const makeList = (deps: OperationDeps): Handlers["hosts.list"] => {
  const lookHere = makeLookHere(deps);
  return async () => {
    // What cannot be looked at is listed without what would have been found.
    await lookHere().catch(() => undefined);
    return list(deps);
  };
};

export const hostHandlers = (deps: OperationDeps): Pick<Handlers, HostOperation> => ({
  "hosts.list": makeList(deps),
  "hosts.add": makeAdd(deps),
  "hosts.check": async ({ host }, caller) => {
    admitKnown(deps, host);
    await record(deps, caller.actor, host, await deps.hosts.check(host));
    return viewNow(deps, host);
  },
  "hosts.remove": remove(deps),
});

type HostOperation = "hosts.list" | "hosts.add" | "hosts.check" | "hosts.remove";
