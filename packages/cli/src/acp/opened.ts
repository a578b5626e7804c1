/**
 * One session that an editor has open: what happens in it is told as it happens, whoever brought it about, and what its agent
 * asks is asked there too. The first answer counts, here or elsewhere.
 */
import type { Approval, Delta, EventData, Item, Session, SkeinEvent, Turn } from "@skein/contract";
import { allPages } from "@skein/client/light";
import type { Cli } from "../cli.ts";
import { toFailure } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { INTERNAL, rpcError, type Json, type Peer } from "./rpc.ts";
import {
  askedCall,
  callUpdate,
  choicesOf,
  chosen,
  chunk,
  isCall,
  itemUpdates,
  usageOf,
  type Decided,
} from "./words.ts";

export type Opened = {
  readonly session: Session;
  /** Resolves when its turn is over, with the protocol's answer; rejects when it failed. */
  prompt(text: string): Promise<Json>;
  /** Ends the turn in progress, and those that wait. */
  cancel(): Promise<void>;
  /** Tells all that was said and done so far. */
  readonly replay: () => Promise<void>;
  /** Says something of Skein's own, in the agent's place: the protocol has no other. */
  tell(words: string): void;
  /** Only now is told what happens from here on. */
  begin(): void;
  /** Ends the watch at once. The turn goes on; its prompt is answered as cancelled. */
  close(): void;
};

type Waiting = {
  /** Aborted: the editor has cancelled it. */
  readonly cancelled: AbortSignal;
  readonly resolve: (result: Json) => void;
  readonly reject: (error: unknown) => void;
};

const authRequired = -32000;

/** What was cancelled is answered so, however its agent took that: the protocol demands it. */
const endOf = (turn: Turn, waiting: Waiting): void => {
  const isCancelled = waiting.cancelled.aborted || turn.outcome === "interrupted";
  if (turn.outcome === "failed" && !isCancelled) {
    const { kind, message, remedy } = turn.error ?? {
      kind: "agent",
      message: "The turn failed.",
      remedy: "Send again.",
    };
    const code = kind === "login" ? authRequired : INTERNAL;
    return waiting.reject(rpcError(code, `${message} ${remedy}`, { kind }));
  }
  waiting.resolve({ stopReason: isCancelled ? "cancelled" : "end_turn", ...usageOf(turn) });
};

const keptEnds = 256;

/** Prompts of ours and the turns that answer them; a turn may be over before its prompt's id is known here. */
const makeTurns = () => {
  const waiting = new Map<string, Waiting>();
  const over = new Map<string, Turn | null>();
  let closed: ((one: Waiting) => void) | null = null;
  let cancelling = new AbortController();

  const settle = (prompt: string, turn: Turn | null): void => {
    const one = waiting.get(prompt);
    if (one === undefined) {
      over.set(prompt, turn);
      const [oldest] = over.keys();
      if (over.size > keptEnds && oldest !== undefined) over.delete(oldest);
      return;
    }
    waiting.delete(prompt);
    if (turn === null) one.resolve({ stopReason: "cancelled" });
    else endOf(turn, one);
  };

  return {
    settle,
    end: async (sent: Promise<string>): Promise<Json> => {
      const cancelled = cancelling.signal;
      const prompt = await sent;
      const { promise, resolve, reject } = Promise.withResolvers<Json>();
      const one = { cancelled, resolve, reject };
      if (closed !== null && !over.has(prompt)) closed(one);
      else waiting.set(prompt, one);
      const turn = over.get(prompt);
      if (turn !== undefined) settle(prompt, turn);
      return promise;
    },
    /** All that was sent until now. */
    cancel: (): void => {
      cancelling.abort();
      cancelling = new AbortController();
    },
    /** No end is heard of any more: so is answered what waits, and what is yet to be asked. The first call counts. */
    close: (answer: (one: Waiting) => void): void => {
      closed ??= answer;
      for (const one of waiting.values()) closed(one);
      waiting.clear();
    },
  };
};

/** The editor shows what it sends by itself: each of its texts is left out once. */
const makeOwnWords = () => {
  const texts: string[] = [];
  return {
    said: (text: string): void => void texts.push(text),
    take: (text: string): boolean => {
      const at = texts.indexOf(text);
      if (at !== -1) texts.splice(at, 1);
      return at !== -1;
    },
  };
};

/** The prompt's id. Words that could not be sent do not hide the same words of somebody else. */
const send = async (
  cli: Deps["cli"],
  own: ReturnType<typeof makeOwnWords>,
  session: string,
  text: string,
): Promise<string> => {
  own.said(text);
  try {
    return (await cli.call("sessions.send", { session, text, clientId: cli.key() })).prompt;
  } catch (error) {
    own.take(text);
    throw error;
  }
};

