/** A daemon with a few sessions, each in its own predicament, for tests that run side by side. */
import { noUsage, refuse, type Approval, type Item, type Session } from "@skein/contract";
import { approval, backend, colour, command, id, item, session, turn } from "./fixtures.ts";
import type { Answers } from "./stub-daemon.ts";

const done = turn("fizz");
const failed = turn("broken", {
  outcome: "failed",
  error: {
    kind: "login",
    message: "Not logged in.",
    remedy: "Run claude and log in.",
  },
});

const waiting = (name: string, waitingFor: "approval" | "question") =>
  session(name, {
    status: {
      state: "waiting",
      waitingFor,
      reason: "asks to run a command",
      source: "protocol",
      since: "2026-11-20T10:00:00.000Z",
    },
  });

export const SESSIONS: readonly Session[] = [
  session("fizz-top", { lastTurn: done, turns: 1, description: "the login bug" }),
  waiting("lux-mid", "approval"),
  waiting("ask-er", "question"),
  waiting("two-asks", "approval"),
  session("busy", {
    status: {
      state: "working",
      waitingFor: null,
      reason: "runs npm test",
      source: "protocol",
      since: "2026-11-20T10:00:00.000Z",
    },
    turn: turn("busy", { outcome: null, endedAt: null }),
  }),
  session("broken", { lastTurn: failed }),
  session("evil", { lastTurn: turn("evil"), folder: "/srv/\u001b[31mred", backend: "codex" }),
];

export const EVIL = "hello \u001b]52;c;ZXZpbA==\u0007 \u202egnp.exe \u009b2J";

const APPROVALS: readonly Approval[] = [
  approval("lux-mid", "luxone", command("rm -rf build\u001b[2K\rls")),
  approval("ask-er", "askone", colour, { title: "Which colour?" }),
  approval("two-asks", "twofirst", command("make")),
  approval("two-asks", "twosecond", command("make install")),
];

const ITEMS: readonly Item[] = [
  item(1, { kind: "user", text: "Fix it", how: "queue" }),
  item(2, { kind: "reasoning", text: "Let me see" }),
  item(3, {
    kind: "command",
    command: "npm test",
    folder: null,
    output: "1 failed\n",
    exitCode: 1,
    status: "failed",
  }),
  item(4, {
    kind: "edit",
    changes: [{ path: "a.ts", change: "update", diff: "-old\n+new" }],
    status: "done",
  }),
  item(5, { kind: "message", text: EVIL }),
];

const find = (ref: string): Session => {
  const found = SESSIONS.find((each) => each.id === ref || each.name === ref);
  if (found === undefined)
    throw refuse("session_not_found", `There is no session ${ref}.`, "See them with: skein list");
  return found;
};

const openOf = (ref: string): Approval[] =>
  APPROVALS.filter((each) => each.session === find(ref).id && each.state === "open");

const outcomeOf = ({ name, status }: Session) => {
  if (name === "broken") return "failed" as const;
  if (status.state === "waiting") return "waiting" as const;
  return status.state === "working" ? ("working" as const) : ("done" as const);
};

