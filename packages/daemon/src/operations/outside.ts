/** Conversations that were begun outside Skein: listed, looked at, taken over. */
import { LIMITS, refuse, type Conversation, type Item, type ParsedInput } from "@skein/contract";
import { conversationClaim, ownConversation } from "@skein/core";
import type { OutsideConversation, OutsidePage, OutsideReader } from "@skein/sdk";
import { eachRow } from "../each-row.ts";
import { admitBackend, admitFolder, admitHost, admitPermissions } from "./admission.ts";
import { begin } from "./beginning.ts";
import { readSessionRow } from "../engine/session-kind.ts";
import { findSession, viewSession } from "./find.ts";
import type { Handlers } from "./handlers.ts";
import { identityOf, type BackendsPort, type OperationDeps } from "./ports.ts";

/** What a taken-over conversation brings along into the transcript: the newest of it. */
const HISTORY_ITEMS = 200;
const READ_BYTES = 8 * 1024 * 1024;
const HISTORY_BYTES = 2 * 1024 * 1024;
const ITEM_BYTES = 64 * 1024;

const unknownBackend = (id: string, backends: BackendsPort) =>
  refuse(
    "backend_unknown",
    `${id} keeps no conversations that Skein could find.`,
    `Known: ${backends.outside.ids.join(", ")}.`,
  );

const notFound = (id: string) =>
  refuse(
    "conversation_not_found",
    `There is no conversation ${id}.`,
    "List them with `skein outside`.",
  );

const sessionOf = async (
  deps: OperationDeps,
  where: { readonly backend: string; readonly host: string },
  id: string,
): Promise<string | null> => deps.store.claimed("session-name", conversationClaim(where, id));

/** Deleted sessions, newest first, that are looked through for whose a conversation was. */
const MOST_DELETED = 10_000;

type Owner = Pick<Conversation, "session" | "sessionName" | "deleted">;

const nobody: Owner = { session: null, sessionName: null, deleted: false };

const liveOwner = async (
  deps: OperationDeps,
  where: { readonly backend: string; readonly host: string },
  id: string,
): Promise<Owner> => {
  const session = await sessionOf(deps, where, id);
  if (session === null) return nobody;
  return { session, sessionName: (await viewSession(deps.store, session)).name, deleted: false };
};

