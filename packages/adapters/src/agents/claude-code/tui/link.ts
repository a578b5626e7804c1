/**
 * One life of one session's Claude Code as the TUI in the session's terminal, as the daemon drives it.
 *
 * Everything may be asked twice, before and after a crash of the daemon; what was done is known from the recorded state, from
 * the hooks' spool and from the transcript.
 */
import {
  adapterFailure,
  isAdapterFailure,
  type AgentLink,
  type Exit,
  type Fact,
  type Liveness,
  type SessionContext,
  type TerminalLook,
} from "@skein/sdk";
import type { AskLine } from "../wire.ts";
import { answerOf, send } from "./answers.ts";
import { askOf } from "./hooks.ts";
import { finish, follow, letGo, makeLife, watchOver, type Life } from "./life.ts";
import { payloadFile, spoolDir } from "./spool.ts";
import { startAnew } from "./starting.ts";
import { without } from "../../lines/step.ts";
import { interrupt, prompt, steer } from "./typing.ts";
import { unanswered, whereAnswered } from "./unanswered.ts";
import { readHook } from "./wire.ts";

const nobody: Pick<Exit, "exitCode" | "signal"> = { exitCode: null, signal: null };

/** So long the files of one that was left alone may take to be read. */
const backlogMs = 10_000;

/** Goes on with a TUI that an earlier daemon started: first with all that it has said since. */
const adopted = async (life: Life, { process }: TerminalLook): Promise<void> => {
  life.process = process;
  follow(life);
  await life.reader.caughtUp(backlogMs);
  watchOver(life);
  const { turn } = life.reader.state();
  if (turn?.interrupting === true) await interrupt(life, turn.id);
};

/** Nobody was there when it died: what it still said comes first. */
const foundDead = async (life: Life, { exit }: TerminalLook): Promise<void> => {
  life.gone = true;
  follow(life);
  await life.reader.caughtUp(backlogMs);
  await finish(life, exit ?? nobody, true);
};

const outOfReach = () =>
  adapterFailure("The terminal that the agent runs in does not answer.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again; when it stays so, look at the host with `skein doctor`.",
    retryable: true,
  });

const start = async (life: Life): Promise<void> => {
  const { context, reader, terminal } = life;
  const { host, terminals } = context.backend;
  if (life.process !== null || life.over) return;
  if (!reader.state().ready || (await host.folder(context.dir)) === "missing")
    return startAnew(life);
  const look = await terminals.look(terminal);
  if (look.liveness === "unknown") throw await unanswered(life);
  if (look.liveness === "dead") return foundDead(life, look);
  await adopted(life, look);
  const started: Fact = {
    fact: "started",
    pid: look.process?.pid ?? null,
    providerSessionId: reader.state().conversation,
    model: null,
    adopted: true,
  };
  await reader.tell([started]);
};

const attach = async (life: Life): Promise<Liveness> => {
  const { context, reader, terminal } = life;
  try {
    const look = await context.backend.terminals.look(terminal);
    if (look.liveness === "unknown") throw outOfReach();
    if (look.liveness === "dead") {
      await foundDead(life, look);
      return "dead";
    }
    await adopted(life, look);
    return "alive";
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    await reader.tell([{ fact: "unreachable", reason: error.message }]);
    return "unknown";
  }
};

/** SIGTERM is its goodbye: it writes what it has to and ends within some ten milliseconds. */
const endProcess = async (life: Life, force: boolean): Promise<void> => {
  const { context, terminal, owner } = life;
  const { terminals, host, env, timing, clock } = context.backend;
  const { process, liveness } = await terminals.look(terminal);
  const isOurs = process !== null && (life.process === null || process.pid === life.process.pid);
  if (!force && liveness === "alive" && isOurs) {
    await host.run(["kill", "-TERM", String(process.pid)], { env, timeoutMs: timing.graceMs });
    const late = new AbortController();
    const cancel = clock.after(timing.graceMs, () => late.abort());
    await terminals.ended(terminal, late.signal).catch(() => undefined);
    cancel();
  }
  await host.sweep(owner);
};

