/** The parrot as an agent of Skein's: glue, and what it can and cannot. */
import {
  adapterFailure,
  isAdapterFailure,
  type AgentDriver,
  type AgentLink,
  type BackendContext,
  type ProbeResult,
  type SessionContext,
} from "@skein/sdk";
import { makeLife } from "./life.ts";
import { promptLine, stopLine } from "./wire.ts";

const unsupported = () =>
  adapterFailure("The parrot cannot be steered.", {
    kind: "unsupported",
    code: "steer_unsupported",
    remedy: "Send it without steer.",
    retryable: false,
  });

const makeLink = (context: SessionContext): AgentLink => {
  const life = makeLife(context);
  let starting: Promise<void> = Promise.resolve();
  return {
    start: () => (starting = life.start()),
    attach: async () => {
      try {
        if (await life.find()) return "alive";
        await life.foundDead();
        return "dead";
      } catch (error) {
        if (!isAdapterFailure(error)) throw error;
        await context.report({ facts: [{ fact: "unreachable", reason: error.message }] });
        return "unknown";
      }
    },
    // The parrot takes no turn twice, so it may be told twice.
    prompt: async ({ turn, text }) => life.process()?.write(promptLine(turn, text)),
    steer: async () => {
      throw unsupported();
    },
    interrupt: async ({ turn }) => {
      if (life.state().turn === turn) await life.process()?.write(stopLine(turn));
    },
    answer: async () => undefined,
    stop: async ({ force }) => {
      await starting.catch(() => undefined);
      await life.stop(force ? 0 : context.backend.timing.graceMs);
    },
    liveness: async () => life.process()?.liveness() ?? "dead",
    detach: life.letGo,
  };
};

const MISSING = {
  found: false,
  command: null,
  version: null,
  remedy: "Install the parrot, or name it in backends.parrot.command.",
} as const;

const probe = async ({ command, host, env, timing }: BackendContext): Promise<ProbeResult> => {
  const known = {
    login: "unknown",
    loginDetail: null,
    models: [],
    modelsSource: "known-list",
  } as const;
  if (command === null) return { ...known, ...MISSING };
  const timeoutMs = timing.startMs;
  const ran = await host.run([...command, "--version"], { env, timeoutMs }).catch(() => null);
  const version = /\d[\d.]*/.exec(ran?.stdout ?? "")?.[0] ?? null;
  if (version === null) return { ...known, ...MISSING };
  return { ...known, found: true, command: command.join(" "), version, remedy: null };
};

export const makeParrotDriver = (): AgentDriver => ({
  id: "parrot",
  title: "Parrot",
  program: "parrot",
  envPrefixes: ["PARROT_"],
  capabilities: { steer: false, fork: false, resume: false, questions: false },
  interfaces: ["protocol"],
  probe,
  open: makeLink,
  close: async () => undefined,
});
