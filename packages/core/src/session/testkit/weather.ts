/** All that can happen to a session, drawn at random: what people want, what agents say, what time and crashes do. */
import fc from "fast-check";
import type { SessionFact } from "../input.ts";
import {
  asks,
  command,
  exited,
  makeLife,
  message,
  spent,
  startFailed,
  started,
  type Life,
} from "./life.ts";

const KINDS = [
  "send",
  "send",
  "steer",
  "interrupt-send",
  "interrupt",
  "clear",
  "stop",
  "resume",
  "resolve",
  "rename",
  "goal",
  "goal",
  "goal-change",
  "say-goal",
  "tick",
  "long-tick",
  "late-steer",
  "heard-steer",
  "ready",
  "ready",
  "ready",
  "start-failed",
  "accept",
  "accept",
  "accept",
  "finish",
  "finish",
  "finish",
  "hold",
  "old-finish",
  "item",
  "running",
  "notice",
  "stalled",
  "ask",
  "question",
  "withdraw",
  "die",
  "found-dead",
  "exit",
  "away",
  "back",
  "abandon",
  "provider",
  "two-at-once",
  "begin-outside",
  "begin-outside",
  "finish-outside",
  "stale",
  "crash",
  "crash",
] as const;

export type Step = { readonly kind: (typeof KINDS)[number] | "delete" | "age"; readonly n: number };

export const steps = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), n: fc.nat(1_000) }), {
  minLength: 1,
  maxLength: 80,
});

