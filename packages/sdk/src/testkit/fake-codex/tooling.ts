/** The tools of a fake Codex, each with the question that the thread's policy wants asked first. */
import { quote } from "@skein/contract";
import type { OfferedTool } from "../fake-llm/conversation.ts";
import type { ToolCall } from "../fake-llm/tools.ts";
import { parsePatch, type Patch } from "./patch.ts";
import { mayRun, mayWriteFile, stopped, type Ran, type Sandbox, type Shell } from "./shell.ts";
import type { FakeItem, FakeTurn } from "./store.ts";
import { ask, emit, tellStatus, type Thread } from "./thread.ts";
import { completeItem, itemId, startItem } from "./item.ts";

export type Tooling = { readonly shell: Shell; readonly nextId: () => number };

export const offeredTools: readonly OfferedTool[] = [
  { name: "exec_command", form: "json" },
  { name: "apply_patch", form: "text" },
  { name: "request_user_input", form: "json" },
  { name: "ping", namespace: "mcp__tools", form: "json" },
];

const sandboxOf = (thread: Thread): Sandbox => thread.stored.sandbox as Sandbox;
/** untrusted: always. never: never. Granular and on-request: when the sandbox stands in the way. */
const asksAlways = (thread: Thread): boolean => thread.stored.approvalPolicy === "untrusted";
const asksNever = (thread: Thread): boolean => thread.stored.approvalPolicy === "never";

const allowedForSession = new WeakMap<Thread, Set<string>>();

/** The decision of whoever answers; "abort" when the turn was interrupted first. */
const decide = async (
  thread: Thread,
  turn: FakeTurn,
  deps: Tooling,
  about: { key: string; method: string; params: Record<string, unknown> },
): Promise<string> => {
  const allowed = allowedForSession.get(thread) ?? new Set<string>();
  allowedForSession.set(thread, allowed);
  if (allowed.has(about.key)) return "accept";
  const answer = await ask(thread, deps.nextId(), about.method, {
    turnId: turn.id,
    ...about.params,
  });
  thread.active?.stop.signal.throwIfAborted();
  tellStatus(thread);
  const decision = String((answer as { decision?: unknown } | undefined)?.decision);
  if (decision === "acceptForSession") allowed.add(about.key);
  return decision.startsWith("accept") ? "accept" : decision;
};

const runCommand = async (
  thread: Thread,
  turn: FakeTurn,
  command: string,
  deps: Tooling,
): Promise<string> => {
  const { cwd } = thread.stored;
  const line = `/bin/bash -lc ${quote(command)}`;
  const item = {
    type: "commandExecution",
    id: itemId("call"),
    command: line,
    cwd,
    status: "inProgress",
    commandActions: [{ type: "unknown", command }],
    aggregatedOutput: null as string | null,
    exitCode: null as number | null,
  };
  startItem(thread, item);
  const inSandbox = mayRun(sandboxOf(thread), cwd, command);
  if (asksAlways(thread) || (!inSandbox && !asksNever(thread))) {
    const reason = asksAlways(thread) ? undefined : "command failed; retry without sandbox?";
    const params = { kind: "command", itemId: item.id, command: line, cwd, reason };
    const about = { key: line, method: "item/commandExecution/requestApproval", params };
    if ((await decide(thread, turn, deps, about)) !== "accept") {
      completeItem(thread, turn, { ...item, status: "declined" });
      return "exec_command was rejected by user";
    }
  } else if (!inSandbox) return ranCommand(thread, turn, item, stopped);
  return execute(thread, turn, item, command, deps);
};

type CommandItem = FakeItem & { readonly aggregatedOutput: string | null };

const ranCommand = (thread: Thread, turn: FakeTurn, item: CommandItem, ran: Ran): string => {
  const { output, exitCode } = ran;
  const status = exitCode === 0 ? "completed" : "failed";
  completeItem(thread, turn, { ...item, aggregatedOutput: output, exitCode, status });
  return `Process exited with code ${exitCode}\nOutput:\n${output}`;
};

const execute = async (
  thread: Thread,
  turn: FakeTurn,
  item: CommandItem,
  command: string,
  deps: Tooling,
): Promise<string> => {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const signal = thread.active?.stop.signal;
  const abort = () => reject(new Error("interrupted"));
  signal?.addEventListener("abort", abort, { once: true });
  const said = (delta: string) =>
    emit(thread, "item/commandExecution/outputDelta", { turnId: turn.id, itemId: item.id, delta });
  const ran = deps.shell
    .run(thread.stored.id, command, thread.stored.cwd, said)
    // After an interrupt it goes on, and its end is told when it comes.
    .then((result) => ranCommand(thread, turn, item, result));
  return Promise.race([ran, interrupted]).finally(() =>
    signal?.removeEventListener("abort", abort),
  );
};

