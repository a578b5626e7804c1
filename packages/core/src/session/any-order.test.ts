/** Whatever happens, in whatever order: the promises of `testkit/promises.ts` are checked after every single step. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addUsage, noUsage } from "@skein/contract";
import { ownConversation } from "./conversation.ts";
import { makeLedger } from "./testkit/ledger.ts";
import { makeWeather, remembered, steps, type Step } from "./testkit/weather.ts";

const RUNS = 300;

/** `look` is called after each step. */
const inAnyWeather = (
  look: (weather: ReturnType<typeof makeWeather>, done: readonly Step[]) => void,
  last: readonly Step[] = [],
): void =>
  fc.assert(
    fc.property(steps, (drawn) => {
      const weather = makeWeather();
      const done: Step[] = [];
      for (const step of [...drawn, ...last]) {
        weather.step(step);
        done.push(step);
        look(weather, done);
      }
    }),
    { numRuns: RUNS },
  );

describe("in any order of wishes, words, ticks and crashes", () => {
  test("every prompt is in one place, in its order, and is never given again once taken", () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const { life, step } = makeWeather();
        const ledger = makeLedger();
        let told = 0;
        for (const one of drawn) {
          step(one);
          const events = life.all();
          ledger.events(events.slice(told));
          told = events.length;
          expect(ledger.broken()).toEqual([]);
          const { current, queue } = life.state();
          expect(queue.map(({ prompt }) => prompt)).toEqual(ledger.queue());
          expect(ledger.at("current")).toEqual(current === null ? [] : [current.prompt]);
        }
        // Nothing but the beginning of a turn gives a prompt to the agent.
        expect(life.effects("agent.prompt").map(({ turn }) => turn)).toEqual(
          life
            .events("session.turn.started")
            .filter(({ begun }) => begun === undefined)
            .map(({ turn }) => turn.id),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test("the words of a generation read again from anywhere change nothing", () => {
    inAnyWeather(({ life, said, step }, done) => {
      const from = done.at(-1)?.n ?? 0;
      // To read its words is to hear it again: what waited for that begins.
      if (said().length === 0 || life.state().unreachable) return;
      const before = remembered(life);
      step({ kind: "crash", n: from });
      expect(remembered(life)).toEqual(before);
    });
  });

  test("usage is the sum of the turns", () => {
    inAnyWeather(({ life }) => {
      const total = life
        .events("session.turn.ended")
        .reduce(
          (sum, { turn }) => (turn.usage === null ? sum : addUsage(sum, turn.usage)),
          noUsage,
        );
      expect(life.view().usage).toEqual(total);
    });
  });

  test("items are numbered from 1 without a gap", () => {
    inAnyWeather(({ life }) => {
      const orders = life.items().map(({ order }) => order);
      expect(orders).toEqual(orders.map((_, index) => index + 1));
    });
  });

  test("exactly one name is held for a session that lives, and none for one that was deleted", () => {
    inAnyWeather(
      ({ life }) => {
        const { name, deletedAt } = life.view();
        expect(life.names().filter((one) => one !== "lux-mid")).toEqual(
          deletedAt === null ? [name] : [],
        );
      },
      [
        { kind: "delete", n: 1 },
        { kind: "die", n: 1 },
      ],
    );
  });

  test("exactly the conversation that it has, or will have, is held, until it is deleted", () => {
    inAnyWeather(({ life }) => {
      const own = life.view().deletedAt === null ? ownConversation(life.state()) : null;
      expect(life.conversations()).toEqual(own === null ? [] : [`claude-code@local/${own}`]);
    });
  });

  test("no approval is asked for twice, and each ends once", () => {
    inAnyWeather(({ life }) => {
      const requested = life
        .events("approval.requested")
        .map(({ request, approval }) => `${approval.generation} ${request}`);
      expect(new Set(requested).size).toBe(requested.length);
      const ended = [
        ...life.events("approval.resolved").map((one) => one.approval),
        ...life.events("approval.expired").map((one) => one.approval),
      ];
      expect(new Set(ended).size).toBe(ended.length);
      expect(ended.length + life.open().length).toBe(requested.length);
      expect(life.effects("agent.answer").length).toBe(life.events("approval.resolved").length);
    });
  });

  test("an agent that only ever dies is not started for ever", () => {
    inAnyWeather(({ life }) => {
      const before = life.effects("agent.start").length;
      for (let deaths = 0; deaths < 10; deaths++) {
        life.observe([
          { fact: "started", pid: 1, providerSessionId: "v", model: null, adopted: false },
        ]);
        life.observe([
          {
            fact: "exited",
            exitCode: 1,
            signal: null,
            expected: false,
            unwitnessed: false,
            reason: "x",
          },
        ]);
      }
      expect(life.effects("agent.start").length - before).toBeLessThanOrEqual(4);
      expect(life.state().process).toBe("none");
    });
  });

  test("a session with a prompt in its queue is never idle with a free agent that is in reach", () => {
    inAnyWeather(({ life }) => {
      const { process, current, queue, held, unreachable } = life.state();
      const isFree = process === "running" && held === null && current === null && !unreachable;
      expect(isFree ? queue : []).toEqual([]);
    });
  });
});