export const makeWeather = () => {
  const life = makeLife(["lux-mid"], 3);
  life.create();
  const steers: string[] = [];
  const late: string[] = [];
  const turns: string[] = [];
  /** What this generation has said so far, batch by batch. */
  let said: (readonly SessionFact[])[] = [];
  let generation = 1;

  const note = (): void => {
    const { view } = life.state();
    if (view.turn !== null && !turns.includes(view.turn.id)) turns.push(view.turn.id);
    if (view.generation !== generation) {
      generation = view.generation;
      said = [];
    }
  };

  const say = (...facts: SessionFact[]): void => {
    const before = life.view().generation;
    const decision = life.observe(facts);
    if (decision.ok && life.view().generation === before) said.push(facts);
  };

  const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];
  const id = (n: number): string => `i${n % 12}`;
  const reserved = (n: number): string | null => (n % 8 === 0 ? null : "vendor-0");
  const current = (): string => life.view().turn?.id ?? "trn_none";

  const end = (
    turn: string,
    outcome: "completed" | "interrupted" | "failed",
    n: number,
  ): SessionFact => ({
    fact: "turn-ended",
    turn,
    outcome,
    error:
      outcome === "failed"
        ? { kind: n % 2 === 0 ? "login" : "limit", message: "no", remedy: "yes" }
        : null,
    usage: spent(n),
  });

  const people: Partial<Record<Step["kind"], (n: number) => unknown>> = {
    send: (n) => life.send(`p${n}`),
    steer: (n) => {
      const { prompt, delivery } = life.send(`s${n}`, "steer");
      if (delivery === "steered") steers.push(prompt);
    },
    "interrupt-send": (n) => life.send(`i${n}`, "interrupt"),
    interrupt: () => life.interrupt(),
    clear: () => life.interrupt(true),
    stop: () => life.stop(),
    resume: () => life.resume(),
    resolve: (n) => {
      const approval = pick(life.open(), n);
      if (approval !== undefined) life.resolve(approval, n % 3 === 0 ? "deny" : "allow");
    },
    rename: (n) => life.rename(pick(["lux-mid", "notes", "fizz-top"], n) ?? null),
    goal: (n) => life.goal(`g${n}`, { turnLimit: 1 + (n % 5), tokens: n % 2 === 0 ? n + 1 : null }),
    "goal-change": (n) =>
      life.changeGoal(pick(["pause", "resume", "resume", "clear"], n) ?? "pause"),
    age: () => life.age(0),
    tick: (n) => life.tick(n * 200),
    "long-tick": () => life.tick(31 * 60_000),
    "late-steer": (n) => {
      const prompt = pick(steers, n);
      if (prompt === undefined) return;
      life.requeue(prompt);
      late.push(prompt);
    },
    delete: () => life.remove(),
  };

  const agent: Partial<Record<Step["kind"], (n: number) => void>> = {
    ready: (n) =>
      say(started(n % 4 === 0 ? { providerSessionId: null, reserved: reserved(n) } : {})),
    "start-failed": () => say(startFailed()),
    accept: () => say({ fact: "accepted", turn: current() }),
    finish: (n) => say(end(current(), n % 3 === 0 ? "interrupted" : "completed", n)),
    hold: (n) => say(end(current(), "failed", n)),
    "old-finish": (n) => say(end(pick(turns, n) ?? "trn_none", "completed", n)),
    item: (n) => say(n % 2 === 0 ? message(id(n)) : command(id(n), "done")),
    "say-goal": (n) =>
      say(message(id(n), n % 2 === 0 ? "done\nGOAL COMPLETE" : "GOAL BLOCKED: no key")),
    running: (n) => say(command(id(n), "running")),
    notice: (n) => say({ fact: "notice", id: `n${n}`, level: "info", text: "hm" }),
    stalled: (n) => say({ fact: "stalled", reason: n % 3 === 0 ? null : "hm" }),
    ask: (n) => say(asks(`r${generation}.${n % 6}`)),
    question: (n) => say(asks(`r${generation}.${n % 6}`, { kind: "question", questions: [] })),
    "heard-steer": (n) => {
      const prompt = pick(steers, n);
      if (prompt === undefined) return;
      const body = { kind: "user", text: "s", how: "steer" } as const;
      say({ fact: "item", id: prompt, body, truncated: false });
    },
    withdraw: (n) => {
      const request = pick(life.state().asked, n);
      if (request !== undefined) say({ fact: "withdrawn", request, reason: "no more" });
    },
    die: () => say(exited()),
    "found-dead": () => say(exited({ unwitnessed: true })),
    exit: () => say(exited({ expected: true })),
    away: () => say({ fact: "unreachable", reason: "cut" }),
    back: () => say({ fact: "reachable" }),
    abandon: () => life.abandon("its host was removed"),
    provider: (n) => say({ fact: "provider-session", providerSessionId: `vendor-${n % 3}` }),
    "begin-outside": (n) =>
      say({
        fact: "begun",
        key: `key${generation}.${n % 9}`,
        text: `typed ${n}`,
        truncated: false,
      }),
    "finish-outside": (n) => {
      // No driver tells the end of a turn before its beginning.
      const key = pick(life.state().begun, n);
      if (key !== undefined) say(end(key, "completed", n));
    },
    "two-at-once": (n) =>
      say({ fact: "accepted", turn: current() }, end(current(), "completed", n)),
  };

  /** The daemon was killed: the agent's words are read again from somewhere, and effects that were begun run again. */
  const crash = (n: number): void => {
    for (const facts of said.slice(n % (said.length + 1))) {
      if (life.view().generation !== generation) return;
      life.observe(facts);
    }
    for (const prompt of late) life.requeue(prompt);
  };

  return {
    life,
    said: () => said,
    step: ({ kind, n }: Step): void => {
      life.pass(n);
      if (kind === "crash") crash(n);
      else if (kind === "stale") life.observe([message("late")], generation - 1);
      else (people[kind] ?? agent[kind])?.(n);
      note();
    },
  };
};

export const remembered = (life: Life) => {
  const { view, process, current, queue, openItems, items, crashes, forkFrom, held } = life.state();
  const { status: _s, activeAt: _a, unreachable: _u, ...rest } = view;
  const transcript = life.items().map(({ at: _, ...item }) => item);
  return {
    view: rest,
    process,
    current,
    queue,
    openItems,
    items,
    crashes,
    forkFrom,
    held,
    transcript,
  };
};
