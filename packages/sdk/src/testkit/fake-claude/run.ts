/** One run: from a prompt to its result. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { untilThere } from "../fake-llm/held.ts";
import { planAnswer, type Plan } from "../fake-llm/plan.ts";
import type { Asking } from "./asking.ts";
import type { Env } from "./flags.ts";
import { misbehave } from "./misbehave.ts";
import { decide, suggestions, type Input, type Policy, type Rule } from "./permissions.ts";
import { useTool, type ToolResult } from "./toolbox.ts";
import type { Transcript } from "./transcript.ts";
import { usageOf, type Meter, type Voice } from "./wire.ts";

export type Prompt = { readonly uuid: string; readonly text: string; readonly content: unknown };

export type Session = {
  readonly env: Env;
  readonly voice: Voice;
  readonly meter: Meter;
  readonly asking: Asking;
  readonly policy: Policy;
  readonly tools: readonly string[];
  readonly model: string;
  readonly transcript: Transcript;
  readonly isLoggedIn: boolean;
  /** Prompts that came during the run and may join it at a tool boundary. */
  readonly joining: Prompt[];
};

type End = { readonly error: boolean };
type Answer = Extract<Plan, { does: "answer" }>;
type Call = { readonly name: string; readonly input: Input };

const retryPauseMs = 20;
const retried = (status: number): boolean => status === 401 || status === 429 || status >= 500;
const errorWord = (status: number): string => {
  if (status === 401 || status === 403) return "authentication_failed";
  if (status === 404) return "model_not_found";
  if (status === 429) return "rate_limit";
  if (status === 529) return "overloaded";
  return status >= 500 ? "server_error" : "unknown";
};

const rejection =
  "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed.";

/** What an interrupt leaves undone. */
const aborted = Symbol("aborted");

