import { describe, expect, test } from "vitest";
import { makeEngine, type Engine } from "./engine.ts";
import { makeIds } from "./ids.ts";
import { storeFailure, type Store, type StoredEvent } from "./ports.ts";
import { sessionKind } from "./session-kind.ts";
import { makeMemoryStore } from "./testkit/memory-store.ts";
import type { Effect, SessionInput, SessionState } from "@skein/core";

const id = makeIds(() => 1_700_000_000_000);

const setUp = () => {
  const store = makeMemoryStore();
  const published: StoredEvent[] = [];
  const offered: Effect[] = [];
  const fatal: unknown[] = [];
  const engine = makeEngine({
    store: store as unknown as Store,
    publish: (events) => published.push(...events),
    effects: (effects) => offered.push(...effects),
    now: () => 1_700_000_000_000,
    id,
    failpoint: () => {},
    fatal: (error) => fatal.push(error),
  });
  return { store, published, offered, fatal, engine };
};

const creation = (
  session: string,
  name: string | null = null,
  names: string[] = ["fizz-top"],
): SessionInput => ({
  type: "create",
  id: session,
  backend: "claude-code",
  host: "local",
  folder: "/tmp",
  interface: "protocol",
  program: null,
  container: null,
  group: null,
  name,
  names,
  model: null,
  effort: null,
  permissions: "guarded",
  description: null,
  tags: [],
  parent: null,
  token: null,
  adopt: null,
  fork: null,
});

const create = (engine: Engine, session: string, name: string | null = null) =>
  engine.dispatch(sessionKind, session, creation(session, name), {
    actor: "test",
    names: [name ?? "fizz-top"],
    answer: (state: SessionState) => state.view,
  });

const rename = (engine: Engine, session: string, tags: string[]) =>
  engine.dispatch(
    sessionKind,
    session,
    { type: "rename", name: null, description: undefined, tags },
    { actor: "test", answer: (state: SessionState) => state.view.tags },
  );

const tell = (engine: Engine, session: string, ...clientIds: string[]) =>
  engine.append(
    sessionKind,
    session,
    clientIds.map((clientId) => ({ type: "note", data: { clientId }, clientId })),
    (events): SessionInput => ({ type: "report", events }),
    "test",
  );

