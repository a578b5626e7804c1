/** Asks an ACP agent what it is: its name, version and what it can. Opens no session and spends no tokens. */
import type { Capabilities } from "@skein/contract";
import type { BackendContext, Detached, ProbeResult } from "@skein/sdk";
import { askProcess } from "../lines/ask.ts";
import type { AcpAgent } from "./agents.ts";
import { initializeFrame, initializeId, knownOf } from "./handshake.ts";
import { argvOf } from "./process.ts";
import type { Known } from "./state.ts";
import { readLine, type Json } from "./wire.ts";

const absent = (agent: AcpAgent): ProbeResult => ({
  found: false,
  command: null,
  version: null,
  login: "unknown",
  loginDetail: null,
  models: [],
  modelsSource: "known-list",
  remedy: agent.install,
});

const initializeOf = async (
  agent: AcpAgent,
  detached: Detached,
  version: string,
): Promise<Json | null> => {
  await detached.write(initializeFrame(agent, version));
  for await (const { text } of detached.lines(0)) {
    const line = readLine(text);
    if (line.type === "result" && line.id === initializeId) return line.result;
    if (line.type === "error" && line.id === initializeId) return null;
  }
  return null;
};

const ask = (
  agent: AcpAgent,
  context: BackendContext,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<Json | null> => {
  const spec = { argv: argvOf(agent, command), env: context.env };
  return askProcess(context, agent.id, spec, signal, (process) =>
    initializeOf(agent, process, context.version),
  );
};

const capabilitiesOf = ({ load, resume, fork }: Known): Capabilities => ({
  steer: false,
  fork,
  resume: resume || load,
  questions: false,
});

/**
 * Never rejects: an agent that is not there is a finding. Its models and its login show only in a session, which would be one
 * more in the person's list at each start: they are not asked for.
 */
export const probe = async (
  agent: AcpAgent,
  context: BackendContext,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const { command } = context;
  if (command === null) return absent(agent);
  const failed = (error: unknown): null => {
    context.log("warn", `${agent.title} could not be asked`, { error: String(error) });
    return null;
  };
  const result = await ask(agent, context, command, signal).catch(failed);
  const known = result === null ? null : knownOf(result);
  return {
    ...absent(agent),
    found: true,
    command: command[0],
    version: known?.version ?? null,
    ...(known === null ? {} : { capabilities: capabilitiesOf(known) }),
    remedy: known === null ? "It did not answer; start it by hand to see what it says." : null,
  };
};
