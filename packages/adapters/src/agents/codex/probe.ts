/** What the Codex on this machine is: version, login, models. Asked from a short-lived app-server on stdio. */
import { LOCAL_HOST } from "@skein/contract";
import { pause, type BackendContext, type Detached, type ProbeResult } from "@skein/sdk";
import { join } from "node:path";
import type { GetAccountResponse } from "./generated/protocol.ts";
import { askModels, KNOWN_MODELS } from "./models.ts";
import { makeFolder } from "./process.ts";
import { initializeParams, parseFrame } from "./wire.ts";

type Login = Pick<ProbeResult, "login" | "loginDetail">;

const OWNER = { session: "codex-probe", generation: 1 };

const nothing = (remedy: string): ProbeResult => ({
  found: false,
  command: null,
  version: null,
  login: "unknown",
  loginDetail: null,
  models: KNOWN_MODELS,
  modelsSource: "known-list",
  remedy,
});

const INSTALL =
  "Install it with `npm install -g @openai/codex`, or name it in backends.codex.command.";

const versionOf = async (
  backend: BackendContext,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string | null> => {
  const { env, host, timing } = backend;
  const ran = await host
    .run([...command, "--version"], { env, timeoutMs: timing.startMs, signal })
    .catch(() => null);
  if (ran === null || ran.exitCode !== 0) return null;
  return /\d+\.\d+\.\d+\S*/.exec(ran.stdout)?.[0] ?? null;
};

export const loginOf = ({ account, requiresOpenaiAuth }: GetAccountResponse): Login => {
  if (account === null) {
    // A model provider of the person's own, with a key in an environment variable: nobody has tried it yet.
    if (!requiresOpenaiAuth)
      return {
        login: "unknown",
        loginDetail: "the model provider in config.toml needs no OpenAI login",
      };
    return { login: "logged-out", loginDetail: null };
  }
  switch (account.type) {
    case "apiKey":
      return { login: "api-key", loginDetail: "OpenAI API key" };
    case "chatgpt":
      return {
        login: "logged-in",
        loginDetail: [account.email, account.planType].filter(Boolean).join(", "),
      };
    default:
      return { login: "logged-in", loginDetail: account.type };
  }
};

/** Calls over stdin and stdout, one after the other. End-of-file on stdin would end the server before it answers (0.169.0). */
const makeAsking = (server: Detached) => {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const read = async (): Promise<void> => {
    for await (const { text } of server.lines(0)) {
      const frame = parseFrame(text);
      if (frame?.frame === "result") waiting.get(Number(frame.id))?.resolve(frame.result);
      if (frame?.frame === "error")
        waiting.get(Number(frame.id))?.reject(new Error(frame.error.message));
    }
    for (const each of waiting.values()) each.reject(new Error("The app-server ended."));
  };
  let last = 0;
  const call = async (method: string, params: unknown): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    // The server may end while the question is still being written: nobody waits for the answer yet.
    answer.promise.catch(() => undefined);
    const id = (last += 1);
    waiting.set(id, answer);
    await server.write(JSON.stringify({ method, id, params }));
    return answer.promise;
  };
  return { call, read };
};

const ask = async (server: Detached, ownVersion: string) => {
  const { call, read } = makeAsking(server);
  read().catch(() => undefined);
  await call("initialize", initializeParams(ownVersion));
  await server.write(JSON.stringify({ method: "initialized" }));
  const account = (await call("account/read", {})) as GetAccountResponse;
  return { ...loginOf(account), models: await askModels(call) };
};

const interview = async (
  backend: BackendContext,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof ask>> | null> => {
  const { host, env, clock, timing } = backend;
  const dir = join(backend.dir, "probe");
  // Of a daemon that was killed while it asked.
  await host.sweep(OWNER);
  await host.remove(dir);
  await makeFolder(backend, backend.dir);
  const argv = [...command, "app-server"] as const;
  const server = await host.start({ dir, argv, env, folder: backend.dir, owner: OWNER });
  const aborted = Promise.withResolvers<null>();
  const abort = () => aborted.resolve(null);
  signal.addEventListener("abort", abort, { once: true });
  // An abort that came while the server was being started is not told again.
  if (signal.aborted) abort();
  try {
    const late = pause(clock, timing.startMs).then(() => null);
    return await Promise.race([
      ask(server, backend.version),
      late,
      aborted.promise,
      server.exited.then(() => null),
    ]);
  } finally {
    signal.removeEventListener("abort", abort);
    await server.terminate(timing.graceMs);
    await server.close();
    await host.remove(dir);
  }
};

/** Never rejects; leaves no process behind. */
export const probeCodex = async (
  backend: BackendContext,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const { command } = backend;
  if (command === null) return nothing(INSTALL);
  const version = await versionOf(backend, command, signal);
  if (version === null) {
    const asked = command.join(" ");
    return { ...nothing(`\`${asked} --version\` does not work: ${INSTALL}`), command: asked };
  }
  const told = await interview(backend, command, signal).catch((error: unknown) => {
    backend.log("warn", "Codex could not be asked for its models", { error: String(error) });
    return null;
  });
  const base = { found: true, command: command.join(" "), version } as const;
  if (told === null)
    return {
      ...base,
      login: "unknown",
      loginDetail: null,
      models: KNOWN_MODELS,
      modelsSource: "known-list",
      remedy: "Run `codex app-server` in a terminal and read what it says.",
    };
  const { models, ...login } = told;
  const { id } = backend.host;
  const where = id === LOCAL_HOST ? "this machine" : id;
  const remedy = login.login === "logged-out" ? `Run \`codex login\` on ${where}.` : null;
  return { ...base, ...login, models, modelsSource: "asked", remedy };
};
