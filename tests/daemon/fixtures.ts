/** The scripted fakes as the scenario needs them: real processes with real homes, but no model and no network. */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fakeReplCommand, fakeUsage } from "@skein/sdk/testkit";
import { agentProcesses, untilTrue } from "../scenarios/processes.ts";
import type { Fixture } from "../scenarios/stage.ts";

const program = (name: string): string =>
  fileURLToPath(new URL(`../../packages/sdk/src/testkit/${name}/main.ts`, import.meta.url));

/** A flag of the form `--name=value`. */
const flag = (args: readonly string[], name: string): string | null =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;

const tokens = {
  inputTokens: fakeUsage.input,
  outputTokens: fakeUsage.output,
  cacheReadTokens: fakeUsage.cacheRead,
  cacheWriteTokens: fakeUsage.cacheCreation,
};

const everything = { steer: true, fork: true, resume: true, questions: true };

/** What `claude` is: a program that needs no other program before it. */
const launcher = async (place: string, name: string): Promise<string> => {
  await mkdir(join(place, "bin"), { recursive: true });
  const path = join(place, "bin", name);
  await writeFile(
    path,
    `#!/bin/sh\nexec "${process.execPath}" "${program(`fake-${name}`)}" "$@"\n`,
  );
  await chmod(path, 0o755);
  return path;
};

export const fakeClaudeBackend = async (place: string) => {
  const config = join(place, "claude");
  await mkdir(config, { recursive: true });
  return {
    command: await launcher(place, "claude"),
    env: {
      CLAUDE_CONFIG_DIR: config,
      ANTHROPIC_API_KEY: "sk-fake-000",
      CLAUDE_CODE_MAX_RETRIES: "1",
    },
  };
};

export const fakeClaude: Fixture = {
  id: "claude-code",
  capabilities: everything,
  prepare: fakeClaudeBackend,
  choice: { model: "sonnet", effort: "low", asked: "sonnet" },
  wanted: async ({ agentHome }, { id }) => {
    const [process] = (await agentProcesses(agentHome)).filter(({ session }) => session === id);
    const args = process?.args ?? [];
    return { model: flag(args, "model") ?? "", effort: flag(args, "effort") };
  },
  quiet: async ({ agentHome }, { id }) => {
    const spool = join(agentHome, "spool", id, "1", "out");
    await untilTrue("the turn has ended", async () =>
      (await readFile(spool, "utf8")).includes('"type":"result"'),
    );
  },
  tokens: { ...tokens, reasoningTokens: 0 },
  sharesProcess: false,
  breaks: ["GARBAGE", "FLOOD", "DIE", "HALF", "CHILD", "DEAF"],
  sandboxes: false,
};

export const fakeCodexBackend = async (place: string) => {
  const home = join(place, "codex");
  await mkdir(home, { recursive: true });
  return { command: await launcher(place, "codex"), env: { CODEX_HOME: home } };
};

type Thread = {
  readonly id: string;
  readonly model: string;
  readonly effort: string | null;
  readonly turns: readonly { readonly status: string }[];
};

const threads = async (place: string): Promise<Thread[]> => {
  const folder = join(place, "codex", "sessions");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Thread),
  );
};

export const fakeCodex: Fixture = {
  id: "codex",
  capabilities: everything,
  prepare: fakeCodexBackend,
  choice: { model: "gpt-6.1-sol", effort: "high", asked: "gpt-6.1-sol" },
  wanted: async ({ place }, agent) => {
    const { providerSessionId } = await agent.view();
    const thread = (await threads(place)).find(({ id }) => id === providerSessionId);
    return { model: thread?.model ?? "", effort: thread?.effort ?? null };
  },
  quiet: async ({ place }) => {
    await untilTrue("the turn has ended", async () =>
      (await threads(place).catch(() => [])).some(
        ({ turns }) => turns.at(-1)?.status === "completed",
      ),
    );
  },
  tokens: { ...tokens, reasoningTokens: fakeUsage.reasoning },
  sharesProcess: true,
  breaks: [],
  sandboxes: true,
};

/** The same scripted agent under any name that the configuration gives it: nothing of it is known out of the box. */
export const fakeAcpBackend = async (place: string) => {
  const home = join(place, "acp");
  await mkdir(home, { recursive: true });
  return { command: await launcher(place, "acp"), env: { FAKE_ACP_HOME: home } };
};

type StoredSession = {
  readonly id: string;
  readonly model: string;
  readonly effort: string;
  readonly turns: readonly string[];
  readonly ended: number;
};

const storedSessions = async (place: string): Promise<StoredSession[]> => {
  const folder = join(place, "acp", "sessions");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8"))),
  ) as Promise<StoredSession[]>;
};

export const fakeAcp: Fixture = {
  id: "acp:scripted",
  capabilities: { steer: false, fork: true, resume: true, questions: false },
  prepare: fakeAcpBackend,
  choice: { model: "fake-small", effort: "high", asked: "fake-small" },
  wanted: async ({ place }, agent) => {
    const { providerSessionId } = await agent.view();
    const found = (await storedSessions(place)).find(({ id }) => id === providerSessionId);
    return { model: found?.model ?? "", effort: found?.effort ?? null };
  },
  quiet: async ({ place }) => {
    await untilTrue("the turn has ended", async () =>
      (await storedSessions(place).catch(() => [])).some(
        ({ turns, ended }) => ended === turns.length,
      ),
    );
  },
  tokens: { ...tokens, reasoningTokens: fakeUsage.reasoning },
  sharesProcess: false,
  breaks: ["GARBAGE", "FLOOD", "DIE", "HALF", "CHILD", "DEAF"],
  sandboxes: false,
};

/** A scripted program in a terminal: typed into, and read off its screen. */
export const fakeRepl: Fixture = {
  id: "terminal",
  capabilities: { steer: false, fork: false, resume: false, questions: false },
  create: {
    permissions: "full",
    program: { argv: [...fakeReplCommand], quietMs: 300, ready: "^> ?$" },
  },
  prepare: async (place) => ({ env: { FAKE_REPL_LOG: join(place, "repl.log") } }),
  without: [
    {
      steps: /^what a turn used|^model and effort/,
      why: "nobody tells what it uses, or of which model",
    },
    { steps: /odd characters arrive unchanged/, why: "control characters are keys to a terminal" },
    {
      steps:
        /is asked|is denied|that is denied|is not asked twice|first decision|an approval|^what lies in the folder|^(read-only|guarded|workspace):|waiting for a person/,
      why: "it asks nobody, and full permissions are all that it has",
    },
    {
      steps: /^(FAIL|CUT|FAILONCE)|login is missing/,
      why: "what goes wrong at a vendor's is text on a screen",
    },
  ],
  choice: { model: "", effort: "", asked: "" },
  wanted: async () => ({ model: "", effort: null }),
  quiet: async ({ place }, { id }, prompt) => {
    const done = JSON.stringify({ session: id, prompt });
    await untilTrue("the prompt is worked off", async () =>
      (await readFile(join(place, "repl.log"), "utf8").catch(() => "")).includes(done),
    );
  },
  tokens: null,
  sharesProcess: false,
  breaks: ["GARBAGE", "FLOOD", "CHILD", "DEAF"],
  sandboxes: false,
};
