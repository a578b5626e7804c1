/**
 * A stand-in for the TUI (2.1.197) and its terminal, inside the test: it takes pastes and keys, runs the hooks that it was given
 * with a shell, writes transcript and status file as the real one does, and has a process of its own that can be killed.
 *
 * Words of a prompt: `SAY text`, `RUN command` (asks first), `WAIT` (until it is interrupted, before its first word),
 * `TALK` (the same, after one), `FAIL status`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Exit, TerminalKey, TerminalLook, TerminalSpec, Terminals } from "@skein/sdk";
import { noTerminals } from "@skein/sdk/testkit";

type Hooks = Readonly<
  Record<string, readonly { readonly hooks: readonly { readonly command: string }[] }[]>
>;
type Ended = Pick<Exit, "exitCode" | "signal">;
type Decided = {
  readonly behavior: string;
  readonly message?: string;
  readonly updatedPermissions?: readonly unknown[];
};

export type Tui = {
  readonly config: string;
  /** What the model was given, in order. */
  readonly heard: string[];
  readonly pressed: TerminalKey[];
  readonly grants: unknown[];
  spec: TerminalSpec | null;
  child: ChildProcess | null;
  exit: Ended | null;
  ended: PromiseWithResolvers<Ended>;
  hooks: Hooks;
  id: string;
  /** What stands in the input line. */
  input: string;
  queue: string[];
  busy: boolean;
  starts: number;
  interrupt: (() => void) | null;
  /** The dialog that is open. */
  decide: ((answer: "allow" | "deny") => void) | null;
  held: ChildProcess | null;
  /** All hooks so far: the group of one may still be there. */
  running: Set<ChildProcess>;
  promptId: string;
  /** The newest line of the transcript. */
  last: string | null;
  lastCtrlC: number;
  /** Of Escape, one after the other, at rest. */
  escapes: number;
  /** So often a menu was opened. */
  menus: number;
  /** The next turn's transcript is written after its end, and the end first: as a fork's is. */
  late: string[] | null;
  /** Called once, just before something is pasted. */
  onPaste: (() => void) | null;
  /** So many of Enter come with the paste, for it: they are no Enter to it. */
  deaf: number;
  /** So many starts find their configuration overwritten by another. */
  forgets: number;
};

const used = { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2 };

const projects = ({ config }: Tui): string => join(config, "projects", "work");
const transcript = (tui: Tui): string => join(projects(tui), `${tui.id}.jsonl`);

const write = (tui: Tui, lines: readonly string[]): void => {
  mkdirSync(projects(tui), { recursive: true });
  appendFileSync(transcript(tui), lines.join(""));
};

const add = (tui: Tui, line: object): void => {
  const uuid = randomUUID();
  const whole = { uuid, parentUuid: tui.last, sessionId: tui.id, isSidechain: false, ...line };
  tui.last = uuid;
  const text = `${JSON.stringify(whole)}\n`;
  if (tui.late === null) write(tui, [text]);
  else tui.late.push(text);
};

const status = ({ config, child }: Tui, state: string): void => {
  mkdirSync(join(config, "sessions"), { recursive: true });
  const told = { status: state, statusUpdatedAt: Date.now() };
  writeFileSync(join(config, "sessions", `${child?.pid}.json`), JSON.stringify(told));
};

/** What the hook printed. */
const hook = (tui: Tui, event: string, more: object): Promise<string> => {
  const command = tui.hooks[event]?.[0]?.hooks[0]?.command;
  const { promise, resolve } = Promise.withResolvers<string>();
  if (command === undefined) return Promise.resolve("");
  const child = spawn("sh", ["-c", command], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  tui.running.add(child);
  if (event === "PermissionRequest") tui.held = child;
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.on("close", () => resolve(said));
  child.stdin?.on("error", () => undefined);
  const where = { session_id: tui.id, transcript_path: transcript(tui) };
  const payload = { ...where, hook_event_name: event, prompt_id: tui.promptId, ...more };
  child.stdin?.end(JSON.stringify(payload));
  return promise;
};

export const speak = (
  tui: Tui,
  message: string,
  content: object,
  stopReason: string | null,
): void =>
  add(tui, {
    type: "assistant",
    message: {
      id: message,
      role: "assistant",
      model: "claude-test",
      stop_reason: stopReason,
      content: [content],
      usage: used,
    },
  });

const userLine = (tui: Tui, content: unknown, more: object = {}): void =>
  add(tui, {
    type: "user",
    promptId: tui.promptId,
    message: { role: "user", content },
    ...more,
  });

/** null: refused at the dialog, or interrupted. */
const ask = async (tui: Tui, tool: string, toolInput: object): Promise<Decided | null> => {
  status(tui, "waiting");
  const local = Promise.withResolvers<Decided | null>();
  tui.decide = (answer) => local.resolve(answer === "allow" ? { behavior: "allow" } : null);
  tui.interrupt = () => local.resolve(null);
  const held = hook(tui, "PermissionRequest", { tool_name: tool, tool_input: toolInput });
  const remote = held.then((said) => {
    if (said === "") return local.promise;
    const told = JSON.parse(said) as { hookSpecificOutput: { decision: Decided } };
    return told.hookSpecificOutput.decision;
  });
  const decision = await Promise.race([local.promise, remote]);
  if (decision === null) tui.held?.kill("SIGTERM");
  [tui.decide, tui.interrupt] = [null, null];
  status(tui, "busy");
  return decision;
};

/** false: the turn ends with it. */
const useTool = async (tui: Tui, command: string): Promise<boolean> => {
  const id = `toolu_${randomUUID()}`;
  const input = { command, description: "a test" };
  speak(tui, `msg_${id}`, { type: "tool_use", id, name: "Bash", input }, "tool_use");
  const decision = await ask(tui, "Bash", input);
  const result = (content: string, isError: boolean, told: unknown): void =>
    userLine(tui, [{ type: "tool_result", tool_use_id: id, content, is_error: isError }], {
      toolUseResult: told,
    });
  if (decision === null) {
    result("The user doesn't want to proceed with this tool use.", true, "User rejected");
    userLine(tui, [{ type: "text", text: "[Request interrupted by user for tool use]" }]);
    return false;
  }
  tui.grants.push(...(decision.updatedPermissions ?? []));
  if (decision.behavior === "deny") result(decision.message ?? "", true, "Error");
  else result("ran", false, { stdout: "ran", stderr: "", interrupted: false });
  return true;
};

const stopped = (tui: Tui): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  tui.interrupt = resolve;
  return promise;
};

