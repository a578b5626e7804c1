/** The agent itself: what it is, its sessions, and the lines on stdin. */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { answersTo } from "./misbehave.ts";
import { makeStore, type Store } from "./store.ts";
import { runTurn, type Answer } from "./turn.ts";
import { fail, makeAsking, object, say, writeWhole, type Asking, type Json } from "./wire.ts";

type Env = Readonly<Record<string, string | undefined>>;

type Session = {
  readonly id: string;
  readonly folder: string;
  readonly allowed: Set<string>;
  model: string;
  effort: string;
  mode: string;
  turns: readonly string[];
  running: AbortController | null;
};

const costUsd = 0.0065375;
const models = ["fake-large", "fake-small"];
const efforts = ["low", "high"];
const modes = ["ask", "plan"];

const select = (id: string, category: string, now: string, values: readonly string[]): Json => ({
  id,
  name: id,
  category,
  type: "select",
  currentValue: now,
  options: values.map((value) => ({ value, name: value })),
});

const optionsOf = (session: Session): Json => ({
  configOptions: [
    select("mode", "mode", session.mode, modes),
    select("model", "model", session.model, models),
    select("effort", "thought_level", session.effort, efforts),
  ],
});

const initialized = (env: Env): Json => {
  const can = (env["FAKE_ACP_CAN"] ?? "load,fork").split(",");
  const offered = ["resume", "fork", "list"].filter((one) => can.includes(one));
  return {
    protocolVersion: env["FAKE_ACP_START"] === "version" ? 7 : 1,
    agentInfo: { name: "fake-acp", title: "Scripted agent", version: "1.2.3" },
    agentCapabilities: {
      loadSession: can.includes("load"),
      sessionCapabilities: Object.fromEntries(offered.map((one) => [one, {}])),
    },
    authMethods: [],
  };
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const textOf = (prompt: unknown): string =>
  (Array.isArray(prompt) ? prompt : []).map((part) => text(object(part)["text"])).join("\n");

type House = {
  readonly env: Env;
  readonly store: Store;
  readonly asking: Asking;
  readonly sessions: Map<string, Session>;
  requests: number;
};

const update = (session: string, body: Json): void =>
  say({ method: "session/update", params: { sessionId: session, update: body } });

const open = (house: House, id: string, params: Json, turns: readonly string[]): Session => {
  const stored = house.store.read(id);
  const session: Session = {
    id,
    folder: String(params["cwd"]),
    allowed: new Set(),
    model: stored?.model ?? "fake-large",
    effort: stored?.effort ?? "low",
    mode: "ask",
    turns,
    running: null,
  };
  house.sessions.set(id, session);
  return session;
};

const chunk = (kind: string, text: string): Json => ({
  sessionUpdate: kind,
  content: { type: "text", text },
});

/** An old conversation, told once more when it is loaded. */
const reopen = (house: House, id: unknown, params: Json, tells: boolean): void => {
  const stored = house.store.read(String(params["sessionId"]));
  if (stored === null) return fail(id, -32602, `Session not found: ${String(params["sessionId"])}`);
  const session = open(house, stored.id, params, stored.turns);
  for (const turn of tells ? stored.turns : []) {
    update(stored.id, chunk("user_message_chunk", turn));
    update(stored.id, chunk("agent_message_chunk", "an old answer"));
  }
  say({ id, result: optionsOf(session) });
};

const forkOf = (house: House, id: unknown, params: Json): void => {
  const stored = house.store.read(String(params["sessionId"]));
  if (stored === null) return fail(id, -32602, "Session not found");
  const session = open(house, randomUUID(), params, stored.turns);
  say({ id, result: { sessionId: session.id, ...optionsOf(session) } });
};

const record = (house: House, session: Session, ended: number): void => {
  const { id, model, effort, turns } = session;
  house.store.write({ id, model, effort, turns, ended });
};

const answerPrompt = (house: House, session: Session, id: unknown, answer: Answer): void => {
  session.running = null;
  record(house, session, session.turns.length);
  const cost = { amount: house.requests * costUsd, currency: "USD" };
  update(session.id, { sessionUpdate: "usage_update", used: 1280, size: 200_000, cost });
  for (let times = answersTo(session.turns.at(-1) ?? ""); times > 0; times -= 1)
    say({ id, ...answer });
};

const prompt = async (house: House, id: unknown, params: Json): Promise<void> => {
  const session = house.sessions.get(String(params["sessionId"]));
  if (session === undefined) return fail(id, -32602, "Session not found");
  if (session.running !== null) return fail(id, -32600, "A prompt is in flight.");
  const text = textOf(params["prompt"]);
  const running = new AbortController();
  session.running = running;
  session.turns = [...session.turns, text];
  record(house, session, session.turns.length - 1);
  const answer = await runTurn({
    place: {
      session: session.id,
      folder: session.folder,
      asking: house.asking,
      allowed: session.allowed,
      update: (body, of = session.id) => update(of, body),
    },
    model: session.model,
    prompt: text,
    turns: session.turns,
    signal: running.signal,
    request: () => {
      house.requests += 1;
    },
  });
  answerPrompt(house, session, id, answer);
};

const setOption = (house: House, id: unknown, params: Json): void => {
  const session = house.sessions.get(String(params["sessionId"]));
  const value = String(params["value"]);
  const known: Json = { mode: modes, model: models, effort: efforts };
  const values = known[String(params["configId"])];
  if (session === undefined || !Array.isArray(values) || !values.includes(value))
    return fail(id, -32602, `Invalid value: ${value}`);
  if (params["configId"] === "model") session.model = value;
  if (params["configId"] === "effort") session.effort = value;
  if (params["configId"] === "mode") session.mode = value;
  say({ id, result: optionsOf(session) });
};

const newSession = (house: House, id: unknown, params: Json): void => {
  const start = house.env["FAKE_ACP_START"];
  if (start === "login") return fail(id, -32000, "Authentication required");
  if (start === "refuses")
    return fail(id, -32603, "Internal error", { details: "no sessions today" });
  const session = open(house, randomUUID(), params, []);
  say({ id, result: { sessionId: session.id, ...optionsOf(session) } });
};

const take = (house: House, message: Json): void => {
  const { id, method } = message;
  const params = object(message["params"]);
  switch (method) {
    case undefined:
      return house.asking.answered(message);
    case "initialize":
      if (house.env["FAKE_ACP_START"] === "silent") return;
      if (house.env["FAKE_ACP_START"] === "dies") process.exit(4);
      return say({ id, result: initialized(house.env) });
    case "session/new":
      return newSession(house, id, params);
    case "session/load":
      return reopen(house, id, params, true);
    case "session/resume":
      return reopen(house, id, params, false);
    case "session/fork":
      return forkOf(house, id, params);
    case "session/set_config_option":
      return setOption(house, id, params);
    case "session/prompt":
      return void prompt(house, id, params);
    case "session/cancel":
      return house.sessions.get(String(params["sessionId"]))?.running?.abort();
    default:
      if (id !== undefined) fail(id, -32601, `Method not found: ${String(method)}`);
  }
};

export const main = (env: Env): void => {
  const house: House = {
    env,
    store: makeStore(env),
    asking: makeAsking(),
    sessions: new Map(),
    requests: 0,
  };
  if (env["FAKE_ACP_START"] === "garbage") writeWhole("Welcome! This is not the protocol.\n");
  process.once("SIGTERM", () => process.exit(143));
  createInterface({ input: process.stdin, crlfDelay: Infinity })
    .on("line", (line) => {
      if (line.trim() === "") return;
      let message: Json;
      try {
        message = object(JSON.parse(line));
      } catch {
        process.stderr.write("Failed to parse a message.\n");
        return;
      }
      take(house, message);
    })
    .once("close", () => process.exit(0));
};
