/** The methods of the app-server that a client of ours calls. Any other is refused, as an older or newer Codex would. */
import { randomUUID } from "node:crypto";
import type { Store, StoredThread } from "./store.ts";
import { describe, emit, keep, makeThread, newStored, turnsPage, type Thread } from "./thread.ts";
import { beginTurn, type TurnDeps } from "./turn.ts";
import { refusal, type Client, type Refusal } from "./wire.ts";

export type Surroundings = {
  readonly home: string;
  readonly store: Store;
  readonly turns: TurnDeps;
  readonly threads: Map<string, Thread>;
  /** What is wrong with config.toml; null when nothing is. */
  readonly badConfig: () => string | null;
  readonly defaults: () => { readonly model: string; readonly modelProvider: string };
  readonly account: () => { readonly account: unknown; readonly requiresOpenaiAuth: boolean };
};

type Params = Record<string, unknown>;
type Method = (params: Params, client: Client, around: Surroundings) => unknown;

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

const wordsOf = (input: unknown): string =>
  (Array.isArray(input) ? (input as { text?: string }[]) : [])
    .map((part) => part.text ?? "")
    .join("\n");

const find = (params: Params, around: Surroundings): Thread | Refusal =>
  around.threads.get(String(params["threadId"])) ??
  refusal(`thread not found: ${String(params["threadId"])}`);

const isThread = (found: Thread | Refusal): found is Thread => "stored" in found;

const opened = (thread: Thread, around: Surroundings) => ({
  thread: describe(thread, around.store.rollout(thread.stored.id)),
  model: thread.stored.model,
  modelProvider: around.defaults().modelProvider,
  approvalPolicy: thread.stored.approvalPolicy,
  cwd: thread.stored.cwd,
});

const EXTENDED: Readonly<Record<string, string>> = {
  ":read-only": "read-only",
  ":workspace": "workspace-write",
};

/** A sandbox by its own name, or by that of a profile out of the thread's configuration that extends one. */
const sandboxOf = (params: Params): string | null => {
  const name = text(params["permissions"]);
  if (name === null) return text(params["sandbox"]);
  const config = (params["config"] ?? {}) as Params;
  const profile = (config[`permissions.${name}`] ?? {}) as Params;
  return EXTENDED[String(profile["extends"])] ?? null;
};

const settingsOf = (params: Params, around: Surroundings, was?: StoredThread) => ({
  cwd: text(params["cwd"]) ?? was?.cwd ?? "/",
  model: text(params["model"]) ?? was?.model ?? around.defaults().model,
  approvalPolicy: params["approvalPolicy"] ?? was?.approvalPolicy ?? "on-request",
  sandbox: sandboxOf(params) ?? was?.sandbox ?? "workspace-write",
});

const configure = (thread: Thread, params: Params): Thread => {
  const config = (params["config"] ?? {}) as Params;
  thread.canAsk = config["features.default_mode_request_user_input"] === true;
  const seconds = config["thread_unload_delay_secs"];
  if (typeof seconds === "number") thread.unloadSeconds = seconds;
  return thread;
};

const badConfig = (around: Surroundings): Refusal | null => {
  const problem = around.badConfig();
  return problem === null ? null : refusal(`failed to load configuration: ${problem}`);
};

const load = (id: string, params: Params, around: Surroundings): Thread | Refusal => {
  const loaded = around.threads.get(id);
  // A loaded thread keeps its settings, whatever is said; one that is not on disk cannot be joined.
  if (loaded !== undefined && loaded.kept) return loaded;
  const stored = around.store.load(id);
  if (stored === null) return refusal(`no rollout found for thread id ${id}`);
  if (!around.store.lock(id)) return refusal(`thread ${id} already has an active writer`);
  const thread = configure(
    makeThread({ ...stored, ...settingsOf(params, around, stored) }, true),
    params,
  );
  around.threads.set(id, thread);
  return thread;
};

const start: Method = (params, client, around) => {
  const problem = badConfig(around);
  if (problem !== null) return problem;
  const thread = configure(
    makeThread(newStored(randomUUID(), settingsOf(params, around)), false),
    params,
  );
  around.threads.set(thread.stored.id, thread);
  around.store.lock(thread.stored.id);
  thread.clients.add(client);
  return opened(thread, around);
};

const resume: Method = (params, client, around) => {
  const problem = badConfig(around);
  if (problem !== null) return problem;
  const thread = load(String(params["threadId"]), params, around);
  if (!isThread(thread)) return thread;
  thread.clients.add(client);
  // What it still asks, it asks the newcomer too, with the same ids.
  setTimeout(() => {
    for (const { message } of thread.pending.values()) client.send(message);
  }, 1);
  const page = params["initialTurnsPage"];
  const initialTurnsPage = page === undefined ? null : turnsPage(thread, page as Params, true);
  return { ...opened(thread, around), initialTurnsPage };
};