/** The last words of a turn; null: it was interrupted, and has told so itself. */
const act = async (tui: Tui, text: string): Promise<string | null> => {
  const run = /RUN (.*)/.exec(text)?.[1];
  if (run !== undefined && !(await useTool(tui, run))) return null;
  if (text.includes("WAIT")) {
    await stopped(tui);
    tui.input = text;
    return null;
  }
  if (text.includes("TALK")) {
    speak(tui, "msg_talk", { type: "text", text: "well" }, null);
    await stopped(tui);
    userLine(tui, [{ type: "text", text: "[Request interrupted by user]" }]);
    return null;
  }
  return /SAY (.*)/.exec(text)?.[1] ?? "done";
};

const fail = async (tui: Tui, apiErrorStatus: number): Promise<void> => {
  const content = [{ type: "text", text: `API Error: ${apiErrorStatus}` }];
  const message = { id: "failed", model: "<synthetic>", content, usage: {} };
  const error = "server_error";
  add(tui, { type: "assistant", isApiErrorMessage: true, apiErrorStatus, error, message });
  await hook(tui, "StopFailure", { error });
  add(tui, { type: "system", subtype: "turn_duration" });
};

const finish = async (tui: Tui, said: string): Promise<void> => {
  speak(tui, `msg_${tui.promptId}`, { type: "text", text: said }, "end_turn");
  await hook(tui, "Stop", { last_assistant_message: said });
  add(tui, { type: "system", subtype: "stop_hook_summary" });
  add(tui, { type: "system", subtype: "turn_duration" });
};

const turn = async (tui: Tui, text: string): Promise<void> => {
  tui.busy = true;
  tui.promptId = randomUUID();
  status(tui, "busy");
  await hook(tui, "UserPromptSubmit", { prompt: text.trim() });
  tui.heard.push(text.trim());
  userLine(tui, text.trim());
  const code = /FAIL (\d+)/.exec(text)?.[1];
  if (code !== undefined) await fail(tui, Number(code));
  const said = code === undefined ? await act(tui, text) : null;
  if (said !== null) await finish(tui, said);
  const { late } = tui;
  tui.late = null;
  if (late !== null) write(tui, [late.at(-1) ?? "", ...late.slice(0, -1)]);
  tui.interrupt = null;
  tui.busy = false;
  const next = tui.queue.shift();
  if (next !== undefined) return turn(tui, next);
  status(tui, "idle");
};

export const submit = (tui: Tui): void => {
  const text = tui.input;
  tui.input = "";
  if (text.trim() === "") return;
  if (!tui.busy) return void turn(tui, text);
  tui.queue.push(text);
  add(tui, { type: "queue-operation", operation: "enqueue", content: text.trim() });
};

/** At rest two of them clear what stands there, but for the shell mode that it began; where nothing does, they open a menu. */
const escape = (tui: Tui): void => {
  if (tui.interrupt !== null) return tui.interrupt();
  tui.escapes += 1;
  if (tui.escapes < 2) return;
  tui.escapes = 0;
  if (tui.input === "") tui.menus += 1;
  else tui.input = tui.input.startsWith("!") ? "!" : "";
};

const press = (tui: Tui, key: TerminalKey): void => {
  tui.pressed.push(key);
  if (key === "Enter" && tui.deaf > 0) tui.deaf -= 1;
  else if (key === "Enter") submit(tui);
  if (key === "Escape") escape(tui);
  else tui.escapes = 0;
  if (key === "Space") tui.input += " ";
  if (key === "BSpace") tui.input = tui.input.slice(0, -1);
  if (key === "C-u") tui.input = tui.input.split("\n").slice(0, -1).join("\n");
  if (key !== "C-c") return;
  if (Date.now() - tui.lastCtrlC < 1_000) tui.child?.kill("SIGKILL");
  tui.lastCtrlC = Date.now();
  tui.input = "";
};

