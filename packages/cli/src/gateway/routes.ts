/**
 * The routes that dev-sessions' gateway has (its version 0.4.4), each a few calls of operations. Answers have its fields,
 * and the contract's view beside them: `{ok: true, sessionId, session}`. What is refused is `{ok: false, error: Problem}`.
 */
import { LIMITS, refuse, type Input, type Session } from "@skein/contract";
import { allPages } from "@skein/client/light";
import { backendOf } from "../agent.ts";
import { itemText } from "../format/item.ts";
import { makePaint } from "../format/paint.ts";
import type { Ask, ShortRoute } from "./ask.ts";
import { goal, setGoal } from "./goal.ts";
import { countOf, neededText, onlyThese, textOf } from "./shapes.ts";

const MAX_BLOCKS = 100;
const WAIT_SECONDS = 300;

/** dev-sessions' words for a session's state, and ours where it has none. */
const statusOf = ({ status: { state } }: Session): string => {
  if (state === "starting") return "working";
  return state === "waiting" ? "waiting_for_input" : state;
};

const viewOf = async ({ client, fields, signal }: Ask): Promise<Session> => {
  const { session } = await client.call(
    "sessions.get",
    { session: neededText(fields, "id") },
    { signal },
  );
  return session;
};

const create: ShortRoute = async ({ client, fields, signal }) => {
  onlyThese(fields, ["path", "cli", "mode", "model", "description", "name", "host", "permissions"]);
  const mode = textOf(fields, "mode");
  if (mode !== undefined && mode !== "native")
    throw refuse(
      "invalid_input",
      `The mode ${JSON.stringify(mode)} is not known to this route.`,
      "Leave it out, or use the operation sessions.create with container.",
    );
  const optional = ["model", "description", "name", "host", "permissions"].flatMap((name) => {
    const value = textOf(fields, name);
    return value === undefined ? [] : [[name, value]];
  });
  const input = {
    folder: neededText(fields, "path"),
    backend: backendOf(textOf(fields, "cli") ?? "claude"),
    ...Object.fromEntries(optional),
  } as Input<"sessions.create">;
  const { session } = await client.call("sessions.create", input, { signal });
  return { sessionId: session.name, session };
};

const send: ShortRoute = async ({ client, fields, signal }) => {
  onlyThese(fields, ["sessionId", "message", "how", "clientId"]);
  const how = textOf(fields, "how");
  const clientId = textOf(fields, "clientId");
  const input = {
    session: neededText(fields, "sessionId"),
    text: neededText(fields, "message"),
    ...(how === undefined ? {} : { how }),
    ...(clientId === undefined ? {} : { clientId }),
  } as Input<"sessions.send">;
  return client.call("sessions.send", input, { signal });
};

const kill: ShortRoute = ({ client, fields, signal }) => {
  onlyThese(fields, ["sessionId"]);
  return client.call("sessions.delete", { session: neededText(fields, "sessionId") }, { signal });
};

const list: ShortRoute = async ({ client, signal }) => ({
  sessions: await allPages(
    (page) => client.call("sessions.list", page, { signal }),
    (page) => page.sessions,
  ),
});

const status: ShortRoute = async (ask) => {
  const session = await viewOf(ask);
  return { status: statusOf(session), session };
};

const inspect: ShortRoute = async (ask) => ({ session: await viewOf(ask) });

const wait: ShortRoute = async ({ client, fields, signal, now }) => {
  const began = now();
  const seconds = countOf(fields, "timeout", WAIT_SECONDS, LIMITS.waitMs / 1_000);
  const waited = await client.call(
    "sessions.wait",
    { sessions: [neededText(fields, "id")], timeoutMs: seconds * 1_000 },
    { signal },
  );
  const waitResult = {
    completed: waited.outcome === "done",
    timedOut: waited.outcome === "timeout",
    elapsedMs: now() - began,
  };
  return { waitResult, ...waited };
};

const lastMessage: ShortRoute = async ({ client, fields, signal }) => {
  const { messages } = await client.call(
    "sessions.lastMessage",
    { session: neededText(fields, "id"), count: countOf(fields, "n", 1, MAX_BLOCKS) },
    { signal },
  );
  return { blocks: messages.map(({ text }) => text), messages };
};

const logs: ShortRoute = async ({ client, fields, signal }) => {
  const session = neededText(fields, "id");
  const items = await allPages(
    (page) => client.call("sessions.items", { session, from: "start", ...page }, { signal }),
    (page) => page.items,
  );
  const plain = makePaint(false);
  return { logs: items.map((item) => itemText(item, plain)).join("\n\n"), items };
};

const approvals: ShortRoute = async ({ client, fields, signal }) => {
  const session = textOf(fields, "id");
  return {
    approvals: await allPages(
      (page) =>
        client.call(
          "approvals.list",
          { ...page, ...(session === undefined ? {} : { session }) },
          {
            signal,
          },
        ),
      (page) => page.approvals,
    ),
  };
};

/** An approval by its id, or the one that a session waits for. */
const approvalOf = async ({ client, fields, signal }: Ask): Promise<string> => {
  const named = textOf(fields, "approval");
  if (named !== undefined) return named;
  const session = neededText(fields, "sessionId");
  const page = await client.call("approvals.list", { session }, { signal });
  const [first, second] = page.approvals;
  if (first === undefined)
    throw refuse(
      "approval_not_found",
      `${session} waits for no decision.`,
      "See GET /status for what it does.",
    );
  if (second !== undefined)
    throw refuse(
      "invalid_input",
      `${session} waits for ${page.approvals.length} decisions.`,
      "Name one of GET /approvals as approval.",
    );
  return first.id;
};

const respond: ShortRoute = async (ask) => {
  const { client, fields, signal } = ask;
  onlyThese(fields, ["sessionId", "approval", "decision", "message", "answers"]);
  const message = textOf(fields, "message");
  const answers = fields["answers"];
  const input = {
    approval: await approvalOf(ask),
    decision: neededText(fields, "decision"),
    ...(message === undefined ? {} : { message }),
    ...(answers === undefined ? {} : { answers }),
  } as Input<"approvals.resolve">;
  return { approval: await client.call("approvals.resolve", input, { signal }) };
};

export const SHORT_ROUTES: Readonly<Record<string, ShortRoute>> = {
  "POST /create": create,
  "POST /send": send,
  "POST /kill": kill,
  "POST /respond": respond,
  "POST /goal": setGoal,
  "GET /list": list,
  "GET /status": status,
  "GET /wait": wait,
  "GET /last-message": lastMessage,
  "GET /logs": logs,
  "GET /inspect": inspect,
  "GET /approvals": approvals,
  "GET /goal": goal,
};
