import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The environment that points Claude Code (2.1.197) at a fake LLM, with a folder of its own instead of the person's.
 * Put it over an environment with PATH and HOME. `bypassAsRoot` lets root start it with permissions bypassed.
 */
export function claudeEnv(options: {
  configDir: string;
  url: string;
  bypassAsRoot?: boolean;
}): Record<string, string> {
  return {
    CLAUDE_CONFIG_DIR: options.configDir,
    ANTHROPIC_BASE_URL: options.url,
    ANTHROPIC_API_KEY: dummyKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    // The default of 10 makes a failing turn last minutes.
    CLAUDE_CODE_MAX_RETRIES: "1",
    ...(options.bypassAsRoot ? { IS_SANDBOX: "1" } : {}),
  };
}

export interface CodexHome {
  /** Becomes CODEX_HOME. Made when it does not exist. */
  readonly dir: string;
  readonly url: string;
  /** Must be in Codex's own catalogue: for others it leaves out apply_patch. */
  readonly model?: string;
  readonly approvalPolicy?: "untrusted" | "on-request" | "never";
  readonly sandboxMode?: "read-only" | "workspace-write" | "danger-full-access";
  /** Folders that need no question of trust. */
  readonly trusted?: readonly string[];
  /** Feature flags; `default_mode_request_user_input: true` lets Codex ask questions outside its plan mode. */
  readonly features?: Readonly<Record<string, boolean>>;
}

/** Writes the `config.toml` that points Codex (0.169.0) at a fake LLM, over one that is there. */
export async function writeCodexHome(home: CodexHome): Promise<void> {
  const lines = [
    `model = ${toml(home.model ?? "gpt-5.5")}`,
    `model_provider = "fake"`,
    `approval_policy = ${toml(home.approvalPolicy ?? "on-request")}`,
    `sandbox_mode = ${toml(home.sandboxMode ?? "workspace-write")}`,
    `check_for_update_on_startup = false`,
    // Else a warning about flags still in development comes as the first item of every session.
    `suppress_unstable_features_warning = true`,
    `[model_providers.fake]`,
    `name = "Fake"`,
    `base_url = ${toml(`${home.url}/v1`)}`,
    `wire_api = "responses"`,
    `env_key = "FAKE_LLM_KEY"`,
    `request_max_retries = 1`,
    `stream_max_retries = 1`,
    `[features]`,
    ...Object.entries(home.features ?? {}).map(([name, isOn]) => `${name} = ${isOn}`),
    ...(home.trusted ?? []).flatMap((folder) => [
      `[projects.${toml(folder)}]`,
      `trust_level = "trusted"`,
    ]),
  ];
  await mkdir(temporaryFolder(home.dir), { recursive: true });
  await writeFile(join(home.dir, "config.toml"), `${lines.join("\n")}\n`);
}

/**
 * The environment for a home that `writeCodexHome` wrote. It moves TMPDIR into the home: Codex 0.169.0 makes no sandbox
 * executable when CODEX_HOME lies under the temporary folder, as a test's home does, and then every command fails with
 * `bwrap: execvp codex-linux-sandbox`.
 */
export function codexEnv(options: { home: string }): Record<string, string> {
  return {
    CODEX_HOME: options.home,
    FAKE_LLM_KEY: dummyKey,
    TMPDIR: temporaryFolder(options.home),
  };
}

/**
 * Writes the settings that let Gemini CLI (0.61.0) start without a question, and gives the environment that points it at a fake
 * LLM. `home` becomes its HOME.
 */
export async function makeGeminiHome(options: {
  home: string;
  url: string;
}): Promise<Record<string, string>> {
  const settings = {
    security: { auth: { selectedType: "gemini-api-key" } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    // The default of 10 makes a failing turn last minutes.
    general: { enableAutoUpdate: false, disableAutoUpdate: true, maxAttempts: 2 },
  };
  await mkdir(join(options.home, ".gemini"), { recursive: true });
  await writeFile(join(options.home, ".gemini", "settings.json"), JSON.stringify(settings));
  return {
    HOME: options.home,
    GEMINI_API_KEY: dummyKey,
    GOOGLE_GEMINI_BASE_URL: options.url,
    // Else it starts itself a second time, for more memory.
    GEMINI_CLI_NO_RELAUNCH: "true",
  };
}

/**
 * Writes the configuration that makes a fake LLM the only provider of opencode (1.18.33), with two models, and gives the
 * environment for it. `home` becomes its HOME.
 */
export async function makeOpencodeHome(options: {
  home: string;
  url: string;
}): Promise<Record<string, string>> {
  const cost = { input: 1, output: 2, cache_read: 0.1, cache_write: 1 };
  const limit = { context: 200_000, output: 8_000 };
  const config = {
    model: "fake/one",
    small_model: "fake/one",
    share: "disabled",
    autoupdate: false,
    provider: {
      fake: {
        npm: "@ai-sdk/openai-compatible",
        name: "Fake",
        options: { baseURL: `${options.url}/v1`, apiKey: dummyKey },
        models: { one: { name: "One", cost, limit }, two: { name: "Two", cost, limit } },
      },
    },
  };
  const folder = join(options.home, ".config", "opencode");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "opencode.json"), JSON.stringify(config));
  return {
    HOME: options.home,
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
  };
}

const dummyKey = "sk-fake-000";

function temporaryFolder(home: string): string {
  return join(home, "temporary");
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function toml(text: string): string {
  return JSON.stringify(text);
}
