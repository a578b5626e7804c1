/** The app-server of a fake Codex: what it answers to each frame of each client. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { METHODS, unloadLater, type Surroundings } from "./methods.ts";
import { makeShell } from "./shell.ts";
import { makeStore } from "./store.ts";
import { isRefusal, parse, refusal, type Client } from "./wire.ts";

export type FakeServer = {
  hear(client: Client, frame: string): void;
  gone(client: Client): void;
  /** Ends all commands that it runs. */
  close(): void;
};

/** Only what the tests write: `model = "…"`, `model_provider = "…"`, and a mistake. */
const readConfig = (home: string) => {
  const path = join(home, "config.toml");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const value = (key: string) => new RegExp(`^${key} = "([^"]*)"`, "m").exec(text)?.[1];
  const mistake = text.split("\n").findIndex((line) => /=\s*=/.test(line));
  return {
    model: value("model") ?? "gpt-5.5",
    modelProvider: value("model_provider") ?? "openai",
    problem: mistake === -1 ? null : `${path}:${mistake + 1}:9: extra \`=\`, expected nothing`,
  };
};

/**
 * Login, by files in CODEX_HOME: `auth.json` is an API key; `logged-out` is neither a login nor a network, so that a turn
 * never ends by itself; without both the model provider needs no login.
 */
export const readLogin = (home: string) => {
  if (existsSync(join(home, "auth.json")))
    return { account: { type: "apiKey" }, requiresOpenaiAuth: true };
  return { account: null, requiresOpenaiAuth: existsSync(join(home, "logged-out")) };
};

export const makeFakeServer = (
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): FakeServer => {
  const store = makeStore(home);
  const shell = makeShell(env);
  const seen = new Set<string>();
  let last = -1;
  const around: Surroundings = {
    home,
    store,
    threads: new Map(),
    badConfig: () => readConfig(home).problem,
    defaults: () => readConfig(home),
    account: () => readLogin(home),
    turns: {
      store,
      shell,
      nextId: () => (last += 1),
      isFirstTime: (key) => !seen.has(key) && seen.add(key) !== null,
      isOffline: () => existsSync(join(home, "logged-out")),
    },
  };
  const broken = around.badConfig();

  const initialize = (client: Client, id: string | number): void => {
    if (client.initialized) return client.send({ id, ...refusal("Already initialized") });
    client.initialized = true;
    client.send({ id, result: { userAgent: "fake-codex/0.169.0", codexHome: home } });
    if (broken === null) return;
    const params = { summary: "Invalid configuration; using defaults.", details: broken };
    client.send({ method: "configWarning", params });
  };

  const answered = (id: number, result: unknown): void => {
    for (const thread of around.threads.values()) thread.pending.get(id)?.settle(result);
  };

  return {
    hear: (client, frame) => {
      const message = parse(frame);
      if (message === null) return;
      const { id, method, params = {} } = message;
      if (method === undefined) return answered(Number(id), message.result);
      if (id === undefined) return;
      if (method === "initialize") return initialize(client, id);
      if (!client.initialized) return client.send({ id, ...refusal("Not initialized") });
      const run = METHODS[method];
      const result =
        run === undefined
          ? refusal(`Invalid request: unknown variant \`${method}\``)
          : run(params, client, around);
      client.send(isRefusal(result) ? { id, error: result.error } : { id, result });
    },
    gone: (client) => {
      for (const thread of around.threads.values())
        if (thread.clients.delete(client)) unloadLater(thread, around);
    },
    close: () => shell.cleanAll(),
  };
};