const stop = async (life: Life, force: boolean): Promise<void> => {
  life.stopping = true;
  const { context, terminal, owner } = life;
  await endProcess(life, force);
  const { exit } = await context.backend.terminals.look(terminal);
  await finish(life, exit ?? nobody, false);
  await context.backend.host.sweep(owner);
};

const late = (what: string) =>
  adapterFailure(`${what}: that turn is over.`, {
    kind: "unavailable",
    code: "no_turn",
    remedy: "Send it as a prompt of its own.",
    retryable: false,
  });

/** As it was read, or read again by a daemon that came later. */
const askedFor = async (life: Life, request: string): Promise<AskLine | null> => {
  const kept = life.asks.get(request);
  if (kept !== undefined) return kept;
  const { backend, dir } = life.context;
  const path = payloadFile(spoolDir(dir, life.reader.state().attempt), request);
  const bytes = await backend.host.files.read(path, { maxBytes: 8 * 1024 * 1024 });
  const hook = readHook("PermissionRequest", Buffer.from(bytes ?? []).toString("utf8"));
  return hook.hook === "permission" ? askOf(request, hook) : null;
};

const tooLate: Fact = {
  fact: "notice",
  level: "warning",
  text: "The decision came too late: it was answered at the terminal before.",
};

/**
 * Rejects with the host's AdapterFailure when the host is out of reach: it is to be tried again then, by the next daemon as well. So
 * the request stays in the state until it has surely been told.
 */
const answer = async (
  life: Life,
  { request, resolution }: Parameters<AgentLink["answer"]>[0],
): Promise<void> => {
  const { reader, context } = life;
  const open = reader.state().asks[request];
  if (open === undefined) return;
  const ask = await askedFor(life, request);
  if (ask === null) return;
  const words = answerOf(ask, resolution, context.session.folder);
  const { attempt } = reader.state();
  const isFirst = open.answered !== true;
  // Before it is told: the result may be read before we are back here.
  if (isFirst)
    reader.change((state) => ({
      ...state,
      asks: { ...state.asks, [request]: { ...open, answered: true } },
      declined: resolution.decision === "deny" ? [...state.declined, open.key] : state.declined,
    }));
  const isHeard = await send(context, attempt, request, words);
  reader.change((state) => ({ ...state, asks: without(state.asks, request) }));
  // Told twice, the first time may have been heard.
  if (!isHeard && isFirst) await reader.tell([tooLate]);
};

const detach = async (life: Life): Promise<void> => {
  letGo(life);
  await life.reading;
  await life.reader.flushed().catch(() => undefined);
};

/** A word for a process that has just died is not an error: its end is told as `exited`. */
const unlessGone = async (life: Life, work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    const isGone = life.gone || life.over || life.stopping || life.closed;
    if (!isAdapterFailure(error) || !isGone) throw error;
    life.context.log("info", error.message);
  }
};

export const makeTuiLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  return {
    start: () => whereAnswered(life, start(life)),
    attach: () => attach(life),
    prompt: (input) => unlessGone(life, whereAnswered(life, prompt(life, input))),
    steer: async (input) => {
      const { turn, taken } = life.reader.state();
      if (taken.includes(input.prompt)) return;
      if (turn?.id !== input.turn || turn.interrupting || life.over)
        throw late("It could not be steered");
      await whereAnswered(life, steer(life, input));
    },
    interrupt: ({ turn }) => unlessGone(life, whereAnswered(life, interrupt(life, turn))),
    answer: (input) => unlessGone(life, answer(life, input)),
    stop: ({ force }) => stop(life, force),
    liveness: async () => (await context.backend.terminals.look(life.terminal)).liveness,
    detach: () => detach(life),
  };
};
