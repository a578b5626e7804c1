import { refuse } from "@skein/contract";
import { describe, expect, test } from "vitest";
import type { EffectKind } from "../engine/ports.ts";
import { CRASH_CLASS } from "../engine/ports.ts";
import { brief, effect, prompt, settle, setUp } from "./testkit/kit.ts";

const start = (id: string) => effect({ kind: "agent.start", how: "new", forkFrom: null }, id);
const full = () => refuse("storage_full", "full", "free some");
const busy = () => refuse("overloaded", "busy", "wait");
const leaving = () => refuse("shutting_down", "bye", "later");

/** Each call takes the next answer: an error is thrown, null is none; after the last one all is well. */
const refusing = (...answers: readonly (Error | null)[]) => {
  const left = [...answers];
  return () => {
    const next = left.shift();
    if (next instanceof Error) throw next;
  };
};

describe("a lease or a settling that is refused for a reason that passes", () => {
  test.each([
    ["before the deed", [full(), busy()]],
    ["after the deed", [null, full(), full()]],
  ])("%s holds up the session's effects in their order, and loses none", async (_when, answers) => {
    const order: string[] = [];
    const next = refusing(...answers);
    const { effects, done, clock } = setUp(
      {},
      {},
      {
        note: async ({ leases = [], settled = [] }) => {
          next();
          order.push(...leases.map((id) => `lease ${id}`), ...settled.map((id) => `settle ${id}`));
        },
      },
    );
    effects.offer([start("eff_1"), prompt("eff_2")]);
    for (let times = 0; times < 2; times++) {
      await settle();
      expect(order).not.toContain("settle eff_1");
      clock.pass(500);
    }
    await settle();
    expect(done).toEqual(["start", "prompt"]);
    expect(order).toEqual(["lease eff_1", "settle eff_1", "lease eff_2", "settle eff_2"]);
  });

  test("is left to the next daemon when this one leaves", async () => {
    const { effects, done, clock } = setUp(
      {},
      {},
      {
        note: () => Promise.reject(leaving()),
      },
    );
    effects.offer([start("eff_1")]);
    await settle();
    clock.pass(500);
    await settle();
    expect(done).toEqual([]);
  });
});

describe("an agent's words", () => {
  const word = { facts: [{ fact: "accepted", turn: "t" }] } as const;

  test("that are refused for a reason that passes wait", async () => {
    const next = refusing(null, busy(), full());
    const recorded: string[] = [];
    const { effects, clock, report } = setUp(
      {},
      {},
      {
        observe: async (_session, _backend, _generation, { facts }) => {
          next();
          recorded.push(...facts.map((one) => one.fact));
        },
      },
    );
    effects.offer([start("eff_1")]);
    await settle();
    await report(word);
    const told = report(word);
    for (let times = 0; times < 2; times++) {
      await settle();
      expect(recorded).toEqual(["accepted"]);
      clock.pass(500);
    }
    await told;
    expect(recorded).toEqual(["accepted", "accepted"]);
  });

  test("are refused when the daemon leaves, and harm nothing", async () => {
    const { effects, done, report } = setUp({}, {}, { observe: () => Promise.reject(leaving()) });
    effects.offer([start("eff_1")]);
    await settle();
    await expect(report(word)).rejects.toThrow("bye");
    await settle();
    expect(done).not.toContain("stop");
  });

  test("for a generation that is over end what still runs of it, once", async () => {
    const over = () => refuse("invalid_input", "over", "nothing");
    const { effects, done, report } = setUp({}, {}, { observe: () => Promise.reject(over()) });
    effects.offer([start("eff_1")]);
    await settle();
    await expect(report(word)).rejects.toThrow("over");
    await expect(report(word)).rejects.toThrow("over");
    await settle();
    expect(done.slice(-3)).toEqual(["stop", "detach", "remove ses_1/1"]);
    expect(done.filter((one) => one === "stop").length).toBe(1);
  });
});

