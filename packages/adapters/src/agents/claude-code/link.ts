/**
 * One life of one session's Claude Code, as the daemon drives it.
 *
 * Everything may be asked twice, before and after a crash of the daemon; what was done is known from the recorded state,
 * from names that are derived and not drawn, and from the CLI itself, which runs no uuid twice.
 */
import {
  adapterFailure,
  isAdapterFailure,
  type AgentLink,
  type Detached,
  type Exit,
  type Fact,
  type Liveness,
  type SessionContext,
} from "@skein/sdk";
import { grantsOf } from "./asks.ts";
import { allowFrame, denyFrame, initializeFrame, interruptFrame, userFrame } from "./frames.ts";
import {
  carryOut,
  finish,
  follow,
  isOutOfReach,
  makeLife,
  send,
  turnUuid,
  watchEnd,
  type Life,
} from "./life.ts";
import { startAnew } from "./starting.ts";
import type { State } from "./state.ts";
import { answersOf } from "./tools.ts";
import { giving, interrupting, outstanding, steering } from "./translate.ts";
import { readLine, type AskLine } from "./wire.ts";

const nobody: Exit = { exitCode: null, signal: null, witnessed: false };

/** Goes on with a process that an earlier daemon started. */
const adopted = async (life: Life, detached: Detached): Promise<void> => {
  follow(life, detached);
  watchEnd(life);
  const state = life.reader.state();
  // The last daemon died before it was answered; asked twice, it answers twice.
  if (!state.ready) await send(life, initializeFrame, "");
  for (const order of outstanding(state)) carryOut(life, order);
};

/** Nobody was there when it died: what it still said comes first. */
const foundDead = async (life: Life): Promise<void> => {
  const { context, reader } = life;
  await reader.read(context.backend.host.spool(context.dir, reader.offset()));
  await reader.flushed();
  await finish(life, nobody, true);
};

const start = async (life: Life): Promise<void> => {
  const { context, reader, owner } = life;
  const { host } = context.backend;
  if (life.detached !== null || life.over) return;
  // No folder: nothing of this generation was ever started, and the search through all processes is saved.
  if ((await host.folder(context.dir)) === "missing") return startAnew(life);
  const running = await host.adopt(context.dir, owner);
  if (running === null) {
    if (reader.state().ready) return foundDead(life);
    await reader.skip(host.spool(context.dir, reader.offset()));
    return startAnew(life);
  }
  const { ready, conversation } = reader.state();
  await adopted(life, running);
  const started: Fact = {
    fact: "started",
    pid: running.process.pid,
    providerSessionId: conversation,
    model: null,
    adopted: true,
  };
  if (ready) await reader.tell([started]);
};

const attach = async (life: Life): Promise<Liveness> => {
  const { context, reader, owner } = life;
  try {
    const running = await context.backend.host.adopt(context.dir, owner);
    if (running === null) {
      await foundDead(life);
      return "dead";
    }
    await adopted(life, running);
    return "alive";
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    await reader.tell([{ fact: "unreachable", reason: error.message }]);
    return "unknown";
  }
};

const stop = async (life: Life, force: boolean): Promise<void> => {
  const { context, owner } = life;
  const { host, timing } = context.backend;
  life.stopping = true;
  if (life.detached === null && !life.over) {
    const running = await host.adopt(context.dir, owner);
    if (running !== null) follow(life, running);
  }
  // No goodbye on the wire: its stdin never ends. SIGTERM is what it takes, and answers with exit code 143.
  const exit = await life.detached?.terminate(force ? 0 : timing.graceMs);
  await life.reading;
  await finish(life, exit ?? nobody, false);
  if (life.over) await host.sweep(owner);
};

const late = (what: string) =>
  adapterFailure(`${what}: that turn is over.`, {
    kind: "unavailable",
    code: "no_turn",
    remedy: "Send it as a prompt of its own.",
    retryable: false,
  });

type Words = { readonly turn: string; readonly prompt: string; readonly text: string };

const prompt = async (life: Life, { turn, prompt: id, text }: Words): Promise<void> => {
  const { context, reader } = life;
  const now = reader.state().turn;
  if (now?.id === turn && now.accepted) return;
  const uuid = turnUuid(context, turn);
  const since = context.backend.clock.now();
  reader.change((state) => giving(state, turn, since, { uuid, prompt: id, text }));
  await send(life, userFrame(uuid, text, "later"), turn);
};

const steer = async (life: Life, { turn, prompt: id, text }: Words): Promise<void> => {
  const { context, reader } = life;
  if (reader.state().turn?.id !== turn || life.over) throw late("It could not be steered");
  const uuid = turnUuid(context, id);
  const given = { uuid, prompt: id, text };
  reader.change((state) => steering(state, given));
  try {
    await send(life, userFrame(uuid, text, "next"), id);
  } catch (error) {
    const isOther = (one: State["steers"][number]): boolean => one.uuid !== uuid;
    reader.change((state) => ({ ...state, steers: state.steers.filter(isOther) }));
    throw error;
  }
};

const interrupt = async (life: Life, turn: string): Promise<void> => {
  if (life.reader.state().turn?.id !== turn) return;
  life.reader.change(interrupting);
  await send(life, interruptFrame(turn), "");
};

/** As it was read, or read again by a daemon that came later. */
const askOf = async (life: Life, request: string): Promise<AskLine | null> => {
  const open = life.reader.state().asks[request];
  if (open === undefined) return null;
  const kept = life.asks.get(request);
  if (kept !== undefined) return kept;
  const { backend, dir } = life.context;
  for await (const { text } of backend.host.spool(dir, open.at)) {
    const line = readLine(text);
    return line.type === "ask" ? line : null;
  }
  return null;
};

const answer = async (
  life: Life,
  { request, resolution }: Parameters<AgentLink["answer"]>[0],
): Promise<void> => {
  const ask = await askOf(life, request);
  if (ask === null) return;
  const { folder } = life.context.session;
  const frame = (): string => {
    switch (resolution.decision) {
      case "deny":
        return denyFrame(request, resolution.message ?? "The person who was asked said no.");
      case "answer":
        return allowFrame(request, answersOf(ask.input, resolution.answers ?? {}));
      case "always":
        return allowFrame(request, ask.input, grantsOf(ask, folder));
      case "allow":
        return allowFrame(request, ask.input);
    }
  };
  await send(life, frame(), request);
};

const detach = async (life: Life): Promise<void> => {
  life.closed = true;
  await life.detached?.close();
  await life.reading;
  await life.reader.flushed().catch(() => undefined);
};

const liveness = async ({ context, detached, owner }: Life): Promise<Liveness> => {
  if (detached !== null) return detached.liveness();
  const running = await context.backend.host.adopt(context.dir, owner);
  await running?.close();
  return running === null ? "dead" : "alive";
};

/**
 * A word for a process that has just died is not an error: its end is told as `exited`, and the daemon decides with that.
 * Only `steer` says so, because its words must go another way then; and whatever is for a process that is out of reach.
 */
const unlessGone = async (life: Life, work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!isAdapterFailure(error) || isOutOfReach(life)) throw error;
    life.context.log("info", error.message);
  }
};

export const makeLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  return {
    start: () => start(life),
    attach: () => attach(life),
    prompt: (input) => unlessGone(life, prompt(life, input)),
    steer: (input) => steer(life, input),
    interrupt: ({ turn }) => unlessGone(life, interrupt(life, turn)),
    answer: (input) => unlessGone(life, answer(life, input)),
    stop: ({ force }) => stop(life, force),
    liveness: () => liveness(life),
    detach: () => detach(life),
  };
};
