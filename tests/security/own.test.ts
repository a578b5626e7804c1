/** A token for its own sessions: whatever it asks, in whatever way, there are no others. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  OWN_OPERATIONS,
  operationNames,
  operations,
  type Operation,
  type OperationName,
} from "@skein/contract";
import { fakeClaudeBackend } from "../daemon/fixtures.ts";
import { boot, type Whole } from "./whole.ts";
import { dial, dialIn, type Frame, type Wire } from "./wire.ts";

const SECRET = "PONG-of-somebody-else";
const GROUP = "their-group";
const NOBODY = "ses_00000000000000000000000000";

type Theirs = { readonly id: string; readonly name: string; readonly approval: string };

let place: string;
let house: Whole;
let theirs: Theirs;
let token: { readonly id: string; readonly secret: string };
let wire: Wire;

type Made = { readonly session: { readonly id: string } };

const create = async (name: string, by: Wire | null, more: object = {}): Promise<string> => {
  const params = { folder: place, name, ...more };
  const made: unknown =
    by === null
      ? await house.local("POST", "/api/sessions", params)
      : (await by.call("sessions.create", params)).payload;
  return (made as Made).session.id;
};

const send = (session: string, text: string) =>
  house.local("POST", `/api/sessions/${session}/send`, { text });

const waited = async (session: string): Promise<string> => {
  const answer = await house.local("GET", `/api/wait?sessions=${session}&timeoutMs=20000`);
  return String(answer["outcome"]);
};

const until = async (session: string, wanted: string): Promise<void> => {
  const outcome = await waited(session);
  if (outcome !== wanted) throw new Error(`it came to ${outcome}, not ${wanted}`);
};

const eventsOf = async (session: string): Promise<unknown> =>
  (await house.local("GET", `/api/events?session=${session}&limit=500`))["events"];

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "skein-"));
  const home = join(place, "home");
  await mkdir(home, { mode: 0o700 });
  const claude = await fakeClaudeBackend(place);
  await writeFile(
    join(home, "config.json5"),
    JSON.stringify({ backends: { "claude-code": claude } }),
  );
  house = await boot(home, 0);
  token = await house.token(["operator.write", "operator.approvals"], "sandbox", "own");
  const id = await create("their-secret", null, { group: GROUP });
  await send(id, SECRET);
  await until(id, "done");
  await send(id, "RUN touch nothing");
  await until(id, "waiting");
  const { approvals } = (await house.local("GET", "/api/approvals")) as unknown as {
    approvals: { id: string }[];
  };
  theirs = { id, name: "their-secret", approval: approvals[0]?.id ?? "" };
  wire = await dialIn(house.port, token.secret);
});
afterAll(async () => {
  const { sessions } = (await house.local("GET", "/api/sessions")) as unknown as {
    sessions: { id: string }[];
  };
  for (const { id } of sessions) await house.local("DELETE", `/api/sessions/${id}`);
  await house.stop();
  await rm(place, { recursive: true, force: true });
});

/** Each input that names something of theirs, and one that names nothing where that can be. */
const inputsOf = ({ input, example }: Operation): readonly Record<string, unknown>[] => {
  const keys = Object.keys((input as unknown as { shape: object }).shape);
  const base = Object.fromEntries(
    Object.entries(example as object).filter(([key]) => !/^(session|parent)s?$/.test(key)),
  ) as Record<string, unknown>;
  // Where it names nothing of theirs, the folder of the example is not there: nothing is created.
  const at = "folder" in base ? { folder: place } : {};
  const names = [theirs.id, theirs.name];
  const named = keys.flatMap((key): Record<string, unknown>[] => {
    if (key === "session" || key === "parent")
      return names.map((ref) => ({ ...base, ...at, [key]: ref }));
    if (key === "sessions") return names.map((ref) => ({ ...base, [key]: [ref], timeoutMs: 0 }));
    if (key === "group") return [{ ...base, group: GROUP }];
    return key === "approval" ? [{ ...base, approval: theirs.approval }] : [];
  });
  return input.safeParse(base).success ? [...named, base] : named;
};

const traces = (text: string): string[] =>
  [theirs.id, theirs.approval, SECRET].filter((trace) => text.includes(trace));

/** An answer as it would be about what does not exist. */
const aboutNobody = (frame: Frame): string =>
  [theirs.id, theirs.name, theirs.approval].reduce(
    (text, trace) => text.replaceAll(trace, NOBODY),
    JSON.stringify(frame.error),
  );

const NAMING = ["session", "sessions", "parent", "approval"];