const makeRun = (session: Session, prompt: Prompt, signal: AbortSignal) => {
  const { voice, meter, policy, transcript } = session;
  const before = meter.requests();
  const results: string[] = [];
  const failures = new Set<string>();
  let isEchoed = false;
  const maxRetries = Number(session.env["CLAUDE_CODE_MAX_RETRIES"] ?? 10);

  const echo = (): void => {
    if (!isEchoed) voice.echo(prompt.uuid, prompt.content, true);
    isEchoed = true;
  };

  const used = (counted: boolean) => ({
    ...meter.sums(),
    usage: usageOf(counted ? meter.requests() - before : 0),
  });

  const fail = (text: string, error: string, status: number | null): End => {
    echo();
    voice.synthetic(text, error);
    voice.result({
      subtype: "success",
      is_error: true,
      api_error_status: status,
      num_turns: 1,
      result: text,
      stop_reason: "stop_sequence",
      terminal_reason: "completed",
      ...used(false),
    });
    return { error: true };
  };

  const stopped = (reason: "aborted_streaming" | "aborted_tools"): End => {
    echo();
    const mark = reason === "aborted_tools" ? " for tool use" : "";
    voice.user([{ type: "text", text: `[Request interrupted by user${mark}]` }]);
    voice.result({
      subtype: "error_during_execution",
      is_error: true,
      num_turns: 2,
      stop_reason: null,
      terminal_reason: reason,
      errors: ["[ede_diagnostic] result_type=user"],
      ...used(reason === "aborted_tools"),
    });
    return { error: true };
  };

  const pause = async (ms: number): Promise<boolean> => {
    try {
      await sleep(ms, undefined, { signal });
      return true;
    } catch {
      return false;
    }
  };

  const retry = async (from: number, status: number | null, error: string): Promise<boolean> => {
    for (let attempt = from; attempt <= maxRetries; attempt += 1) {
      voice.system("api_retry", {
        attempt,
        max_retries: maxRetries,
        retry_delay_ms: retryPauseMs,
        error_status: status,
        error,
      });
      if (!(await pause(retryPauseMs))) return false;
    }
    return true;
  };

  const failRequest = async (status: number, text: string): Promise<End | "again"> => {
    const error = errorWord(status);
    if (retried(status)) {
      const key = JSON.stringify([status, text]);
      if (!failures.has(key)) {
        failures.add(key);
        const attempt = { attempt: 1, max_retries: maxRetries, retry_delay_ms: retryPauseMs };
        voice.system("api_retry", { ...attempt, error_status: status, error });
        if (!(await pause(retryPauseMs))) return stopped("aborted_streaming");
        return "again";
      }
      if (!(await retry(2, status, error))) return stopped("aborted_streaming");
    }
    if (status === 404) return fail("There's an issue with the selected model.", error, status);
    const said = status === 401 || status === 403 ? "Failed to authenticate. " : "";
    return fail(
      `${said}API Error: ${status} ${text}`,
      error === "overloaded" ? "server_error" : error,
      status,
    );
  };

  /** What streamed before it was cut, said once; then the retries that do not help. */
  const cut = async (): Promise<End> => {
    if (!(await retry(1, null, "unknown"))) return stopped("aborted_streaming");
    return fail("API Error: Unable to connect to API (ECONNRESET)", "server_error", null);
  };

  const speak = async (plan: Answer): Promise<Call | "said" | "cut" | typeof aborted> => {
    if (plan.silentMs !== undefined && !(await pause(plan.silentMs))) return aborted;
    meter.request();
    const id = `msg_${randomUUID().replaceAll("-", "")}`;
    voice.streamStart(id);
    let deltas = 0;
    for (const [index, block] of plan.blocks.entries()) {
      if (block.type === "call") {
        const input = typeof block.call.input === "string" ? {} : block.call.input;
        const call = {
          type: "tool_use",
          id: `toolu_${randomUUID().replaceAll("-", "")}`,
          name: block.call.name,
        };
        voice.event({ type: "content_block_start", index, content_block: { ...call, input: {} } });
        echo();
        voice.assistant(id, { ...call, input });
        voice.event({ type: "content_block_stop", index });
        voice.event({ type: "message_stop" });
        return { name: call.name, input: { ...input, "": call.id } };
      }
      const isText = block.type === "text";
      const empty = isText ? { type: "text", text: "" } : { type: "thinking", thinking: "" };
      voice.event({ type: "content_block_start", index, content_block: empty });
      let said = "";
      for (const text of isText ? block.deltas : [block.text]) {
        if (plan.paceMs !== undefined && !(await pause(plan.paceMs))) {
          echo();
          if (said !== "") voice.assistant(id, { type: "text", text: said });
          return aborted;
        }
        said += text;
        const delta = isText
          ? { type: "text_delta", text }
          : { type: "thinking_delta", thinking: text };
        voice.event({ type: "content_block_delta", index, delta });
        deltas += 1;
        if (deltas === plan.cutAfter) return "cut";
      }
      const isStopped = !(await untilThere(plan.heldUntil, pause));
      echo();
      voice.assistant(
        id,
        isText
          ? { type: "text", text: said }
          : { type: "thinking", thinking: said, signature: "fake" },
      );
      if (isStopped) return aborted;
      voice.event({ type: "content_block_stop", index });
    }
    voice.event({ type: "message_stop" });
    return "said";
  };

  const perform = async (
    tool: string,
    input: Input,
    id: string,
  ): Promise<ToolResult | typeof aborted> => {
    if (!session.tools.includes(tool)) {
      const content = `<tool_use_error>Error: No such tool available: ${tool}.</tool_use_error>`;
      return { content, isError: true, told: content };
    }
    if (tool === "EnterPlanMode") policy.mode = "plan";
    const verdict = decide(policy, tool, input);
    if (verdict === "deny") {
      const content = `Permission to use ${tool} has been denied because Claude Code is running in don't ask mode.`;
      return { content, isError: true, told: `Error: ${content}` };
    }
    if (verdict === "allow") return useTool(tool, input, signal);
    const path = input["file_path"];
    // The real one shows the whole path in what it asks, and takes the model's own in what it does.
    const shown = typeof path === "string" ? { ...input, file_path: absolute(path) } : input;
    const answer = await session.asking.ask(tool, shown, id, suggestions(tool, input), signal);
    if (answer === null) return aborted;
    if (answer["behavior"] === "deny") {
      if (answer["interrupt"] === true) return aborted;
      const content = typeof answer["message"] === "string" ? answer["message"] : "";
      return { content, isError: true, told: `Error: ${content}` };
    }
    const updated = answer["updatedInput"];
    if (typeof updated !== "object" || updated === null) {
      const content = "Tool permission request failed: ZodError: updatedInput: expected record";
      return { content, isError: true, told: `Error: ${content}` };
    }
    for (const one of (answer["updatedPermissions"] ?? []) as readonly {
      rules?: readonly Rule[];
    }[])
      policy.rules.push(...(one.rules ?? []));
    return useTool(tool, updated as Input, signal);
  };

  const join = (): void => {
    for (const joined of session.joining.splice(0)) {
      voice.echo(joined.uuid, joined.content, true);
      transcript.add(joined);
    }
  };

  const call = async ({ name, input }: Call): Promise<boolean> => {
    const { "": id, ...rest } = input;
    const toolUse = String(id);
    const result = await perform(name, rest, toolUse);
    const wasStopped = result === aborted || signal.aborted;
    const content = wasStopped ? rejection : (result as ToolResult).content;
    const isError = wasStopped || (result as ToolResult).isError;
    const block = { tool_use_id: toolUse, type: "tool_result", content, is_error: isError };
    const told = wasStopped ? "User rejected tool use" : (result as ToolResult).told;
    voice.user([block], { tool_use_result: told });
    results.push(content);
    return !wasStopped;
  };

  const answer = async (): Promise<End> => {
    for (;;) {
      voice.system("status", { status: "requesting" });
      const conversation = {
        id: transcript.id,
        model: session.model,
        stream: true,
        asksForTitle: false,
        turns: transcript.turns(),
        results,
        tools: session.tools.map((name) => ({ name, form: "json" as const })),
      };
      const plan = planAnswer(
        conversation,
        (key) => !failures.has(key) && failures.add(key).size > 0,
      );
      if (plan.does === "fail") {
        const end = await failRequest(plan.status, plan.text);
        if (end === "again") continue;
        return end;
      }
      const said = await speak(plan);
      if (said === aborted) return stopped("aborted_streaming");
      if (said === "cut") return cut();
      if (said === "said") return done(plan);
      if (!(await call(said))) return stopped("aborted_tools");
      join();
    }
  };

  const done = (plan: Answer): End => {
    const last = plan.blocks.at(-1);
    const text = last?.type === "text" ? last.deltas.join("") : "";
    // A response that ends too early is a success all the same, of which no tokens are told.
    const isTruncated = plan.isTruncated === true;
    voice.result({
      subtype: "success",
      is_error: false,
      api_error_status: null,
      num_turns: results.length + 1,
      result: text,
      stop_reason: isTruncated ? null : "end_turn",
      terminal_reason: "completed",
      ...used(!isTruncated),
    });
    return { error: false };
  };

  return { answer, fail };
};

