/**
 * A session in a test's hands: what happens to it is decided, its promises are checked, and it goes on from what a store
 * would give back.
 */
import type { ApprovalRequest, EventData, Item, ItemBody, NewEvent, Usage } from "@skein/contract";
import { noUsage } from "@skein/contract";
import type { Context, Decision, Rejection } from "../../decision.ts";
import type { Effect, EffectBody } from "../../effect.ts";
import { decideSession } from "../decide.ts";
import { evolveSession } from "../evolve.ts";
import type { CreateInput, SessionFact, SessionInput } from "../input.ts";
import { projectSession } from "../project.ts";
import type { SessionState } from "../state.ts";
import { brokenPromises } from "./promises.ts";

const BEGIN = Date.parse("2026-03-01T08:00:00.000Z");

export const creation = (over: Partial<CreateInput> = {}): CreateInput => ({
  type: "create",
  id: "ses_00000000000000000000000001",
  backend: "claude-code",
  host: "local",
  folder: "/home/me/project",
  interface: "protocol",
  program: null,
  container: null,
  group: null,
  name: null,
  names: ["fizz-top", "lux-mid"],
  model: null,
  effort: null,
  permissions: "guarded",
  description: null,
  tags: [],
  parent: null,
  token: null,
  adopt: null,
  fork: null,
  ...over,
});

export const started = (over: Partial<Extract<SessionFact, { fact: "started" }>> = {}) =>
  ({
    fact: "started",
    pid: 4711,
    providerSessionId: "vendor-1",
    model: null,
    adopted: false,
    ...over,
  }) satisfies SessionFact;

export const exited = (over: Partial<Extract<SessionFact, { fact: "exited" }>> = {}) =>
  ({
    fact: "exited",
    exitCode: 1,
    signal: null,
    expected: false,
    unwitnessed: false,
    reason: "it crashed",
    ...over,
  }) satisfies SessionFact;

export const startFailed = (over: Partial<Extract<SessionFact, { fact: "start-failed" }>> = {}) =>
  ({
    fact: "start-failed",
    code: "backend_unavailable",
    message: "It did not start.",
    remedy: "Try again.",
    ...over,
  }) satisfies SessionFact;

export const message = (id: string, text = "hello"): SessionFact => ({
  fact: "item",
  id,
  body: { kind: "message", text },
  truncated: false,
});

export const command = (
  id: string,
  status: Extract<ItemBody, { kind: "command" }>["status"],
): SessionFact => ({
  fact: "item",
  id,
  body: { kind: "command", command: "make", folder: null, output: "", exitCode: null, status },
  truncated: false,
});

export const asks = (
  request: string,
  approval: ApprovalRequest = {
    kind: "command",
    command: "rm x",
    argv: null,
    folder: null,
    reason: null,
  },
): SessionFact => ({
  fact: "asked",
  request,
  title: `Run: ${request}`,
  approval,
  canAlways: true,
});

export const spent = (tokens: number): Usage => ({ ...noUsage, inputTokens: tokens });

const can = { steer: true, fork: true, resume: true, questions: true };

export type Life = ReturnType<typeof makeLife>;

