/** Asks Claude Code (2.1.197) what it is: its version, its login, its models. Starts no session and spends no tokens. */
import type { BackendContext, Detached, ProbeResult } from "@skein/sdk";
import { askProcess } from "../lines/ask.ts";
import { initializeFrame, initializeId } from "./frames.ts";
import { knownModels, readLogin, readModels } from "./models.ts";
import { modeEnv } from "./modes.ts";
import { notInstalled, streamFlags } from "./process.ts";
import { readLine, type Json } from "./wire.ts";

const flags = [
  ...streamFlags,
  "--no-session-persistence",
  "--strict-mcp-config",
  "--setting-sources",
  "user",
  // The person's settings may hold the login; their hooks have no business here.
  "--settings",
  '{"disableAllHooks":true}',
];

const absent: ProbeResult = {
  found: false,
  command: null,
  version: null,
  login: "unknown",
  loginDetail: null,
  models: knownModels,
  modelsSource: "known-list",
  remedy: notInstalled.remedy,
};

const versionOf = async (
  context: BackendContext,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string | null> => {
  const { host, timing } = context;
  const env = modeEnv(context.env, "guarded", false);
  const options = { env, timeoutMs: timing.startMs, signal };
  const result = await host.run([...command, "--version"], options);
  return /\d+\.\d+\.\d+\S*/.exec(result.stdout)?.[0] ?? null;
};

const initializeOf = async (detached: Detached): Promise<Json | null> => {
  await detached.write(initializeFrame);
  for await (const { text } of detached.lines(0)) {
    const line = readLine(text);
    if (line.type === "response" && line.request === initializeId) return line.body;
  }
  return null;
};

/** Ended as soon as it has answered: left to itself, its exit takes seconds when the API cannot be reached. */
const ask = (
  context: BackendContext,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<Json | null> => {
  const spec = {
    argv: [...command, ...flags] as const,
    env: modeEnv(context.env, "guarded", false),
  };
  return askProcess(context, "claude-code", spec, signal, initializeOf);
};

const remedyOf = (login: ProbeResult["login"], asked: boolean): string | null => {
  if (!asked) return "It did not answer; start `claude` by hand to see what it says.";
  return login === "logged-out"
    ? "Log in: start `claude` and type /login, or set ANTHROPIC_API_KEY."
    : null;
};

/** Never rejects: an agent that is not there is a finding. */
export const probe = async (context: BackendContext, signal: AbortSignal): Promise<ProbeResult> => {
  const { command } = context;
  if (command === null) return absent;
  const failed = (error: unknown): null => {
    context.log("warn", "Claude Code could not be asked", { error: String(error) });
    return null;
  };
  const [version, initialize] = await Promise.all([
    versionOf(context, command, signal).catch(failed),
    ask(context, command, signal).catch(failed),
  ]);
  if (version === null && initialize === null) return { ...absent, command: command[0] };
  const models = initialize === null ? [] : readModels(initialize);
  const { login, loginDetail } = readLogin(initialize ?? {});
  return {
    found: true,
    command: command[0],
    version,
    login,
    loginDetail,
    models: models.length > 0 ? models : knownModels,
    modelsSource: models.length > 0 ? "asked" : "known-list",
    remedy: remedyOf(login, initialize !== null),
  };
};