const patchFiles = async (
  thread: Thread,
  turn: FakeTurn,
  patch: Patch,
  deps: Tooling,
): Promise<string> => {
  const { path, kind, diff } = patch;
  const inSandbox = mayWriteFile(sandboxOf(thread), thread.stored.cwd, path);
  if (!inSandbox && asksNever(thread))
    return "patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings";
  const item = {
    type: "fileChange",
    id: itemId("call"),
    changes: [{ path, kind, diff }],
    status: "inProgress",
  };
  startItem(thread, item);
  if (asksAlways(thread) || !inSandbox) {
    const params = { itemId: item.id, reason: null, grantRoot: null };
    const about = { key: path, method: "item/fileChange/requestApproval", params };
    if ((await decide(thread, turn, deps, about)) !== "accept") {
      completeItem(thread, turn, { ...item, status: "declined" });
      return "patch rejected by user";
    }
  }
  try {
    patch.apply();
  } catch (error) {
    completeItem(thread, turn, { ...item, status: "failed" });
    return String(error);
  }
  completeItem(thread, turn, { ...item, status: "completed" });
  return `Success. Updated the following files:\n${kind.type === "add" ? "A" : "M"} ${path}`;
};

const askPerson = async (
  thread: Thread,
  turn: FakeTurn,
  input: Record<string, unknown>,
  deps: Tooling,
): Promise<string> => {
  if (!thread.canAsk) return "request_user_input is unavailable in Default mode";
  const given = (input["questions"] ?? []) as Record<string, unknown>[];
  const questions = given.map((one) => ({ ...one, isOther: true, isSecret: false }));
  const params = { turnId: turn.id, itemId: itemId("call"), questions, isBlocking: true };
  const answer = await ask(thread, deps.nextId(), "item/tool/requestUserInput", params);
  thread.active?.stop.signal.throwIfAborted();
  tellStatus(thread);
  return JSON.stringify(answer);
};

const callMcp = async (
  thread: Thread,
  turn: FakeTurn,
  name: string,
  input: unknown,
  deps: Tooling,
): Promise<string> => {
  const item = {
    type: "mcpToolCall",
    id: itemId("call"),
    server: "tools",
    tool: name,
    arguments: input,
  };
  const ended = (status: string, result: unknown, message: string | null) =>
    completeItem(thread, turn, { ...item, status, result, error: message && { message } });
  startItem(thread, { ...item, status: "inProgress", result: null, error: null });
  if (asksNever(thread) && sandboxOf(thread) !== "danger-full-access") {
    ended("failed", null, "MCP tool call requires approval, but approval policy is never");
    return "MCP tool call requires approval, but approval policy is never";
  }
  if (!asksNever(thread)) {
    const _meta = {
      codex_approval_kind: "mcp_tool_call",
      persist: ["session", "always"],
      tool_name: name,
      tool_params: input,
    };
    const message = `Allow the tools MCP server to run tool "${name}"?`;
    const params = {
      turnId: turn.id,
      serverName: "tools",
      mode: "form",
      _meta,
      message,
      requestedSchema: {},
    };
    const answer = await ask(thread, deps.nextId(), "mcpServer/elicitation/request", params);
    thread.active?.stop.signal.throwIfAborted();
    tellStatus(thread);
    if ((answer as { action?: unknown } | undefined)?.action !== "accept") {
      ended("failed", null, "user rejected MCP tool call");
      return "user rejected MCP tool call";
    }
  }
  const text = `pong ${JSON.stringify(input)}`;
  ended("completed", { content: [{ type: "text", text }] }, null);
  return text;
};

/** What the model is told of the call. Rejects when the turn is interrupted meanwhile. */
export const callTool = async (
  thread: Thread,
  turn: FakeTurn,
  call: ToolCall,
  deps: Tooling,
): Promise<string> => {
  const { name, input } = call;
  const fields = (typeof input === "string" ? {} : input) as Record<string, unknown>;
  if (name === "exec_command") return runCommand(thread, turn, String(fields["cmd"]), deps);
  if (name === "request_user_input") return askPerson(thread, turn, fields, deps);
  if (call.namespace !== undefined) return callMcp(thread, turn, name, input, deps);
  const isPatch = name === "apply_patch" && typeof input === "string";
  const patch = isPatch ? parsePatch(thread.stored.cwd, input) : null;
  if (patch !== null) return patchFiles(thread, turn, patch, deps);
  return `unsupported call: ${name}`;
};
