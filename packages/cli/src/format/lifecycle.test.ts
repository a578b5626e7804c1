import type { EventData, EventTypeName, SkeinEvent } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { makeLifecycle } from "./lifecycle.ts";
import { entriesOf } from "./transcript.ts";

type Partly<T extends EventTypeName> = { readonly type: T; readonly data: Partial<EventData<T>> };
const said = <T extends EventTypeName>(type: T, data: Partial<EventData<T>>): Partly<T> => ({
  type,
  data,
});

let position = 0;
const event = ({ type, data }: Partly<EventTypeName>): SkeinEvent => ({
  position: ++position,
  stream: "ses_1",
  seq: position,
  at: "2026-11-20T10:00:00.000Z",
  type,
  data,
});

const lines = (...events: readonly Partly<EventTypeName>[]): string[] => {
  const tell = makeLifecycle();
  return events.flatMap((one) => tell(event(one))?.text ?? []);
};

const status = (state: string, over: object = {}) =>
  said("session.status", {
    state: state as "idle",
    waitingFor: null,
    reason: "ready for a prompt",
    source: "protocol",
    since: "2026-11-20T10:00:00.000Z",
    ...over,
  });
const ready = said("session.process.started", { generation: 1, pid: 7, model: "opus" });
const ended = (over: Partial<EventData<"session.process.ended">>) =>
  said("session.process.ended", {
    generation: 1,
    exitCode: null,
    signal: null,
    reason: "",
    ...over,
  });

describe("what became of a session", () => {
  test("a start, and an agent that is ready", () => {
    expect(lines(said("session.process.starting", { generation: 1, how: "new" }), ready)).toEqual([
      "the agent starts",
      "the agent is ready (life 1, pid 7, opus)",
    ]);
  });

  test("a failed start is none that died", () => {
    const failed = ended({ exitCode: 1, reason: "It is not logged in." });
    expect(lines(failed)).toEqual([
      "the agent could not be started (exit code 1): It is not logged in.",
    ]);
    expect(lines(ready, failed)[1]).toBe("the agent died (exit code 1): It is not logged in.");
  });

  test("an idle stop, and an end that was wanted", () => {
    const stopping = said("session.process.stopping", { generation: 1, why: "idle" });
    expect(lines(stopping, ended({ expected: true, signal: "SIGTERM" }))).toEqual([
      "the agent is being stopped: it was idle",
      "the agent has ended (SIGTERM)",
    ]);
  });

  test("a restart", () => {
    expect(lines(said("session.process.starting", { generation: 3, how: "resume" }))).toEqual([
      "the agent starts again (life 3, resume)",
    ]);
  });

  test("out of reach, once, and back", () => {
    const away = status("working", { source: "process", reason: "unreachable: the link is cut" });
    expect(lines(status("working"), away, away, status("working"), status("idle"))).toEqual([
      "unreachable: the link is cut",
      "reachable again: ready for a prompt",
    ]);
  });

  test("what a person asks of one out of reach does not bring it back", () => {
    const away = status("idle", { source: "process", reason: "unreachable: cut" });
    expect(lines(away, status("working", { source: "command" }), status("idle"))).toHaveLength(2);
  });

  test("silence, a login, a limit", () => {
    expect(
      lines(
        status("working", { source: "tick", reason: "no word from the agent for 120 s" }),
        status("waiting", { waitingFor: "login", reason: "Not logged in." }),
        status("waiting", { waitingFor: "approval", reason: "Run: ls" }),
      ),
    ).toEqual(["no word from the agent for 120 s", "waits for login: Not logged in."]);
  });

  test("an approval with its decision, under its title", () => {
    const approval = { id: "apr_1", title: "Run: make", request: { kind: "command" } } as never;
    const by = { by: "laptop", message: "not now", decision: "deny" } as never;
    expect(
      lines(
        said("approval.requested", { approval }),
        said("approval.resolved", { approval: "apr_1", resolution: by }),
        said("approval.expired", { approval: "apr_1", reason: "its turn ended" }),
        said("approval.resolved", { approval: "apr_0", resolution: by }),
      ),
    ).toEqual([
      "asks (command): Run: make",
      "deny by laptop, not now: Run: make",
      "no longer asked (its turn ended): Run: make",
      "deny by laptop, not now: an approval",
    ]);
  });

  test("a goal from its beginning to its end", () => {
    const goal = (state: string, reason = "") =>
      said("session.goal", {
        by: "me",
        goal: { text: "Tests pass", state, reason, setAt: "now" } as never,
      });
    expect(
      lines(
        goal("active"),
        goal("paused", "stopped"),
        goal("active"),
        goal("complete", "so it says"),
      ),
    ).toEqual([
      "a goal was set by me: Tests pass",
      "the goal is paused: stopped",
      "the goal was resumed by me",
      "the goal is complete: so it says",
    ]);
  });

  test("events that say nothing to a person, or that this version does not know", () => {
    const tell = makeLifecycle();
    expect(tell({ ...event(ready), type: "session.provider" })).toBeNull();
    expect(tell({ ...event(ready), type: "session.tomorrow" })).toBeNull();
  });
});

describe("a transcript", () => {
  const item = (id: string, text: string) => ({
    id,
    turn: null,
    order: 1,
    at: "2026-11-20T10:00:00.000Z",
    truncated: false,
    body: { kind: "message" as const, text },
  });
  const words = (events: readonly Partly<EventTypeName>[], ids: readonly string[]) =>
    entriesOf(
      ids.map((id) => item(id, `${id} now`)),
      events.map(event),
    ).map((entry) =>
      "line" in entry
        ? entry.line.text
        : entry.item.body.kind === "message" && entry.item.body.text,
    );

  test("has each item once, as it is now, where it first appeared", () => {
    const told = (id: string) => said("session.item", { item: item(id, "before") });
    expect(
      words([told("a"), ready, told("b"), told("a"), ended({ expected: true })], ["a", "b"]),
    ).toEqual([
      "a now",
      "the agent is ready (life 1, pid 7, opus)",
      "b now",
      "the agent has ended",
    ]);
  });

  test("ends with items that came while it was read", () => {
    expect(words([ready], ["late"])[1]).toBe("late now");
  });
});
