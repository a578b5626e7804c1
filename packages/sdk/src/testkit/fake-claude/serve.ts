/** The stand-in itself: flags, conversation, and the lines on stdin. */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { makeAsking } from "./asking.ts";
import { readFlags, type Env, type Flags } from "./flags.ts";
import { parseRules } from "./permissions.ts";
import { runPrompt, type Prompt, type Session } from "./run.ts";
import { exists, openTranscript } from "./transcript.ts";
import { makeMeter, makeVoice, say } from "./wire.ts";

const version = "2.1.197 (Claude Code)";
const efforts = ["low", "medium", "high", "xhigh", "max"];
const models = [
  { value: "default", resolvedModel: "claude-opus-4-8[1m]", displayName: "Default (recommended)" },
  { value: "opus[1m]", resolvedModel: "claude-opus-4-8[1m]", displayName: "Opus" },
  { value: "sonnet", resolvedModel: "claude-sonnet-5", displayName: "Sonnet" },
  { value: "haiku", resolvedModel: "claude-haiku-4-5-20251001", displayName: "Haiku" },
];
const allTools = [
  "Task",
  "AskUserQuestion",
  "Bash",
  "Edit",
  "EnterPlanMode",
  "ExitPlanMode",
  "Glob",
  "Grep",
  "NotebookEdit",
  "Read",
  "Skill",
  "WebFetch",
  "WebSearch",
  "Write",
];

type Line = Readonly<Record<string, unknown>>;

const die = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const object = (value: unknown): Line =>
  typeof value === "object" && value !== null ? (value as Line) : {};

/** The conversation that the flags ask for; ends the process where the real one would. */
const openConversation = (flags: Flags, env: Env) => {
  const { "session-id": given, resume } = flags;
  if (resume !== undefined && !exists(env, resume)) {
    const message = `No conversation found with session ID: ${resume}`;
    say({
      type: "result",
      subtype: "error_during_execution",
      is_error: true,
      num_turns: 0,
      errors: [message],
      session_id: randomUUID(),
      uuid: randomUUID(),
    });
    die(message);
  }
  if (given !== undefined && exists(env, given))
    die(`Error: Session ID ${given} is already in use.`);
  const id = (resume !== undefined && !flags["fork-session"] ? resume : given) ?? randomUUID();
  return openTranscript(env, id, resume ?? null);
};

const promptOf = (line: Line): Prompt => {
  const { content } = object(line["message"]);
  const blocks = Array.isArray(content) ? content.map(object) : [{ text: content }];
  const text = blocks
    .map((block) => (typeof block["text"] === "string" ? block["text"] : ""))
    .join("\n");
  return { uuid: typeof line["uuid"] === "string" ? line["uuid"] : randomUUID(), text, content };
};

const openSession = (flags: Flags, env: Env): Session => {
  const transcript = openConversation(flags, env);
  const chosen = flags.model ?? "default";
  const model = models.find((one) => one.value === chosen)?.resolvedModel ?? chosen;
  const offered = flags.tools === undefined ? allTools : flags.tools.split(",");
  const withheld = flags.disallowedTools?.split(",") ?? [];
  return {
    env,
    voice: makeVoice({ session: transcript.id, model }),
    meter: makeMeter(model),
    asking: makeAsking(),
    policy: {
      mode: flags["permission-mode"] ?? "default",
      rules: [...parseRules(flags.allowedTools ?? "")],
    },
    tools: offered.filter((tool) => !withheld.includes(tool)),
    model,
    transcript,
    isLoggedIn: (env["ANTHROPIC_API_KEY"] ?? "") !== "",
    joining: [],
  };
};

const serve = (flags: Flags, env: Env): void => {
  const session = openSession(flags, env);
  const seen = new Set<string>();
  const queue: Prompt[] = [];
  let running: AbortController | null = null;
  let ended = false;
  let failed = false;

  const work = async (): Promise<void> => {
    if (running !== null) return;
    for (let prompt = queue.shift(); prompt !== undefined; prompt = queue.shift()) {
      running = new AbortController();
      failed = (await runPrompt(session, prompt, running.signal)).error;
      // Too late for a tool boundary: a run of their own.
      queue.unshift(...session.joining.splice(0));
    }
    running = null;
    if (ended) process.exit(failed ? 1 : 0);
  };

  const user = (line: Line): void => {
    const prompt = promptOf(line);
    if (seen.has(prompt.uuid) || session.transcript.has(prompt.uuid)) {
      session.voice.echo(prompt.uuid, prompt.content, false);
      return;
    }
    seen.add(prompt.uuid);
    if (running !== null && line["priority"] !== "later") session.joining.push(prompt);
    else queue.push(prompt);
    void work();
  };

  const control = (line: Line): void => {
    const { subtype } = object(line["request"]);
    const id = line["request_id"];
    const answer = (response: object): void =>
      say({ type: "control_response", response: { request_id: id, ...response } });
    switch (subtype) {
      case "initialize":
        if (session.env["FAKE_CLAUDE_START"] === "silent") return;
        return answer({ subtype: "success", response: description(session.isLoggedIn) });
      case "interrupt":
        // A prompt that waits has begun its run by the time it is read: there is nothing between.
        running?.abort();
        return answer({ subtype: "success" });
      case "set_permission_mode":
        session.policy.mode = String(object(line["request"])["mode"]);
        return answer({ subtype: "success", response: { mode: session.policy.mode } });
      default:
        return answer({
          subtype: "error",
          error: `Unsupported control request subtype: ${String(subtype)}`,
        });
    }
  };

  const take = (text: string): void => {
    if (text.trim() === "") return;
    let line: Line = {};
    try {
      line = object(JSON.parse(text));
    } catch (error) {
      die(`Error parsing streaming input line: ${text.slice(0, 200)}: ${String(error)}`);
    }
    if (line["type"] === "user") user(line);
    if (line["type"] === "control_request") control(line);
    if (line["type"] === "control_response") session.asking.answered(line);
  };

  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGINT", () => process.exit(0));
  createInterface({ input: process.stdin, crlfDelay: Infinity })
    .on("line", take)
    .once("close", () => {
      ended = true;
      if (running === null) process.exit(failed ? 1 : 0);
    });
};

const description = (isLoggedIn: boolean) => ({
  commands: [],
  agents: [],
  output_style: "default",
  models: models.map((model) =>
    model.value === "haiku"
      ? model
      : { ...model, supportsEffort: true, supportedEffortLevels: efforts },
  ),
  account: {
    tokenSource: "none",
    ...(isLoggedIn ? { apiKeySource: "ANTHROPIC_API_KEY" } : {}),
    apiProvider: "firstParty",
  },
  pid: process.pid,
});

export const main = (argv: readonly string[], env: Env): void => {
  let flags: Flags;
  try {
    flags = readFlags(argv, env);
  } catch (error) {
    return die((error as Error).message);
  }
  if (flags.version) process.stdout.write(`${version}\n`);
  else serve(flags, env);
};