/** Whose these conversations were, by their claims; of those that are nobody's now. */
const deletedOwners = async (
  { store }: OperationDeps,
  claims: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Owner>> => {
  const owners = new Map<string, Owner>();
  if (claims.size === 0) return owners;
  const query = { kind: "session", live: false, limit: LIMITS.pageMax } as const;
  let looked = 0;
  for await (const row of eachRow((page) => store.rows({ ...query, ...page }))) {
    if (owners.size === claims.size || (looked += 1) > MOST_DELETED) break;
    const state = readSessionRow(row);
    const { view } = state;
    const claim = conversationClaim(view, ownConversation(state) ?? "");
    if (claims.has(claim) && !owners.has(claim))
      owners.set(claim, { session: view.id, sessionName: view.name, deleted: true });
  }
  return owners;
};

const list = async (
  deps: OperationDeps,
  { host: name, backend, folder, all }: ParsedInput<"outside.list">,
): Promise<Conversation[]> => {
  const { host, backends } = await admitHost(deps, name);
  if (backend !== undefined && !backends.outside.ids.includes(backend))
    throw unknownBackend(backend, backends);
  const asked = backend === undefined ? backends.outside.ids : [backend];
  const told = async (id: string): Promise<Conversation[]> => {
    const found = await backends.outside.list(id);
    const wanted = found.filter((one) => folder === undefined || one.folder === folder);
    const where = { backend: id, host: host.id };
    return Promise.all(
      wanted.map(async (one) => ({ ...where, ...one, ...(await liveOwner(deps, where, one.id)) })),
    );
  };
  const found = (await Promise.all(asked.map(told))).flat();
  const free = found.filter((one) => one.session === null);
  const were = await deletedOwners(
    deps,
    new Set(free.map((one) => conversationClaim(one, one.id))),
  );
  return found
    .map((one) =>
      one.session === null ? { ...one, ...were.get(conversationClaim(one, one.id)) } : one,
    )
    .filter((one) => all || one.session === null)
    .toSorted((one, other) => other.activeAt.localeCompare(one.activeAt));
};

/** The newest items, settled: nobody goes on with what was open there. Only the end of a long conversation is read. */
const historyOf = async (
  conversation: OutsideReader,
): Promise<readonly Pick<Item, "id" | "at" | "body">[]> => {
  const items = new Map<string, OutsidePage["items"][number]>();
  let from = Math.max(0, conversation.bytes - READ_BYTES);
  for (let isMore = true; isMore;) {
    const page = await conversation.read(from);
    for (const item of page.items) items.set(item.id, item);
    isMore = page.more && page.next > from;
    from = page.next;
  }
  let bytes = 0;
  const newest = [...items.values()].slice(-HISTORY_ITEMS).toReversed();
  const kept = newest.filter(({ body }) => {
    const size = Buffer.byteLength(JSON.stringify(body));
    if (size > ITEM_BYTES) return false;
    bytes += size;
    return bytes <= HISTORY_BYTES;
  });
  return kept.toReversed().map(({ id, at, body }) => ({
    id,
    at: at ?? "",
    body: "status" in body && body.status === "running" ? { ...body, status: "interrupted" } : body,
  }));
};

/** A session that has it already is named: its agent is what would be found to have it open. */
const admitOurs = async (
  deps: OperationDeps,
  where: { readonly backend: string; readonly host: string },
  conversation: string,
): Promise<void> => {
  const session = await sessionOf(deps, where, conversation);
  if (session === null) return;
  const { view } = await findSession(deps.store, session);
  throw refuse(
    "conversation_held",
    `The session ${view.name} has the conversation ${conversation} already.`,
    `Use it: \`skein send ${view.name} …\`. To go another way from there: \`skein fork ${view.name}\`.`,
  );
};

/** Nobody else may write to it: neither a program that has it open, nor another session of ours. */
const admitUnheld = ({ id, held }: OutsideConversation, force: boolean): void => {
  if (held === "no" || (held === "unknown" && force)) return;
  if (held === "unknown") {
    throw refuse(
      "conversation_held",
      `Whether a program has the conversation ${id} open cannot be told there.`,
      "Make sure that none has, then say so with --force.",
    );
  }
  throw refuse(
    "conversation_held",
    `A program has the conversation ${id} open: two writers would spoil it.`,
    "End that program there, then try again; or look at it with `skein outside show`.",
  );
};

const adopt =
  (deps: OperationDeps): Handlers["outside.adopt"] =>
  (input, caller) =>
    deps.engine.receipts.once(
      { caller: identityOf(caller), clientId: input.clientId, operation: "outside.adopt", input },
      async (receipt) => {
        const { permissions, conversation } = input;
        admitPermissions({ permissions }, caller);
        const { host, backends } = await admitHost(deps, input.host);
        if (!backends.outside.ids.includes(input.backend))
          throw unknownBackend(input.backend, backends);
        const reader = await backends.outside.open(input.backend, conversation);
        const found = await reader?.describe();
        if (reader === null || found == null) throw notFound(conversation);
        await admitOurs(deps, { backend: input.backend, host: host.id }, conversation);
        admitUnheld(found, input.force);
        await admitFolder(host, found.folder);
        const agent = await admitBackend(backends, input.backend);
        const fields = {
          backend: input.backend,
          host: host.id,
          folder: found.folder,
          interface: agent.interfaces[0] ?? "protocol",
          program: null,
          container: null,
          group: null,
          name: input.name ?? null,
          model: null,
          effort: null,
          permissions,
          description: found.title,
          tags: [],
          parent: null,
          fork: null,
          adopt: {
            conversation,
            history: await historyOf(reader),
          },
        };
        return begin(deps, caller, fields, receipt);
      },
    );

export const outsideHandlers = (
  deps: OperationDeps,
): Pick<Handlers, "outside.list" | "outside.read" | "outside.adopt"> => ({
  "outside.list": async (input) => ({ conversations: await list(deps, input) }),
  "outside.read": async ({ host, backend, conversation, from }) => {
    const { backends } = await admitHost(deps, host);
    if (!backends.outside.ids.includes(backend)) throw unknownBackend(backend, backends);
    const reader = await backends.outside.open(backend, conversation);
    if (reader === null) throw notFound(conversation);
    const { items, next, more } = await reader.read(from);
    return { items: [...items], next, more };
  },
  "outside.adopt": adopt(deps),
});