/** What has been shown of each item: words that came live are not told again when they are recorded. */
const makeShown = (update: (body: Json) => void, isOurs: (text: string) => boolean) => {
  const words = new Map<string, string>();
  const calls = new Set<string>();
  const past = new Set<string>();

  const rest = (id: string, kind: "agent_message_chunk" | "agent_thought_chunk", all: string) => {
    const shown = words.get(id) ?? "";
    words.set(id, all);
    if (all.startsWith(shown) && all.length > shown.length)
      update(chunk(kind, all.slice(shown.length), id));
  };

  return {
    delta: ({ item, kind, text }: Delta): void => {
      if (kind === "output") return;
      words.set(item, (words.get(item) ?? "") + text);
      update(chunk(kind === "message" ? "agent_message_chunk" : "agent_thought_chunk", text, item));
    },
    past: (item: Item): void => {
      if (isCall(item.body)) calls.add(item.id);
      else past.add(item.id);
      for (const one of itemUpdates(item)) update(one);
    },
    item: ({ id, body }: Item): void => {
      if (past.has(id)) return;
      if (isCall(body)) {
        update(callUpdate(id, body, !calls.has(id)));
        calls.add(id);
      } else if (body.kind === "message") rest(id, "agent_message_chunk", body.text);
      else if (body.kind === "reasoning" || body.kind === "notice")
        rest(id, "agent_thought_chunk", body.text);
      else if (!isOurs(body.text)) update(chunk("user_message_chunk", body.text, id));
    },
  };
};

type Deps = {
  readonly cli: Cli;
  readonly peer: Peer;
  readonly session: Session;
  /** Nothing is told any more, whoever ended it. */
  readonly gone: () => void;
};

/** Where the editor's own way to answer does not serve. */
const askInWords = ({ cli, peer, session }: Deps, { id, title, request }: Approval): void => {
  const verb = request.kind === "question" ? "respond" : "approve";
  const words = `${title}\n(answer it with: ${cli.command} ${verb} ${session.name})\n`;
  const update = chunk("agent_message_chunk", words, `approval-${id}`);
  peer.notify("session/update", { sessionId: session.id, update });
};

/** An answer that decides nothing leaves the agent waiting: whoever sits at the editor is told, and how it can be answered. */
const askAgain = async (deps: Deps, approval: Approval, why: string): Promise<void> => {
  const { cli } = deps;
  const now = await cli.call("approvals.get", { approval: approval.id });
  if (now.state !== "open") return;
  cli.tell(`skein: the editor did not answer ${approval.id}, which stays open: ${oneLine(why)}`);
  askInWords(deps, approval);
};

/** Asked here, too. Refused answers are of no interest: someone else was faster. */
const askHere = async (deps: Deps, approval: Approval): Promise<void> => {
  const { cli, peer, session } = deps;
  const options = choicesOf(approval);
  if (options === null) return askInWords(deps, approval);
  const toolCall = askedCall(approval);
  const params = { sessionId: session.id, toolCall, options };
  let decided: Decided | null;
  try {
    decided = chosen(approval, options, await peer.request("session/request_permission", params));
  } catch (error) {
    return askAgain(deps, approval, (error as Error).message);
  }
  if (decided !== null) await cli.call("approvals.resolve", { approval: approval.id, ...decided });
};

/** Each approval is asked here once. */
const makeAsks = (deps: Deps) => {
  const asked = new Set<string>();
  return (approval: Approval): void => {
    const { id, session, state } = approval;
    if (session !== deps.session.id || state !== "open" || asked.has(id)) return;
    asked.add(id);
    askHere(deps, approval).catch((error: unknown) => {
      const { code, message } = toFailure(error).failure;
      if (!["already_resolved", "approval_expired"].includes(code))
        deps.cli.tell(`skein: ${message}`);
    });
  };
};

export const openSession = async (deps: Deps): Promise<Opened> => {
  const { cli, peer, session } = deps;
  const turns = makeTurns();
  const own = makeOwnWords();
  const ask = makeAsks(deps);
  const [ready, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const leaving = new AbortController();
  const left = leaving.signal;
  const update = (body: Json): void => {
    if (!left.aborted) peer.notify("session/update", { sessionId: session.id, update: body });
  };
  const shown = makeShown(update, own.take);

  const take = ({ type, data }: SkeinEvent): void => {
    if (type === "session.item") shown.item((data as EventData<"session.item">).item);
    if (type === "approval.requested") ask((data as EventData<"approval.requested">).approval);
    if (type === "session.prompt.dropped")
      turns.settle((data as EventData<"session.prompt.dropped">).prompt, null);
    if (type === "session.turn.ended") {
      const { turn } = data as EventData<"session.turn.ended">;
      turns.settle(turn.prompt, turn);
    }
  };

  const follow = async (): Promise<void> => {
    const filter = { sessions: [session.id], live: true };
    const lost = (): void => cli.tell("skein: the daemon is gone; waiting for it");
    for await (const frame of cli.watch({ filter }, lost, left)) {
      if (frame.frame === "snapshot") {
        ready.resolve();
        await begun.promise;
        if (left.aborted) return;
        frame.approvals.forEach(ask);
      }
      if (frame.frame === "deltas") frame.deltas.forEach(shown.delta);
      if (frame.frame === "events") frame.events.forEach(take);
    }
  };
  follow()
    .catch((error: unknown) => {
      ready.reject(error);
      turns.close((one) => one.reject(error));
    })
    .finally(deps.gone);
  await ready.promise;
  return {
    session,
    prompt: (text) => turns.end(send(cli, own, session.id, text)),
    cancel: async () => {
      turns.cancel();
      await cli.call("sessions.interrupt", { session: session.id, clearQueue: true });
    },
    replay: async () => {
      const from = { session: session.id, from: "start" as const };
      const items = await allPages(
        (page) => cli.call("sessions.items", { ...from, ...page }),
        (page) => page.items,
      );
      items.forEach(shown.past);
    },
    tell: (words) => update(chunk("agent_message_chunk", words, "skein")),
    begin: begun.resolve,
    close: () => {
      turns.close((one) => one.resolve({ stopReason: "cancelled" }));
      leaving.abort();
      begun.resolve();
    },
  };
};
