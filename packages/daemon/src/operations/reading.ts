/** Reads of sessions: views, transcript, turns, usage. */
import { addUsage, LIMITS, noUsage, type Item, type Session, type Usage } from "@skein/contract";
import { eachRow } from "../each-row.ts";
import { readSessionRow } from "../engine/session-kind.ts";
import type { RowQuery, Store } from "../engine/ports.ts";
import type { Handlers } from "./handlers.ts";
import { findSession, findSessionId, viewSession } from "./find.ts";
import { optional } from "./optional.ts";
import type { OperationDeps } from "./ports.ts";

/** Pages of the store that one call looks through for a filter that the store does not know. */
const PAGES_LOOKED_THROUGH = 20;

const listSessions = async (
  store: Store,
  query: RowQuery,
  fits: (session: Session) => boolean,
): Promise<{ sessions: Session[]; next: string | null }> => {
  const sessions: Session[] = [];
  let cursor = query.cursor;
  for (let page = 0; page < PAGES_LOOKED_THROUGH; page++) {
    const found = await store.rows({
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
      limit: query.limit - sessions.length,
    });
    sessions.push(...found.rows.map((row) => readSessionRow(row).view).filter(fits));
    if (found.next === null) return { sessions, next: null };
    cursor = found.next;
    if (sessions.length >= query.limit) break;
  }
  return { sessions, next: cursor ?? null };
};

const usageOf = async (
  store: Store,
  session: string | undefined,
): Promise<{
  total: Usage;
  sessions: { id: string; name: string; backend: string; turns: number; usage: Usage }[];
}> => {
  const views =
    session === undefined ? await everySession(store) : [await viewSession(store, session)];
  const sessions = views.map(({ id, name, backend, turns, usage }) => ({
    id,
    name,
    backend,
    turns,
    usage,
  }));
  return { total: sessions.reduce((sum, one) => addUsage(sum, one.usage), noUsage), sessions };
};

/** Sessions that one call adds up. */
const MAX_SUMMED = 100_000;

const everySession = async (store: Store): Promise<Session[]> => {
  const views: Session[] = [];
  const query = { kind: "session", live: "all", limit: LIMITS.pageMax } as const;
  for await (const row of eachRow((page) => store.rows({ ...query, ...page }))) {
    if (views.length === MAX_SUMMED) break;
    views.push(readSessionRow(row).view);
  }
  return views;
};

export const readingHandlers = (deps: OperationDeps): Pick<Handlers, Reading> => {
  const { store } = deps;
  return {
    "sessions.get": async ({ session }) => ({ session: (await findSession(store, session)).view }),

    "sessions.list": async (input) => {
      const parent =
        input.parent === undefined ? undefined : await findSessionId(store, input.parent);
      return listSessions(
        store,
        {
          kind: "session",
          live: !input.deleted,
          limit: input.limit,
          ...optional("status", input.state),
          ...optional("parent", parent),
          ...optional("cursor", input.cursor),
        },
        (one) =>
          (input.backend === undefined || one.backend === input.backend) &&
          (input.host === undefined || one.host === input.host) &&
          (input.group === undefined || one.group === input.group) &&
          (input.tag === undefined || one.tags.includes(input.tag)),
      );
    },

    "sessions.lastMessage": async (input) => {
      const session = await findSessionId(store, input.session);
      const page = await store.items({ session, from: "end", kind: "message", limit: input.count });
      const messages = page.rows.flatMap((row) => {
        const item = JSON.parse(row.item) as Item;
        return item.body.kind === "message"
          ? [{ text: item.body.text, turn: item.turn, at: item.at }]
          : [];
      });
      return { messages };
    },

    "sessions.usage": ({ session }) => usageOf(store, session),
  };
};

type Reading = "sessions.get" | "sessions.list" | "sessions.lastMessage" | "sessions.usage";