/** Refused where it may not be called; not found where it names theirs; and without a trace of them in any case. */
const isWalled = (name: OperationName, input: object, answer: Frame): boolean => {
  const code = String(answer.error?.details?.["code"]);
  if (!OWN_OPERATIONS.has(name)) return code === "forbidden" || code === "MISSING_SCOPE";
  const said = answer.ok === true ? JSON.stringify(answer.payload) : aboutNobody(answer);
  const isNamed = NAMING.some((key) => key in input);
  return traces(said).length === 0 && (!isNamed || /^(session|approval)_not_found$/.test(code));
};

describe("every operation of the contract", () => {
  const called = operationNames.filter((name) => name !== "events.watch");

  test.each(called)("%s refuses, or knows of its own sessions only", async (name) => {
    const before = await eventsOf(theirs.id);
    const odd: unknown[] = [];
    for (const input of inputsOf(operations[name])) {
      const answer = await wire.call(name, input);
      if (!isWalled(name, input, answer)) odd.push([input, answer]);
    }
    expect(odd).toEqual([]);
    expect(await eventsOf(theirs.id)).toEqual(before);
  });

  test.each(["sessions.get", "sessions.send", "events.append", "sessions.delete"] as const)(
    "%s says the same of theirs as of what is not there",
    async (name: OperationName) => {
      const { example } = operations[name];
      const of = async (session: string) =>
        aboutNobody(await wire.call(name, { ...example, session }));
      expect(await of(theirs.id)).toBe(await of(NOBODY));
    },
  );

  test("not those that it may not call, whatever its scopes are", async () => {
    const refused = operationNames.filter((name) => !OWN_OPERATIONS.has(name));
    expect(refused).toEqual(
      expect.arrayContaining(["tokens.create", "tokens.list", "system.stop", "backends.refresh"]),
    );
  });
});

describe("what it created", () => {
  let own: string;
  beforeAll(async () => {
    own = await create("own-one", wire);
    await send(own, "RUN touch nothing-either");
    await until(own, "waiting");
  });

  test("is all that it lists, counts and adds up", async () => {
    const ids = async (name: OperationName, input: object, key: string): Promise<string[]> => {
      const list = (await wire.call(name, input)).payload?.[key] as Record<string, string>[];
      return list.map((one) => String(one["stream"] ?? one["session"] ?? one["id"]));
    };
    expect(await ids("sessions.list", {}, "sessions")).toEqual([own]);
    expect(await ids("approvals.list", { all: true }, "approvals")).toEqual([own]);
    expect(await ids("sessions.usage", {}, "sessions")).toEqual([own]);
    expect(new Set(await ids("events.list", { limit: 500 }, "events"))).toEqual(new Set([own]));
    expect((await wire.call("system.status", {})).payload).toMatchObject({
      sessions: { waiting: 1 },
      openApprovals: 1,
    });
  });

  test("is paged through without a gap, in order", async () => {
    const seqs: number[] = [];
    let after: number | null = 0;
    for (let pages = 0; after !== null && pages < 100; pages += 1) {
      const page = (await wire.call("events.list", { after, limit: 2 })).payload as {
        events: { seq: number }[];
        next: string | null;
      };
      seqs.push(...page.events.map(({ seq }) => seq));
      after = page.next === null ? null : Number(page.next);
    }
    const all = (await eventsOf(own)) as { seq: number }[];
    expect(seqs).toEqual(all.map(({ seq }) => seq));
  });

  test("is its to decide, to end and to look back on", async () => {
    const { approvals } = (await wire.call("approvals.list", {})).payload as {
      approvals: { id: string }[];
    };
    const decided = await wire.call("approvals.resolve", {
      approval: approvals[0]?.id,
      decision: "deny",
    });
    expect(decided.ok).toBe(true);
    expect(await waited(own)).toBe("done");
    expect((await wire.call("sessions.fork", { session: own, name: "own-fork" })).ok).toBe(true);
    const killed = await wire.call("sessions.delete", { session: "own-fork" });
    expect(killed.ok).toBe(true);
    const { id } = (killed.payload as { session: { id: string } }).session;
    expect((await wire.call("sessions.get", { session: id })).ok).toBe(true);
  });

  test("is nothing to another such token, and all to whoever may see all", async () => {
    const other = await house.token(["operator.write"], "sandbox", "own");
    const elsewhere = await dialIn(house.port, other.secret);
    expect((await elsewhere.call("sessions.list", {})).payload?.["sessions"]).toEqual([]);
    const answer = await elsewhere.call("sessions.get", { session: own });
    expect(answer.error?.details?.["code"]).toBe("session_not_found");
    elsewhere.close();
    const { session } = (await house.local("GET", "/api/sessions/own-one")) as unknown as {
      session: { id: string };
    };
    expect(session.id).toBe(own);
  });
});