const flag = (argv: readonly string[], name: string): string | null => {
  const at = argv.indexOf(name);
  return at === -1 ? null : (argv[at + 1] ?? null);
};

const isTrusted = ({ config, spec }: Tui): boolean => {
  const told = JSON.parse(readFileSync(join(config, ".claude.json"), "utf8")) as {
    projects?: Record<string, { hasTrustDialogAccepted?: boolean }>;
  };
  return told.projects?.[spec?.folder ?? ""]?.hasTrustDialogAccepted === true;
};

const begin = async (tui: Tui, argv: readonly string[]): Promise<void> => {
  const settings = readFileSync(flag(argv, "--settings") ?? "", "utf8");
  tui.hooks = (JSON.parse(settings) as { hooks: Hooks }).hooks;
  const resumed = flag(argv, "--resume");
  tui.id = resumed ?? flag(argv, "--session-id") ?? "";
  if (resumed !== null && !existsSync(transcript(tui))) return void tui.child?.kill("SIGKILL");
  if (tui.forgets > 0) {
    tui.forgets -= 1;
    writeFileSync(join(tui.config, ".claude.json"), "{}");
  }
  // It would ask whether the folder is trusted, and wait.
  if (!isTrusted(tui)) return;
  const source = resumed === null ? "startup" : "resume";
  const started = hook(tui, "SessionStart", { source, model: "claude-test" });
  tui.id = flag(argv, "--session-id") ?? tui.id;
  await started;
  status(tui, "idle");
};

const look = async ({ child, exit }: Tui): Promise<TerminalLook> => {
  if (child === null) return { liveness: "dead", held: false, process: null, exit: null };
  if (exit !== null) return { liveness: "dead", held: true, process: null, exit };
  const process = { pid: child.pid ?? 0, started: "" };
  return { liveness: "alive", held: true, process, exit: null };
};

const open = async (tui: Tui, home: string, spec: TerminalSpec): Promise<TerminalLook> => {
  const isSame = tui.spec?.owner.generation === spec.owner.generation;
  if (tui.child !== null && tui.exit === null && isSame) return look(tui);
  tui.starts += 1;
  Object.assign(tui, { spec, exit: null, busy: false, queue: [], input: "" });
  tui.ended = Promise.withResolvers<Ended>();
  const { session, generation } = spec.owner;
  const marks = { SKEIN_HOME: home, SKEIN_SESSION: session, SKEIN_GENERATION: String(generation) };
  const env = { PATH: spec.env["PATH"] ?? "", ...marks };
  const child = spawn("sleep", ["600"], { env, detached: true, stdio: "ignore" });
  tui.child = child;
  const { ended } = tui;
  child.on("exit", (exitCode, signal) => {
    ended.resolve({ exitCode, signal });
    if (tui.child === child) tui.exit = { exitCode, signal };
  });
  void begin(tui, spec.argv);
  return look(tui);
};

const untilEnded = (tui: Tui, signal: AbortSignal): Promise<Ended> => {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => aborted.reject(new Error("aborted")));
  return Promise.race([tui.ended.promise, aborted.promise]);
};

/** What the dead program had to say. */
const lastScreen = async ({ id }: Tui) => ({
  columns: 80,
  rows: 24,
  lines: [`No conversation found with session ID: ${id}`],
  history: 0,
  cursor: { column: 0, row: 0 },
  title: "",
});

export const makeTui = (config: string): Tui => ({
  config,
  heard: [],
  pressed: [],
  grants: [],
  spec: null,
  child: null,
  exit: null,
  ended: Promise.withResolvers<Ended>(),
  hooks: {},
  id: "",
  input: "",
  queue: [],
  busy: false,
  starts: 0,
  interrupt: null,
  decide: null,
  held: null,
  running: new Set(),
  promptId: "",
  last: null,
  lastCtrlC: 0,
  escapes: 0,
  menus: 0,
  late: null,
  onPaste: null,
  deaf: 0,
  forgets: 0,
});

/** `home`: the state folder, for the marks of its process. */
export const terminalsOf = (tui: Tui, home: string): Terminals => ({
  ...noTerminals,
  open: (spec) => open(tui, home, spec),
  look: () => look(tui),
  paste: async (_id, text) => {
    tui.onPaste?.();
    tui.onPaste = null;
    tui.input += text;
  },
  keys: async (_id, keys) => keys.forEach((key) => press(tui, key)),
  ended: (_id, signal) => untilEnded(tui, signal),
  screen: () => lastScreen(tui),
});

export const isHeld = ({ held }: Tui): boolean =>
  held !== null && held.exitCode === null && held.signalCode === null;

/** With all that they started: who waits at a FIFO waits for ever once that is removed. */
export const endHooks = ({ running }: Tui): void => {
  for (const { pid } of running)
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // Gone in that moment.
    }
};