/** `names`: those that others hold. Throws at the first broken promise. */
export const makeLife = (others: readonly string[] = [], approvalLimit = 64) => {
  let now = BEGIN;
  let count = 0;
  let state: SessionState | null = null;
  const held = new Set(others);
  const events: NewEvent[] = [];
  const effects: Effect[] = [];
  const items = new Map<string, Item>();
  let actor = "me";

  const context = (): Context => ({
    now: new Date(now).toISOString(),
    actor,
    id: (prefix) => `${prefix}_${String(++count).padStart(26, "0")}`,
    taken: (name) => held.has(name),
  });

  const keep = (decision: Decision, at: string): void => {
    const broken = brokenPromises(state, decision, at);
    if (broken.length > 0) throw new Error(broken.join("\n"));
    for (const event of decision.events) {
      const projection = projectSession(state, event, at);
      if (projection?.view === "item") items.set(projection.item.id, projection.item);
      state = evolveSession(state, event, at);
    }
    for (const name of decision.claims.release) held.delete(name);
    for (const name of decision.claims.take) {
      if (held.has(name)) throw new Error(`${name} was taken twice`);
      held.add(name);
    }
    events.push(...decision.events);
    effects.push(...decision.effects);
    // What a store gives back, the approvals as rows of their own.
    state = JSON.parse(JSON.stringify(state)) as SessionState;
  };

  const give = (input: SessionInput): Decision | Rejection => {
    const at = context();
    const decision = decideSession(state, input, at);
    if (decision.ok) keep(decision, at.now);
    return decision;
  };

  const must = (input: SessionInput): Decision => {
    const decision = give(input);
    if (!decision.ok) throw new Error(`refused: ${decision.problem.message}`);
    return decision;
  };

  const now_ = (): SessionState => {
    if (state === null) throw new Error("there is no session yet");
    return state;
  };

  const observe = (facts: readonly SessionFact[], generation = now_().view.generation) =>
    give({ type: "observe", generation, facts, source: "protocol", approvalLimit });

  return {
    give,
    /** Gives the input; the code of the refusal. */
    refusal: (input: SessionInput): string | null => {
      const decision = give(input);
      return decision.ok ? null : decision.problem.code;
    },
    create: (over: Partial<CreateInput> = {}) => must(creation(over)),
    send: (text: string, how: "queue" | "steer" | "interrupt" = "queue") =>
      must({ type: "send", text, how, capabilities: can, queueLimit: 100, queueBytes: 4096 })
        .result as {
        prompt: string;
        delivery: string;
      },
    interrupt: (clearQueue = false) => must({ type: "interrupt", clearQueue }).result,
    stop: () => must({ type: "stop" }),
    abandon: (reason: string) => must({ type: "abandon", reason }),
    resume: () => must({ type: "resume" }),
    remove: () => must({ type: "delete" }),
    requeue: (prompt: string, text = "late") =>
      must({ type: "requeue", prompt, text, by: "skein" }),
    rename: (name: string | null, tags: string[] | null = null) =>
      give({ type: "rename", name, description: undefined, tags }),
    resolve: (
      approval: string,
      decision: "allow" | "always" | "deny" | "answer",
      answers: Record<string, string[]> | null = null,
    ) => give({ type: "resolve", approval, decision, message: null, answers }),
    goal: (
      text: string,
      over: { turnLimit?: number; tokens?: number | null; usd?: number | null } = {},
    ) => {
      const { turnLimit = 50, tokens = null, usd = null } = over;
      return must({ type: "goal.set", text, turnLimit, budget: { tokens, usd } });
    },
    changeGoal: (
      action: "pause" | "resume" | "clear",
      over: { turnLimit?: number; budget?: { tokens?: number; usd?: number } } = {},
    ) => give({ type: "goal.change", action, budget: null, turnLimit: undefined, ...over }),
    age: (deleteAfterMs: number) => give({ type: "age", deleteAfterMs }),
    observe,
    facts: (...facts: readonly SessionFact[]): void => {
      const decision = observe(facts);
      if (!decision.ok) throw new Error(`refused: ${decision.problem.message}`);
    },
    tick: (after: number, over: Partial<Extract<SessionInput, { type: "tick" }>> = {}) => {
      now += after;
      return must({
        type: "tick",
        idleMs: 30 * 60_000,
        silenceMs: 120_000,
        silenceLimitMs: 30 * 60_000,
        startLimitMs: 60_000,
        stopLimitMs: 15_000,
        heldMs: Number.MAX_SAFE_INTEGER,
        heardAt: null,
        ...over,
      });
    },
    pass: (ms: number): void => void (now += ms),
    as: (who: string): void => void (actor = who),
    now: () => new Date(now).toISOString(),
    state: now_,
    view: () => now_().view,
    status: () => now_().view.status,
    /** Its state, and what it waits for. */
    doing: (): string => {
      const { state: word, waitingFor } = now_().view.status;
      return waitingFor === null ? word : `${word} for ${waitingFor}`;
    },
    turn: (): string => {
      const { turn } = now_().view;
      if (turn === null) throw new Error("no turn is running");
      return turn.id;
    },
    /** The turn in progress is taken by the agent. */
    accept(): void {
      this.facts({ fact: "accepted", turn: this.turn() });
    },
    /** The turn in progress ends. */
    finish(over: Partial<Extract<SessionFact, { fact: "turn-ended" }>> = {}): void {
      this.facts({
        fact: "turn-ended",
        turn: this.turn(),
        outcome: "completed",
        error: null,
        usage: null,
        ...over,
      });
    },
    queue: (): string[] => now_().queue.map((one) => one.text),
    names: (): string[] => [...held].filter((name) => !name.includes("@")),
    conversations: (): string[] => [...held].filter((name) => name.includes("@")),
    events: <T extends NewEvent["type"]>(type: T): EventData<T>[] =>
      events.filter((one) => one.type === type).map((one) => one.data as EventData<T>),
    all: (): readonly NewEvent[] => events,
    effects: <K extends EffectBody["kind"]>(kind: K): Extract<Effect, { kind: K }>[] =>
      effects.filter((one): one is Extract<Effect, { kind: K }> => one.kind === kind),
    /** The texts given to the agent so far, in order. */
    given(): string[] {
      return this.effects("agent.prompt").map((one) => one.text);
    },
    items: (): Item[] => [...items.values()].toSorted((a, b) => a.order - b.order),
    open: (): string[] => Object.keys(now_().open),
  };
};

/** Created, started and idle. */
export const idleLife = (approvalLimit = 64): Life => {
  const life = makeLife([], approvalLimit);
  life.create();
  life.facts(started());
  return life;
};

/** In a turn that the agent has taken. */
export const workingLife = (text = "one", approvalLimit = 64): Life => {
  const life = idleLife(approvalLimit);
  life.send(text);
  life.accept();
  return life;
};