describe("a watch", () => {
  const streamsOf = (frames: readonly Frame[]): string[] =>
    frames.flatMap(({ payload }) => {
      const {
        events = [],
        deltas = [],
        sessions = [],
        approvals = [],
      } = (payload ?? {}) as Record<string, Record<string, string>[]>;
      return [
        ...events.map((one) => one["stream"] ?? ""),
        ...[...deltas, ...approvals].map((one) => one["session"] ?? ""),
        ...sessions.map((one) => one["id"] ?? ""),
      ];
    });

  test.each([
    ["from now on", {}],
    ["from the beginning", { after: 0 }],
  ])("%s shows its own, those that come later too, and nothing else", async (_title, input) => {
    const watcher = await dialIn(house.port, token.secret);
    expect((await watcher.call("events.watch", input)).ok).toBe(true);
    await watcher.frame(({ payload }) => payload?.["frame"] === "caught-up");
    const name = `later-${"after" in input ? "two" : "one"}`;
    const other = await create(`not-${name}`, null);
    await send(other, "PONG");
    expect(await waited(other)).toBe("done");
    const later = await create(name, wire);
    await send(later, "PONG");
    expect(await waited(later)).toBe("done");
    await watcher.frame((frame) => JSON.stringify(frame).includes('"session.turn.ended"'));
    const streams = new Set(streamsOf(watcher.frames));
    expect(streams).toContain(later);
    const { sessions } = (await wire.call("sessions.list", {})).payload as {
      sessions: { id: string }[];
    };
    const { sessions: gone } = (await wire.call("sessions.list", { deleted: true })).payload as {
      sessions: { id: string }[];
    };
    const own = new Set([...sessions, ...gone].map(({ id }) => id));
    expect([...streams].filter((stream) => !own.has(stream))).toEqual([]);
    expect(traces(JSON.stringify(watcher.frames))).toEqual([]);
    watcher.close();
  });

  test("of another's session is refused, on the socket and as server-sent events", async () => {
    for (const ref of [theirs.id, theirs.name]) {
      const answer = await wire.call("events.watch", { filter: { sessions: [ref] } });
      expect(answer.error?.details?.["code"]).toBe("session_not_found");
      const filter = encodeURIComponent(JSON.stringify({ sessions: [ref] }));
      const sse = await house.ask({
        path: `/api/events/watch?filter=${filter}`,
        token: token.secret,
      });
      expect([sse.status, sse.json().error?.code]).toEqual([404, "session_not_found"]);
    }
  });
});

test("without operator.approvals it has nothing done unasked", async () => {
  const { secret } = await house.token(["operator.write"], "sandbox", "own");
  const writer = await dialIn(house.port, secret);
  for (const more of [
    { permissions: "full" },
    // Its holder chooses the folder, and could choose whichever the host has.
    { permissions: "workspace" },
    { backend: "terminal", program: { argv: ["/bin/true"] } },
  ]) {
    const answer = await writer.call("sessions.create", { folder: place, ...more });
    expect(answer.error?.details?.["code"]).toBe("forbidden");
  }
  expect((await writer.call("sessions.create", { folder: place })).ok).toBe(true);
  writer.close();
});

test("a host that is none tells it no other's name", async () => {
  const refused = await wire.call("sessions.create", { folder: place, host: "elsewhere" });
  expect(refused.error?.details?.["code"]).toBe("host_unknown");
  expect(JSON.stringify(refused.error)).not.toContain("Known");
});

test("it gets no terminal, whosever it is", async () => {
  const headers = { authorization: `Bearer ${token.secret}` };
  for (const path of [
    "terminals/trm_00000000000000000000000000",
    `sessions/${theirs.id}/terminal`,
    `sessions/${await create("own-terminal", wire)}/terminal`,
  ])
    expect(await dial(house.port, { path: `/api/${path}`, headers })).toBe(403);
});

test("it cannot be made to be more than it is", async () => {
  const answer = await house.ask({
    method: "POST",
    path: "/api/tokens",
    unix: true,
    body: JSON.stringify({ label: "x", scopes: ["operator.admin"], sessions: "own" }),
  });
  expect([answer.status, answer.json().error?.code]).toEqual([400, "invalid_input"]);
  // What comes through the unix socket with a token has the token's rights.
  const { status } = await house.ask({
    path: `/api/sessions/${theirs.id}`,
    unix: true,
    token: token.secret,
  });
  expect(status).toBe(404);
  const { tokens } = (await house.local("GET", "/api/tokens")) as unknown as {
    tokens: { id: string; sessions: string }[];
  };
  expect(tokens.find(({ id }) => id === token.id)?.sessions).toBe("own");
});