const sessionAnswers: Answers = {
  "sessions.create": (input) => {
    if (input.name === "taken")
      throw refuse("name_taken", "A session named taken is alive.", "Choose another --name.");
    if (input.folder.endsWith("/missing"))
      throw refuse("folder_not_found", `There is no folder ${input.folder}.`, "Make it first.");
    return { session: session(input.name ?? "jinx-bot", { folder: input.folder }) };
  },
  "sessions.list": ({ state, cursor }) => {
    const chosen = SESSIONS.filter((each) => state?.includes(each.status.state) ?? true);
    // Two pages, whatever the limit: whoever joins pages is seen to do it.
    return cursor === undefined && chosen.length > 1
      ? { sessions: chosen.slice(0, 3), next: "rest" }
      : { sessions: chosen.slice(chosen.length > 1 ? 3 : 0), next: null };
  },
  "sessions.get": (input) => ({ session: find(input.session) }),
  "sessions.send": (input) => {
    if (input.text === "") throw refuse("prompt_empty", "The prompt is empty.", "Say something.");
    if (input.text.includes("\0"))
      throw refuse("prompt_is_binary", "The prompt holds a NUL byte.", "Send text.");
    const found = find(input.session);
    return {
      session: found,
      prompt: found.lastTurn?.prompt ?? id("prm", "none"),
      delivery: "queued",
    };
  },
  "sessions.wait": ({ sessions, prompt }) => {
    const each = sessions.map(find).map((found) => ({
      session: found,
      outcome: outcomeOf(found),
      approvals: openOf(found.id),
      turn: found.lastTurn?.prompt === prompt ? found.lastTurn : null,
    }));
    const first = each.find(({ outcome }) => outcome !== "done")?.outcome ?? "done";
    return { outcome: first === "working" ? "timeout" : first, sessions: each };
  },
  "sessions.interrupt": (input) => ({
    session: find(input.session),
    interrupted: input.session === "busy",
    dropped: 0,
  }),
  "sessions.stop": (input) => ({ session: find(input.session) }),
  "sessions.resume": (input) => ({ session: find(input.session) }),
  "sessions.fork": (input) => ({ session: session(input.name ?? "ahri-mid") }),
  "sessions.rename": (input) => ({
    session: { ...find(input.session), name: input.name ?? input.session },
  }),
  "sessions.items": () => ({ items: [...ITEMS], next: null }),
  "sessions.turns": (input) => {
    const { lastTurn } = find(input.session);
    return { turns: lastTurn === null ? [] : [lastTurn], next: null };
  },
  "sessions.lastMessage": (input) => {
    const { name, lastTurn } = find(input.session);
    const at = "2026-11-20T10:00:04.000Z";
    const text = name === "evil" ? EVIL : "All tests pass.\nDone.";
    return { messages: lastTurn === null ? [] : [{ text, turn: lastTurn.id, at }] };
  },
  "sessions.usage": () => ({
    total: { ...noUsage, inputTokens: 12_345, outputTokens: 67, costUsd: 1.5 },
    sessions: SESSIONS.slice(0, 2).map(({ name, backend: by, id: of }) => ({
      id: of,
      name,
      backend: by,
      turns: 1,
      usage: { ...noUsage, inputTokens: 6_000, outputTokens: 33, costUsd: 0.75 },
    })),
  }),
  "sessions.delete": (input) => ({ session: find(input.session) }),
  "goals.set": (input) => ({ session: find(input.session) }),
  "goals.change": (input) => {
    const found = find(input.session);
    if (found.name === "broken")
      throw refuse("no_goal", "broken has no goal.", "Give it one with `skein goal`.");
    return { session: found };
  },
};

const decisionAnswers: Answers = {
  "approvals.list": ({ session: ref }) => ({
    approvals: ref === undefined ? [...APPROVALS] : openOf(ref),
    next: null,
  }),
  "approvals.get": (input) => {
    const found = APPROVALS.find((each) => each.id === input.approval);
    if (found === undefined)
      throw refuse("approval_not_found", "There is no such approval.", "See: skein approvals");
    return found;
  },
  "approvals.resolve": ({ approval: ref, decision, message, answers }) => {
    const found = APPROVALS.find((each) => each.id === ref);
    if (found === undefined || found.id === id("apr", "twosecond"))
      throw refuse(
        "already_resolved",
        "laptop allowed it a moment ago.",
        "There is nothing left to decide.",
      );
    const at = "2026-11-20T10:00:09.000Z";
    const resolution = {
      decision,
      message: message ?? null,
      answers: answers ?? null,
      by: "local",
      at,
    };
    return { ...found, state: "resolved", resolution };
  },
};

export const token = {
  id: id("tok", "laptop"),
  label: "laptop",
  scopes: ["operator.read" as const],
  sessions: "all" as const,
  createdAt: "2026-11-20T10:00:00.000Z",
  expiresAt: null,
  revokedAt: null,
};

export const worldAnswers: Answers = {
  ...sessionAnswers,
  ...decisionAnswers,
  "backends.list": () => ({ backends: [backend()] }),
  "backends.refresh": () => ({ backends: [backend({ version: "2.2.0" })] }),
  "tokens.create": () => ({ token, secret: "sk-secret" }),
  "tokens.list": () => ({ tokens: [token] }),
  "tokens.revoke": () => ({ token: { ...token, revokedAt: "2026-11-20T10:00:00.000Z" } }),
  "system.loginLink": () => ({
    url: "http://127.0.0.1:8765/login#code",
    expiresAt: "2026-11-20T10:01:00.000Z",
  }),
  "system.status": () => ({
    version: "0.1.0",
    pid: 4242,
    address: "http://127.0.0.1:8765",
    socket: "/srv/run/skein.sock",
    home: "/srv",
    startedAt: "2026-11-20T10:00:00.000Z",
    position: 7,
    sessions: { idle: 2, working: 1 },
    openApprovals: 1,
    watchers: 0,
    memoryBytes: 90_000_000,
    health: [{ part: "store", ok: true, detail: "writable" }],
  }),
  "events.list": () => ({ events: [], next: null, head: 7 }),
};