describe("a dispatched input", () => {
  test("is answered after its commit and its publication, never before", async () => {
    const { engine, store, published } = setUp();
    const release = store.hold();
    const session = id("ses");
    let answered = false;
    const answer = create(engine, session).then((view) => {
      answered = true;
      return view;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([answered, published.length]).toEqual([false, 0]);
    release();
    expect((await answer).name).toBe("fizz-top");
    expect(published.map((event) => event.type)).toContain("session.created");
  });

  test("hands its effects over only after the commit", async () => {
    const { engine, store, offered } = setUp();
    const release = store.hold();
    const answer = create(engine, id("ses"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(offered).toEqual([]);
    release();
    await answer;
    expect(offered.map((effect) => effect.kind)).toEqual(["agent.start"]);
  });

  test("is refused with the decision's own problem, and leaves nothing", async () => {
    const { engine, store } = setUp();
    await expect(rename(engine, id("ses"), ["a"])).rejects.toMatchObject({
      problem: { code: "session_not_found" },
    });
    expect(store.batches).toEqual([]);
  });

  test("is decided on what the one before decided, though neither is on the disk", async () => {
    const { engine, store } = setUp();
    const session = id("ses");
    await create(engine, session);
    const before = store.batches.length;
    const release = store.hold();
    const both = Promise.all([
      rename(engine, session, ["first"]),
      rename(engine, session, ["second"]),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await both).toEqual([["first"], ["second"]]);
    expect(store.batches.length - before).toBe(1);
  });
});

describe("a commit", () => {
  test("joins what became ready in one turn of the loop, with dense seqs and positions", async () => {
    const { engine, store, published } = setUp();
    const session = id("ses");
    await create(engine, session);
    const before = published.length;
    await Promise.all(Array.from({ length: 64 }, (_, index) => tell(engine, session, `c${index}`)));
    expect(store.batches.at(-1)?.events).toHaveLength(64);
    expect(published.slice(before).map((event) => event.seq)).toEqual(
      Array.from({ length: 64 }, (_, index) => before + 1 + index),
    );
    expect(published.map((event) => event.position)).toEqual(
      published.map((_, index) => index + 1),
    );
  });

  test("that fails for want of space answers every one of it with storage_full, keeps nothing, and the next succeeds", async () => {
    const { engine, store, published, fatal } = setUp();
    const session = id("ses");
    await create(engine, session);
    const head = published.length;
    store.failNext(storeFailure("no space", { kind: "full" }));
    const results = await Promise.allSettled([
      tell(engine, session, "a"),
      tell(engine, session, "b"),
    ]);
    expect(
      results.map((one) => (one.status === "rejected" ? one.reason.problem.code : one.status)),
    ).toEqual(["storage_full", "storage_full"]);
    expect(await tell(engine, session, "a")).toEqual([
      { clientId: "a", seq: head + 1, repeated: false },
    ]);
    expect(fatal).toEqual([]);
  });

  test("that fails with a broken disk ends the daemon and acknowledges nothing", async () => {
    const { engine, store, fatal } = setUp();
    store.failNext(storeFailure("EIO", { kind: "broken", fatal: true }));
    await expect(create(engine, id("ses"))).rejects.toMatchObject({
      problem: { code: "storage_failed" },
    });
    expect(fatal).toHaveLength(1);
  });
});

describe("an appended fact", () => {
  test("told again gets its first seq, in the same call, in flight and later", async () => {
    const { engine } = setUp();
    const session = id("ses");
    await create(engine, session);
    const [first, same] = await tell(engine, session, "x", "x");
    expect(same).toEqual({ ...first, repeated: true });
    const [flying, again] = await Promise.all([
      tell(engine, session, "y"),
      tell(engine, session, "y"),
    ]);
    expect(again).toEqual([{ ...flying[0], repeated: true }]);
    expect(await tell(engine, session, "x")).toEqual([{ ...first, repeated: true }]);
  });
});

test("a fact larger than its limit is refused, and the lane goes on as if it had not come", async () => {
  const { engine } = setUp();
  const session = id("ses");
  await create(engine, session);
  const [before] = await tell(engine, session, "a");
  const large = { type: "note", data: "x".repeat(70_000), clientId: "large" };
  const told = engine.append(
    sessionKind,
    session,
    [large],
    (events): SessionInput => ({ type: "report", events }),
    "test",
  );
  await expect(told).rejects.toMatchObject({ problem: { code: "payload_too_large" } });
  expect(await tell(engine, session, "b")).toEqual([
    { clientId: "b", seq: before!.seq + 1, repeated: false },
  ]);
});

describe("a fact that the disk has already", () => {
  test("gets its first seq, and what is committed with it is neither lost nor done twice", async () => {
    const { engine, published, fatal } = setUp();
    const [one, other] = [id("ses"), id("ses")];
    await create(engine, one, "one");
    await create(engine, other, "other");
    const [first] = await tell(engine, one, "x");
    const before = published.length;
    const [repeated, fresh, tags, elsewhere] = await Promise.all([
      tell(engine, one, "x"),
      tell(engine, one, "y"),
      rename(engine, one, ["kept"]),
      tell(engine, other, "z"),
    ]);
    expect(repeated).toEqual([{ ...first, repeated: true }]);
    expect([fresh[0]?.repeated, tags, elsewhere[0]?.repeated]).toEqual([false, ["kept"], false]);
    const since = published.slice(before);
    expect(since.map((event) => event.type).toSorted()).toEqual([
      "session.renamed",
      "session.reported",
      "session.reported",
    ]);
    const seqs = published.filter((event) => event.stream === one).map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(fatal).toEqual([]);
  });

  test("ends the daemon when it conflicts though it was looked up: someone else writes", async () => {
    const { engine, store, fatal } = setUp();
    const session = id("ses");
    await create(engine, session);
    const conflict = storeFailure("another writer", { kind: "conflict", stream: session });
    store.failNext(conflict);
    await tell(engine, session, "a");
    expect(fatal).toEqual([]);
    store.failNext(conflict);
    await tell(engine, session, "b");
    expect(fatal).toEqual([conflict]);
  });
});

describe("a name", () => {
  test("is given once, to the first of two who ask at the same time", async () => {
    const { engine } = setUp();
    const results = await Promise.allSettled([
      create(engine, id("ses"), "mine"),
      create(engine, id("ses"), "mine"),
    ]);
    expect(results.map((one) => one.status)).toEqual(["fulfilled", "rejected"]);
    expect(results[1]).toMatchObject({ reason: { problem: { code: "name_taken" } } });
  });

  test("that is a conversation's is told as that, whoever comes second", async () => {
    const { engine } = setUp();
    const begins = async (name: string): Promise<unknown> => {
      const session = id("ses");
      await create(engine, session, name);
      const started = { pid: 1, providerSessionId: "vendor-1", model: null, adopted: false };
      const input: SessionInput = {
        type: "observe",
        generation: 1,
        facts: [{ fact: "started", ...started }],
        source: "protocol",
        approvalLimit: 1,
      };
      return engine.dispatch(sessionKind, session, input, {
        actor: "test",
        answer: (state: SessionState) => state.view.name,
      });
    };
    expect(await begins("first")).toBe("first");
    await expect(begins("second")).rejects.toMatchObject({
      message: "Another session of Skein's has the conversation vendor-1 already.",
      problem: { code: "conversation_held" },
    });
  });

  const named = (engine: Engine, session: string, name: string) =>
    engine.dispatch(
      sessionKind,
      session,
      { type: "rename", name, description: undefined, tags: null },
      { actor: "test", names: [name], answer: (state: SessionState) => state.view.name },
    );

  test("that was taken and given back in one commit is free", async () => {
    const { engine, store } = setUp();
    const session = id("ses");
    await create(engine, session, "one");
    await Promise.all([named(engine, session, "two"), named(engine, session, "three")]);
    const owners = ["one", "two", "three"].map((name) => store.claimed("session-name", name));
    expect(await Promise.all(owners)).toEqual([null, null, session]);
  });

  test("is free again after its commit failed", async () => {
    const { engine, store } = setUp();
    store.failNext(storeFailure("no space", { kind: "full" }));
    await expect(create(engine, id("ses"), "mine")).rejects.toBeDefined();
    expect((await create(engine, id("ses"), "mine")).name).toBe("mine");
  });
});

describe("a repeated command", () => {
  const once = (engine: Engine, clientId: string, session: string, tags: string[]) =>
    engine.receipts.once(
      { caller: "test", clientId, operation: "rename", input: { session, tags } },
      (receipt) =>
        engine.dispatch(
          sessionKind,
          session,
          { type: "rename", name: null, description: undefined, tags },
          { actor: "test", receipt, answer: (state: SessionState) => state.view.tags },
        ),
    );

  test("gets the first one's receipt, also when it comes while the first is under way", async () => {
    const { engine, published } = setUp();
    const session = id("ses");
    await create(engine, session);
    const before = published.length;
    const answers = await Promise.all([
      once(engine, "r1", session, ["a"]),
      once(engine, "r1", session, ["a"]),
    ]);
    await rename(engine, session, ["b"]);
    expect([...answers, await once(engine, "r1", session, ["a"])]).toEqual([["a"], ["a"], ["a"]]);
    expect(published.length - before).toBe(2);
  });

  test("with other input under the same clientId is refused", async () => {
    const { engine } = setUp();
    const session = id("ses");
    await create(engine, session);
    await once(engine, "r1", session, ["a"]);
    await expect(once(engine, "r1", session, ["other"])).rejects.toMatchObject({
      problem: { code: "client_id_reused" },
    });
  });
});

test("a closed engine refuses, after it has answered what came before", async () => {
  const { engine } = setUp();
  const session = id("ses");
  const answer = create(engine, session);
  await new Promise((resolve) => setImmediate(resolve));
  await engine.close();
  expect((await answer).id).toBe(session);
  await expect(rename(engine, session, [])).rejects.toMatchObject({
    problem: { code: "shutting_down" },
  });
});
