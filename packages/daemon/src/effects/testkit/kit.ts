/** Effects with a driver that writes down what it is asked, a port that writes down what is recorded, a clock turned by hand. */
import type { AgentDriver, AgentLink, BackendContext, SessionContext } from "@skein/sdk";
import type { Effect } from "../../engine/ports.ts";
import type { EffectsPort, SessionBrief } from "../ports.ts";
import { makeEffects, type EffectsDeps } from "../runner.ts";

const makeHandClock = () => {
  let now = 0;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, run: () => void) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    pass: (ms: number): void => {
      now += ms;
      const due = timers.filter((one) => one.at <= now);
      timers = timers.filter((one) => one.at > now);
      for (const one of due) one.run();
    },
  };
};

export const brief: SessionBrief = {
  id: "ses_1",
  name: "fizz-top",
  backend: "fake",
  host: "local",
  interface: "protocol",
  program: null,
  container: null,
  folder: "/tmp",
  model: null,
  effort: null,
  permissions: "guarded",
  providerSessionId: null,
  forkFrom: null,
  generation: 1,
  how: "new",
  process: "running",
  deleted: false,
  unreachable: false,
  turn: null,
};

/** A driver that writes down what it is asked, and a port that writes down what is recorded. */
export const setUp = (
  changes: Partial<SessionBrief> = {},
  answers: Partial<AgentLink> = {},
  over: Partial<EffectsPort> = {},
  house: Partial<EffectsDeps> = {},
) => {
  const done: string[] = [];
  const logged: { readonly level: string; readonly message: string }[] = [];
  const clock = makeHandClock();
  let links = 0;
  const facts: string[] = [];
  let context: SessionContext | undefined;
  const say = (what: string) => async () => void done.push(what);
  const link: AgentLink = {
    start: say("start"),
    attach: async () => {
      done.push("attach");
      return "alive";
    },
    prompt: say("prompt"),
    steer: say("steer"),
    interrupt: say("interrupt"),
    answer: say("answer"),
    stop: say("stop"),
    liveness: async () => "alive",
    detach: say("detach"),
    ...answers,
  };
  const driver = {
    id: "fake",
    capabilities: { steer: true, fork: true, resume: true, questions: true },
    open: (given: SessionContext) => {
      context = given;
      links++;
      return link;
    },
  } as unknown as AgentDriver;
  const port: EffectsPort = {
    brief: async (id) => (id === brief.id ? { ...brief, ...changes } : null),
    checkpoint: async () => null,
    observe: async (_session, _backend, _generation, observed) =>
      void facts.push(...observed.facts.map((one) => one.fact)),
    requeue: async () => void done.push("requeue"),
    note: async ({ leases = [], settled = [] }) =>
      void done.push(...leases.map((id) => `lease ${id}`), ...settled.map((id) => `settle ${id}`)),
    tick: async (session, { heldMs }) => void done.push(`tick ${session} ${heldMs}`),
    live: () => {},
    ...over,
  };
  const effects = makeEffects({
    port,
    driver: () => driver,
    backend: async () => ({ log: () => {} }) as unknown as BackendContext,
    clock,
    generationDir: (_host, session, generation) => `${session}/${generation}`,
    sessionDirs: (_host, session) => [session],
    remove: async (_host, dir) => void done.push(`remove ${dir}`),
    room: async () => "enough",
    failpoint: () => {},
    log: (level, message) => void logged.push({ level, message }),
    ...house,
  });
  return {
    effects,
    done,
    facts,
    logged,
    clock,
    links: () => links,
    report: (report: Parameters<SessionContext["report"]>[0]) => context!.report(report),
  };
};

export const effect = (body: object, id = "eff_1"): Effect =>
  ({ id, session: brief.id, generation: 1, ...body }) as Effect;
export const prompt = (id: string) =>
  effect({ kind: "agent.prompt", turn: "t", prompt: "p", text: "x" }, id);

/** Lets everything that is ready run. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