const absolute = (path: string): string =>
  path.startsWith("/") ? path : `${process.cwd()}/${path}`;

/** The prompt stands in the transcript when the run begins. Never rejects. */
export const runPrompt = async (
  session: Session,
  prompt: Prompt,
  signal: AbortSignal,
): Promise<End> => {
  const { voice, policy, model, tools } = session;
  voice.system("init", {
    cwd: process.cwd(),
    tools,
    mcp_servers: [],
    model,
    permissionMode: policy.mode,
    apiKeySource: session.isLoggedIn ? "ANTHROPIC_API_KEY" : "none",
    claude_code_version: "2.1.197",
  });
  // A path is none (2.1.197).
  const command = /^\/[\w:-]+(?=\s|$)/.exec(prompt.text)?.[0];
  if (command !== undefined) {
    const text = `Unknown command: ${command}`;
    voice.synthetic(text);
    voice.result({
      subtype: "success",
      is_error: false,
      num_turns: 0,
      stop_reason: null,
      result: text,
      ...session.meter.sums(),
      usage: usageOf(0),
    });
    return { error: false };
  }
  session.transcript.add(prompt);
  const run = makeRun(session, prompt, signal);
  if (!session.isLoggedIn)
    return run.fail("Not logged in · Please run /login", "authentication_failed", null);
  misbehave(prompt.text, voice);
  return run.answer();
};
