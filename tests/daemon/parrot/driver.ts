/** The parrot as an agent of Skein's: what it can and cannot, and whether it is there. */
import type { AgentDriver, BackendContext, ProbeResult } from "@skein/sdk";
import { makeLink } from "./link.ts";

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
