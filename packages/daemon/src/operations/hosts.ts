/** Hosts: listed, reached and looked at, recorded, forgotten. */
import {
  LIMITS,
  LOCAL_HOST,
  refuse,
  type Host as HostView,
  type HostCheck,
  type Session,
} from "@skein/contract";
import type { HostState } from "@skein/core";
import { noHost } from "./admission.ts";
import { eachRow } from "../each-row.ts";
import { hostKind, hostStream, readHostRow } from "../engine/small-kinds.ts";
import { readSessionRow, sessionKind } from "../engine/session-kind.ts";
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

const names = (sessions: readonly Session[]): string => {
  const some = sessions.slice(0, NAMED).map(({ name }) => name);
  return `${some.join(", ")}${sessions.length > NAMED ? ", …" : ""}`;
};

const inUse = (host: string, living: readonly Session[]) =>
  refuse(
    "host_in_use",
    living.length === 1
      ? `An agent runs on ${host}: ${names(living)}.`
      : `${living.length} agents run on ${host}: ${names(living)}.`,
    `Stop them first, or leave them to themselves with \`skein host remove ${host} --force\`.`,
    { sessions: living.map(({ id }) => id) },
  );

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

const remove =
  (deps: OperationDeps): Handlers["hosts.remove"] =>
  (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "hosts.remove", input },
      async (receipt) => {
        const { host: name, force } = input;
        admitKnown(deps, name);
        const attached = await sessionsThat(deps, { live: "all", attached: true });
        const living = attached.filter(({ host }) => host === name);
        if (living.length > 0 && !force && name !== LOCAL_HOST) throw inUse(name, living);
        const { host: before } = await viewNow(deps, name);
        if (name !== LOCAL_HOST) await abandon(deps, caller.actor, name, living);
        const left = `left to themselves there: ${names(living)}`;
        const view = await deps.engine.dispatch(
          hostKind,
          hostStream(name),
          { type: "remove", host: name },
          {
            actor: caller.actor,
            receipt,
            answer: () => ({
              host: { ...before, reason: living.length === 0 ? before.reason : left },
            }),
          },
        );
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