describe("an agent that cannot be reached", () => {
  test.each(["throws", "unknown"])(
    "(%s) is looked for again, and what is for it waits",
    async (how) => {
      let attempts = 0;
      const { effects, done, clock, links } = setUp(
        {},
        {
          attach: async () => {
            attempts++;
            if (attempts === 3) return "alive";
            if (how === "throws") throw new Error("bug");
            return "unknown";
          },
        },
      );
      const restored = effects.restore([brief.id], [{ effect: prompt("eff_1"), leased: true }]);
      await restored;
      for (let times = 1; times < 3; times++) {
        await settle();
        expect(attempts).toBe(times);
        expect(done.filter((one) => one !== "detach")).toEqual([]);
        clock.pass(5_000);
      }
      await settle();
      expect(done).toEqual(["detach", "detach", "prompt", "settle eff_1"]);
      expect(links()).toBe(3);
    },
  );

  test("because its session could not be read is taken in hand later", async () => {
    const next = refusing(new Error("disk"), new Error("disk"));
    const { effects, done, clock } = setUp(
      {},
      {},
      {
        brief: async () => {
          next();
          return brief;
        },
      },
    );
    effects.offer([start("eff_1")]);
    await settle();
    clock.pass(5_000);
    await settle();
    expect(done).toEqual(["lease eff_1"]);
    clock.pass(5_000);
    await settle();
    expect(done).toEqual(["lease eff_1", "start", "settle eff_1"]);
  });
});

describe("time decides", () => {
  test("for a session whose start came to nothing, too, by how long it is looked after", async () => {
    const { effects, done, clock } = setUp(
      { process: "starting" },
      { start: () => new Promise(() => {}) },
    );
    effects.offer([start("eff_1")]);
    await settle();
    clock.pass(70_000);
    effects.tick();
    await settle();
    expect(done).toContain("tick ses_1 70000");
  });

  test("for one that is stopping and has no agent in hand", async () => {
    const { effects, done, clock } = setUp(
      { process: "stopping" },
      { attach: async () => "unknown" },
    );
    await effects.restore([brief.id], []);
    clock.pass(4_000);
    effects.tick();
    await settle();
    expect(done).toContain("tick ses_1 4000");
  });

  test("for none whose process is gone", async () => {
    const { effects, done } = setUp({ process: "none" });
    await effects.restore([brief.id], []);
    effects.tick();
    await settle();
    expect(done).toEqual([]);
  });
});

describe("what a dead daemon had begun", () => {
  const bodies: Record<EffectKind, object> = {
    "agent.start": { how: "new", forkFrom: null },
    "agent.prompt": { turn: "t", prompt: "p", text: "x" },
    "agent.steer": { turn: "t", prompt: "p", text: "x" },
    "agent.interrupt": { turn: "t" },
    "agent.answer": { approval: "a", request: "r", asked: {}, resolution: {} },
    "agent.stop": { force: false },
    "agent.remove": {},
  };
  const kinds = Object.keys(CRASH_CLASS) as EffectKind[];
  const deed = (kind: EffectKind) =>
    kind === "agent.remove" ? "remove ses_1" : kind.slice("agent.".length);
  const bound = kinds.filter((kind) => CRASH_CLASS[kind] === "process-bound");
  const safe = kinds.filter((kind) => CRASH_CLASS[kind] === "replay-safe");
  const begun = (kind: EffectKind) => [{ effect: effect({ kind, ...bodies[kind] }), leased: true }];

  test.each(bound)("%s is done in the life of its process, once that is in hand", async (kind) => {
    const { effects, done } = setUp();
    await effects.restore([], begun(kind));
    await settle();
    expect(done).toEqual(["attach", deed(kind), "settle eff_1"]);
  });

  test.each(bound)("%s is retired and told of when that process is gone", async (kind) => {
    const { effects, done, logged } = setUp({ generation: 2 });
    await effects.restore([], begun(kind));
    await settle();
    expect(done).not.toContain(deed(kind));
    expect(done).toContain("settle eff_1");
    expect(logged).toContainEqual({
      level: "warn",
      message: "an effect was retired: its process is gone",
    });
  });

  test.each(safe)("%s runs again, whatever there is of the process", async (kind) => {
    const { effects, done } = setUp();
    await effects.restore([], begun(kind));
    await settle();
    expect(done).toEqual([deed(kind), "settle eff_1"]);
  });
});
