/** The fold's first half: what the hooks tell. Pure. */
import type { Fact } from "@skein/sdk";
import { approvalOf, grantsOf } from "../asks.ts";
import { readOnlyRefusal, refusesUnasked } from "../modes.ts";
import { oneLine, pathOf, isEdit } from "../tools.ts";
import { string, type AskLine, type Json } from "../wire.ts";
import { stepped, chained, type Settings, type Step } from "./step.ts";
import type { State } from "./state.ts";
import { submit } from "./turns.ts";
import type { Hook } from "./wire.ts";

type Of<T extends Hook["hook"]> = Extract<Hook, { hook: T }>;

/** The same for what is asked and for the call that is made of it: the dialog shows whole paths, the model may give others. */
export const keyOf = (tool: string, input: Json, folder: string): string => {
  if (tool === "Bash") return oneLine(`Bash ${string(input["command"]) ?? ""}`);
  if (isEdit(tool)) return `${tool} ${pathOf(input, folder)}`;
  return oneLine(`${tool} ${JSON.stringify(input)}`);
};

export const askOf = (
  request: string,
  { tool, input, suggestions }: Of<"permission">,
): AskLine => ({
  type: "ask",
  request,
  tool,
  input,
  toolUse: null,
  description: string(input["description"]),
  reason: null,
  suggestions,
});

/** Rules are patterns: a command that holds one of these would mean others too. */
const isPattern = /[*\n]/;

/**
 * What `always` grants. In the TUI the CLI suggests its own modes for commands that change files; we grant the very command
 * instead, and nothing else.
 */
export const grantsFor = (ask: AskLine, folder: string): readonly Json[] => {
  const grants = grantsOf(ask, folder);
  const command = string(ask.input["command"]) ?? "";
  if (grants.length > 0 || ask.tool !== "Bash" || command === "" || isPattern.test(command))
    return grants;
  return [
    {
      type: "addRules",
      rules: [{ toolName: "Bash", ruleContent: command }],
      behavior: "allow",
      destination: "session",
    },
  ];
};

/** Where its transcript lies is known from the first hook on, but for a fork: that names the one it copies. */
const onStart = (state: State, hook: Of<"start">, settings: Settings): Step => {
  const isCopied = settings.forkFrom !== null && hook.sessionId === settings.forkFrom;
  const path = isCopied ? null : hook.transcript;
  const file =
    path === null || path === state.file?.path
      ? state.file
      : { path, offset: 0, passing: hook.source === "resume" };
  const place = file === state.file ? state : { ...state, file, young: true, held: [] };
  const next = { ...place, model: hook.model ?? state.model };
  if (state.ready) return stepped(next);
  const started: Fact = {
    fact: "started",
    pid: settings.pid,
    providerSessionId: state.conversation,
    reserved: state.conversation === null ? settings.reserved : null,
    model: next.model ?? settings.model,
    adopted: false,
  };
  return stepped({ ...next, ready: true }, [started]);
};

/** The vendor's id is told when the conversation has words in it: before, it can be neither resumed nor forked. */
const converse = (state: State, sessionId: string | null): Step =>
  sessionId === null || sessionId === state.conversation
    ? stepped(state)
    : stepped({ ...state, conversation: sessionId }, [
        { fact: "provider-session", providerSessionId: sessionId },
      ]);

const onPrompt = (state: State, hook: Of<"prompt">, settings: Settings): Step => {
  const { transcript, sessionId, promptId, text } = hook;
  const moved =
    transcript === null || transcript === state.file?.path
      ? state
      : {
          ...state,
          file: { path: transcript, offset: 0, passing: true },
          young: true,
          held: [],
        };
  return chained(converse(moved, sessionId), (after) =>
    submit(after, { promptId, text }, settings.now),
  );
};

const onPermission = (
  state: State,
  hook: Of<"permission">,
  name: string,
  settings: Settings,
): Step => {
  const { folder, permissions } = settings;
  const refused = refusesUnasked(permissions, hook.tool);
  const ask = { tool: hook.tool, key: keyOf(hook.tool, hook.input, folder), refused };
  const next = { ...state, asks: { ...state.asks, [name]: ask } };
  if (refused)
    return stepped(
      next,
      [],
      [{ order: "refuse", request: name, message: readOnlyRefusal(hook.tool) }],
    );
  const line = askOf(name, hook);
  const { title, request } = approvalOf(line, folder);
  const canAlways = grantsFor(line, folder).length > 0;
  return stepped(next, [{ fact: "asked", request: name, title, approval: request, canAlways }]);
};

const onOver = (state: State, hook: Of<"stop" | "failure">): Step => {
  const { turn } = state;
  const { promptId, said } = hook;
  if (turn === null || (promptId !== null && promptId !== turn.promptId)) return stepped(state);
  const fault = hook.hook === "failure" ? hook.error : turn.fault;
  return stepped({ ...state, turn: { ...turn, over: hook.hook, said, fault } });
};

/** `name`: of the file with its payload, which is the request's own name too. */
export const onHook = (state: State, name: string, hook: Hook, settings: Settings): Step => {
  switch (hook.hook) {
    case "start":
      return onStart(state, hook, settings);
    case "prompt":
      return onPrompt(state, hook, settings);
    case "permission":
      return onPermission(state, hook, name, settings);
    case "stop":
    case "failure":
      return onOver(state, hook);
    case "other":
      return stepped(state);
  }
};
