/**
 * Any command line as an agent: typed into, and read off its terminal. Nothing is known of it but what it shows, and its status
 * says so (`source: screen`). It cannot ask, be steered or be forked, and started again it begins anew.
 */
import type { AgentDriver, BackendContext, ProbeResult } from "@skein/sdk";
import { makeLink } from "./link.ts";

const PROBE_MS = 5_000;

const found = {
  models: [],
  modelsSource: "known-list",
  login: "unknown",
  loginDetail: null,
} as const;

const missing: ProbeResult = {
  ...found,
  found: false,
  command: null,
  version: null,
  remedy: "Install tmux (apt install tmux), which holds the terminals.",
};

/** tmux is what it needs; which programs there are is for each session to say. */
const probe = async ({ command, host, env }: BackendContext): Promise<ProbeResult> => {
  if (command === null) return missing;
  const [path] = command;
  try {
    const { stdout } = await host.run([path, "-V"], { env, timeoutMs: PROBE_MS });
    const version = /\d[\w.-]*/.exec(stdout)?.[0] ?? null;
    return { ...found, found: true, command: path, version, remedy: null };
  } catch {
    return missing;
  }
};

export const makeTerminalDriver = (): AgentDriver => ({
  id: "terminal",
  title: "A program in a terminal",
  program: "tmux",
  takesProgram: true,
  envPrefixes: [],
  capabilities: { steer: false, fork: false, resume: false, questions: false },
  interfaces: ["tui"],
  probe,
  open: makeLink,
  close: async () => undefined,
});