const fork: Method = (params, client, around) => {
  const source =
    around.threads.get(String(params["threadId"]))?.stored ??
    around.store.load(String(params["threadId"]));
  if (source === null)
    return refusal(`no rollout found for thread id ${String(params["threadId"])}`);
  const copy = structuredClone(source);
  const stored = { ...copy, ...settingsOf(params, around, copy), id: randomUUID(), name: null };
  const thread = configure(makeThread(stored, true), params);
  around.threads.set(stored.id, thread);
  around.store.lock(stored.id);
  around.store.save(stored);
  thread.clients.add(client);
  return opened(thread, around);
};

const inThread =
  (
    run: (thread: Thread, params: Params, client: Client, around: Surroundings) => unknown,
  ): Method =>
  (params, client, around) => {
    const thread = find(params, around);
    return isThread(thread) ? run(thread, params, client, around) : thread;
  };

/** During a turn it steers: the same turn's id, and no turn of its own. */
const turnStart = inThread((thread, params, _client, around) => {
  const said = wordsOf(params["input"]);
  if (said.length > 1024 * 1024)
    return refusal("Input exceeds the maximum length of 1048576 characters.", -32602);
  const clientId = text(params["clientUserMessageId"]);
  if (params["approvalPolicy"] !== undefined)
    thread.stored.approvalPolicy = params["approvalPolicy"];
  thread.stored.effort = text(params["effort"]) ?? thread.stored.effort;
  const { active } = thread;
  if (active !== null) active.steered.push({ text: said, clientId });
  const turn = active?.turn ?? beginTurn(thread, { text: said, clientId }, around.turns);
  return {
    turn: { id: turn.id, items: [], itemsView: "notLoaded", status: "inProgress", error: null },
  };
});

const turnSteer = inThread((thread, params) => {
  const { active } = thread;
  if (active === null || !active.started) return refusal("no active turn to steer");
  const expected = String(params["expectedTurnId"]);
  if (active.turn.id !== expected)
    return refusal(`expected active turn id \`${expected}\` but found \`${active.turn.id}\``);
  active.steered.push({
    text: wordsOf(params["input"]),
    clientId: text(params["clientUserMessageId"]),
  });
  return {};
});

const turnInterrupt = inThread((thread) => {
  const { active } = thread;
  if (active === null || !active.started) return refusal("no active turn to interrupt");
  active.stop.abort();
  return {};
});

const unsubscribe = inThread((thread, _params, client, around) => {
  thread.clients.delete(client);
  unloadLater(thread, around);
  return { status: "unsubscribed" };
});

/** A thread that nobody hears and that does nothing leaves the memory; one without a turn or name is lost at once. */
export const unloadLater = (thread: Thread, around: Surroundings): void => {
  if (thread.clients.size > 0) return;
  const { id } = thread.stored;
  if (!thread.kept) {
    around.threads.delete(id);
    return;
  }
  const unload = (): void => {
    // Unloaded before and loaded anew: that one is another, with its own clients and turn.
    if (around.threads.get(id) !== thread) return;
    if (thread.clients.size > 0 || thread.active !== null) return;
    around.threads.delete(id);
    around.store.unlock(id);
  };
  setTimeout(unload, thread.unloadSeconds * 1000).unref();
};

const itemsList = inThread((thread, params) => {
  const turns = thread.stored.turns.filter(({ id }) =>
    [undefined, null, id].includes(params["turnId"] as string),
  );
  const data = turns.flatMap((turn) => turn.items.map((item) => ({ turnId: turn.id, item })));
  return { data: params["sortDirection"] === "desc" ? data.toReversed() : data, nextCursor: null };
});

const model = (id: string, isDefault = false) => ({
  id,
  displayName: id.toUpperCase(),
  isDefault,
  supportedReasoningEfforts: ["low", "medium", "high"].map((reasoningEffort) => ({
    reasoningEffort,
  })),
  defaultReasoningEffort: "medium",
});

export const METHODS: Readonly<Record<string, Method>> = {
  "thread/start": start,
  "thread/resume": resume,
  "thread/fork": fork,
  "thread/name/set": inThread((thread, params, _client, around) => {
    thread.stored.name = text(params["name"]);
    keep(thread, around.store);
    emit(thread, "thread/name/updated", { threadName: thread.stored.name });
    return {};
  }),
  "thread/read": inThread((thread, _params, _client, around) => ({
    thread: describe(thread, around.store.rollout(thread.stored.id)),
  })),
  "thread/turns/list": inThread((thread, params) =>
    thread.kept ? turnsPage(thread, params, false) : refusal("thread is not materialized yet"),
  ),
  "thread/items/list": itemsList,
  "thread/loaded/list": (_params, _client, around) => ({
    data: [...around.threads.keys()],
    nextCursor: null,
  }),
  "thread/unsubscribe": unsubscribe,
  "thread/backgroundTerminals/clean": inThread((thread, _params, _client, around) => {
    around.turns.shell.clean(thread.stored.id);
    return {};
  }),
  "turn/start": turnStart,
  "turn/steer": turnSteer,
  "turn/interrupt": turnInterrupt,
  "account/read": (_params, _client, around) => around.account(),
  "model/list": () => ({
    data: [model("gpt-5.5", true), model("gpt-6.1-sol")],
    nextCursor: null,
  }),
};
