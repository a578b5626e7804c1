/** However starts and stops of one session overlap: one link for each generation, and no process that nobody knows of. */
import { refuse } from "@skein/contract";
import type { AgentDriver, AgentLink, BackendContext, SessionContext } from "@skein/sdk";
import { expect, test } from "vitest";
import type { Effect } from "../engine/ports.ts";
import type { EffectsPort, SessionBrief } from "./ports.ts";
import { makeEffects } from "./runner.ts";
import { brief } from "./testkit/kit.ts";

const turns = async (count: number): Promise<void> => {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
};

/** `slow` draws how many turns of the event loop each thing takes. */
const makeWorld = (slow: () => number) => {
  const alive = new Set<number>();
  const opened: number[] = [];
  let generation = 0;
  let process: SessionBrief["process"] = "none";

  const link = ({ generation: own, report }: SessionContext): AgentLink => ({
    start: async () => {
      await turns(slow());
      alive.add(own);
      await turns(slow());
      await report({
        facts: [{ fact: "started", pid: 1, providerSessionId: null, model: null, adopted: false }],
      });
    },
    attach: async () => "alive",
    prompt: () => turns(slow()),
    steer: () => turns(slow()),
    interrupt: () => turns(slow()),
    answer: () => turns(slow()),
    stop: async () => {
      await turns(slow());
      alive.delete(own);
      await report({
        facts: [
          {
            fact: "exited",
            exitCode: 0,
            signal: null,
            expected: true,
            unwitnessed: false,
            reason: "",
          },
        ],
      });
    },
    liveness: async () => "alive",
    detach: () => turns(slow()),
  });

  const port: EffectsPort = {
    brief: async () => {
      const seen = { ...brief, generation, process };
      await turns(slow());
      return seen;
    },
    checkpoint: () => turns(slow()).then(() => null),
    observe: async (_session, _backend, of, { facts }) => {
      await turns(slow());
      if (of !== generation || process === "none") throw refuse("invalid_input", "over", "none");
      if (facts.some((one) => one.fact === "exited" || one.fact === "start-failed"))
        process = "none";
      else if (process === "starting") process = "running";
    },
    requeue: async () => {},
    note: () => turns(slow()),
    tick: async () => {},
    live: () => {},
  };
  const effects = makeEffects({
    port,
    driver: () =>
      ({
        id: "fake",
        capabilities: { steer: true, fork: true, resume: true, questions: true },
        open: (context: SessionContext) => {
          opened.push(context.generation);
          return link(context);
        },
      }) as unknown as AgentDriver,
    backend: () => turns(slow()).then(() => ({ log: () => {} }) as unknown as BackendContext),
    clock: { now: () => 0, monotonic: () => 0, after: () => () => {} },
    generationDir: (_host, session, of) => `${session}/${of}`,
    sessionDirs: (_host, session) => [session],
    remove: async () => {},
    room: async () => "enough",
    failpoint: () => {},
    log: () => {},
  });
  let count = 0;
  const offer = (body: object): void =>
    effects.offer([{ id: `eff_${count++}`, session: brief.id, generation, ...body } as Effect]);
  return {
    alive,
    opened,
    process: () => process,
    start: (): void => {
      generation++;
      process = "starting";
      offer({ kind: "agent.start", how: "new", forkFrom: null });
    },
    send: (): void => offer({ kind: "agent.prompt", turn: "t", prompt: "p", text: "x" }),
    stop: (): void => {
      process = "stopping";
      offer({ kind: "agent.stop", force: false });
    },
  };
};

/** Small, seeded: a round that failed fails again. */
const drawer = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
};

/** Longer than the slowest chain of what is under way. */
const atRest = () => turns(80);

test.each(["send and stop", "resume and stop"])(
  "%s at the same time, in any order of what they do",
  async (how) => {
    for (let seed = 1; seed <= 200; seed++) {
      const draw = drawer(seed);
      const world = makeWorld(() => draw(5));
      for (let life = 1; life <= 2; life++) {
        world.start();
        if (how === "send and stop") world.send();
        await turns(draw(8));
        world.stop();
        await atRest();
        expect({ seed, process: world.process(), alive: [...world.alive] }).toEqual({
          seed,
          process: "none",
          alive: [],
        });
      }
      expect(world.opened).toEqual([1, 2]);
    }
  },
);
