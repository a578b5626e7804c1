/**
 * One life of one session's program, as the daemon drives it. Everything may be asked twice, before and after a crash of the daemon:
 * the terminal tells what runs, the checkpoint where the prompt began, the screen how far its typing got.
 */
import {
  pause,
  adapterFailure,
  isAdapterFailure,
  type AgentLink,
  type Fact,
  type Liveness,
  type SessionContext,
  type TerminalLook,
} from "@skein/sdk";
import { finish, follow, makeLife, tell, type Ended, type Life } from "./life.ts";
import { typePrompt } from "./prompting.ts";
import { becomeReady, startAnew, watchEnd } from "./starting.ts";
import { interruptTurn, lastWords, watchTurn } from "./turn.ts";

const nobody: Ended = { exitCode: null, signal: null };

/** Goes on with a program that runs. */
const adopt = async (life: Life): Promise<void> => {
  follow(life);
  watchEnd(life);
  if (life.state.turn?.phase === "typed" || life.context.turn?.accepted === true)
    await watchTurn(life);
};

const foundDead = async (life: Life, { exit }: TerminalLook): Promise<void> =>
  finish(life, exit ?? nobody, true, await lastWords(life));

const start = async (life: Life): Promise<void> => {
  const { terminals } = life.context.backend;
  if (life.over || life.output !== null) return;
  if (!life.state.ready) return startAnew(life);
  const look = await terminals.look(life.id);
  if (look.liveness === "dead") return foundDead(life, look);
  await adopt(life);
  const pid = look.process?.pid ?? null;
  const started: Fact = {
    fact: "started",
    pid,
    providerSessionId: null,
    model: null,
    adopted: true,
  };
  await tell(life, [started]);
};

/** What is known of it now; unknown, when tmux or the host does not answer. */
const look = async ({ context, id }: Life): Promise<TerminalLook> => {
  try {
    return await context.backend.terminals.look(id);
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    return { liveness: "unknown", held: false, process: null, exit: null };
  }
};

const attach = async (life: Life): Promise<Liveness> => {
  const found = await look(life);
  if (found.liveness === "dead") {
    await foundDead(life, found);
    return "dead";
  }
  if (found.liveness === "unknown") {
    await tell(life, [{ fact: "unreachable", reason: "Its terminal does not answer." }]);
  }
  if (life.state.ready) await adopt(life);
  else {
    // The last daemon died while it started.
    follow(life);
    becomeReady(life).catch((error: unknown) =>
      life.context.log("warn", "a start was given up", { error: String(error) }),
    );
  }
  return found.liveness;
};

/** What a terminal does to a program when it is closed, and what a person would do then. */
const goodbye = async (life: Life, { process }: TerminalLook): Promise<void> => {
  const { host, env, clock, timing } = life.context.backend;
  if (process === null) return;
  const group = `-${process.pid}`;
  for (const signal of ["-HUP", "-TERM"])
    await host.run(["kill", signal, "--", group], { env, timeoutMs: 5_000 });
  follow(life);
  await Promise.race([life.ended.promise, pause(clock, timing.graceMs, life.leaving.signal)]);
};

const stop = async (life: Life, force: boolean): Promise<void> => {
  const { host } = life.context.backend;
  life.stopping = true;
  life.watch?.abort();
  await life.watching;
  if (!life.over && !force) {
    const found = await look(life);
    const ends = found.liveness === "alive" ? goodbye(life, found) : Promise.resolve();
    await ends.catch((error: unknown) => {
      if (!isAdapterFailure(error)) throw error;
    });
  }
  await host.sweep(life.owner);
  const words = life.over ? [] : await lastWords(life);
  const { exit } = life.over ? { exit: null } : await look(life);
  await finish(life, exit ?? nobody, false, words);
};

/** A word for a program that has just died is not an error: its end is told as `exited`, and the daemon decides with that. */
const unlessGone = async (life: Life, work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    if ((await look(life)).liveness !== "dead") throw error;
    life.context.log("info", error.message);
  }
};

const interrupt = async (life: Life, turn: string): Promise<void> => {
  if (life.state.turn?.id === turn && !life.interrupting) await interruptTurn(life);
};

const cannot = (what: string) =>
  adapterFailure(`A program in a terminal cannot be ${what}.`, {
    kind: "unsupported",
    code: "steer_unsupported",
    remedy: "Send it as a prompt of its own.",
    retryable: false,
  });

export const makeLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  return {
    start: () => start(life),
    attach: () => attach(life),
    prompt: ({ turn, text }) => unlessGone(life, typePrompt(life, turn, text)),
    steer: () => Promise.reject(cannot("steered")),
    interrupt: ({ turn }) => unlessGone(life, interrupt(life, turn)),
    // It never asks.
    answer: async () => undefined,
    stop: ({ force }) => stop(life, force),
    liveness: async () => (await look(life)).liveness,
    detach: async () => {
      life.leaving.abort();
      await life.watching;
    },
  };
};
