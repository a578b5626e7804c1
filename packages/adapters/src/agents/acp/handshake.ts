/**
 * From the first word to an agent that is ready: initialize, open the conversation, choose mode, model and effort. Pure: each
 * answer gives the next request, and what is under way is in the state, so that another daemon can ask again.
 */
import type { Fact } from "@skein/sdk";
import type { AcpAgent } from "./agents.ts";
import { chain, folded, type Folded, type Settings } from "./fold.ts";
import type { Known, Setting, State } from "./state.ts";
import {
  isObject,
  list,
  number,
  object,
  requestFrame,
  string,
  type Json,
  type WireError,
} from "./wire.ts";

export const initializeId = "skein-initialize";
const openId = "skein-open";
const settingId = "skein-setting";

/** No file system and no terminal of ours: agents have their own, and gemini 0.61.0 cannot make a file through a client's. */
export const initializeFrame = ({ client }: AcpAgent, version: string): string =>
  requestFrame(initializeId, "initialize", {
    protocolVersion: 1,
    clientCapabilities: {
      fs: { readTextFile: false, writeTextFile: false },
      terminal: false,
      ...(client === undefined ? {} : { _meta: client }),
    },
    clientInfo: { name: "skein", title: "Skein", version },
  });

export const knownOf = (result: Json): Known => {
  const can = object(result["agentCapabilities"]);
  const sessions = object(can["sessionCapabilities"]);
  const about = object(result["agentInfo"]);
  return {
    name: string(about["title"]) ?? string(about["name"]),
    version: string(about["version"]),
    load: can["loadSession"] === true,
    resume: isObject(sessions["resume"]),
    fork: isObject(sessions["fork"]),
  };
};

/** What an error says beyond its sentence stands in one of two places. */
export const wholeMessage = ({ message, data }: WireError): string => {
  const details = string(data["details"]) ?? string(data["message"]);
  if (details === null || message.includes(details)) return message;
  return message === "Internal error" ? details : `${message}: ${details}`;
};

const failed = (state: State, step: string, code: number, message: string): Folded =>
  folded({ ...state, phase: "failed", failure: { step, code, message } });

/** null: the agent says that it has no way to do that. */
const openFrame = (known: Known, settings: Settings): string | null => {
  const { conversation, folder, agent, permissions } = settings;
  const meta = agent.meta?.[permissions];
  const place = { cwd: folder, mcpServers: [], ...(meta === undefined ? {} : { _meta: meta }) };
  switch (conversation.how) {
    case "new":
      return requestFrame(openId, "session/new", place);
    case "fork":
      return known.fork
        ? requestFrame(openId, "session/fork", { sessionId: conversation.from, ...place })
        : null;
    case "resume": {
      // Loading tells the whole conversation once more, which is then left out; resuming does not.
      const method = known.resume ? "session/resume" : known.load ? "session/load" : null;
      return method === null
        ? null
        : requestFrame(openId, method, { sessionId: conversation.id, ...place });
    }
  }
};

const onInitialized = (state: State, result: Json, settings: Settings): Folded => {
  const version = number(result["protocolVersion"]);
  if (version !== 1) return failed(state, "version", 0, String(version));
  const known = knownOf(result);
  const frame = openFrame(known, settings);
  const next: State = { ...state, known, phase: "open" };
  if (frame === null) return failed(next, settings.conversation.how, 0, "not offered");
  return folded(next, [], { orders: [frame] });
};

type Choice = { readonly id: string; readonly now: string | null; readonly values: string[] };

/** Options may stand in groups. */
const valuesOf = (options: unknown): string[] =>
  list(options).flatMap((one) => {
    const option = object(one);
    const value = string(option["value"]);
    return value === null ? valuesOf(option["options"]) : [value];
  });

const choiceOf = (result: Json, category: string): Choice | null => {
  const options = list(result["configOptions"]).map(object);
  const found =
    options.find((one) => one["category"] === category) ??
    options.find((one) => one["id"] === category);
  const id = string(found?.["id"]);
  if (found === undefined || id === null) return null;
  return { id, now: string(found["currentValue"]), values: valuesOf(found["options"]) };
};

const optionSetting = (
  what: Setting["what"],
  choice: Choice,
  session: string,
  value: string,
): Setting => ({
  what,
  method: "session/set_config_option",
  params: { sessionId: session, configId: choice.id, value },
});

const modesOffered = (result: Json): readonly string[] => [
  ...(choiceOf(result, "mode")?.values ?? []),
  ...list(object(result["modes"])["availableModes"]).flatMap((one) => {
    const id = string(object(one)["id"]);
    return id === null ? [] : [id];
  }),
];

/** The mode that is needed has another name now, or is gone: whatever mode it is in may do more. null: all is well. */
const modeFailure = (result: Json, { agent, permissions }: Settings): string | null => {
  const wanted = agent.modes?.[permissions];
  const offered = modesOffered(result);
  if (wanted === undefined || offered.length === 0 || offered.includes(wanted)) return null;
  return `'${wanted}', which ${permissions} needs; it has ${[...new Set(offered)].join(", ")}`;
};

const modeSettings = (result: Json, session: string, wanted: string | undefined): Setting[] => {
  if (wanted === undefined) return [];
  const choice = choiceOf(result, "mode");
  if (choice !== null && choice.values.includes(wanted))
    return choice.now === wanted ? [] : [optionSetting("mode", choice, session, wanted)];
  const modes = object(result["modes"]);
  if (!modesOffered(result).includes(wanted) || modes["currentModeId"] === wanted) return [];
  const params = { sessionId: session, modeId: wanted };
  return [{ what: "mode", method: "session/set_mode", params }];
};

const modelSettings = (result: Json, session: string, wanted: string | null): Setting[] => {
  if (wanted === null) return [];
  const choice = choiceOf(result, "model");
  if (choice !== null)
    return choice.now === wanted ? [] : [optionSetting("model", choice, session, wanted)];
  if (!isObject(result["models"])) return [];
  if (result["models"]["currentModelId"] === wanted) return [];
  const params = { sessionId: session, modelId: wanted };
  return [{ what: "model", method: "session/set_model", params }];
};

/** How hard the model thinks may depend on the model: it is chosen after it, by the answer to that. */
const effortSettings = (result: Json, session: string, wanted: string | null): Setting[] => {
  const choice = wanted === null ? null : choiceOf(result, "thought_level");
  if (choice === null || wanted === null || choice.now === wanted) return [];
  return [optionSetting("effort", choice, session, wanted)];
};

const currentModel = (result: Json): string | null =>
  choiceOf(result, "model")?.now ?? string(object(result["models"])["currentModelId"]);

const settingFrame = ({ method, params }: Setting): string =>
  requestFrame(settingId, method, params);

/** Under way now, for another daemon to ask again; null: nothing. */
export const pendingFrame = (state: State, settings: Settings, version: string): string | null => {
  if (state.phase === "initialize") return initializeFrame(settings.agent, version);
  if (state.phase === "open") return openFrame(state.known, settings);
  const [setting] = state.settings;
  return state.phase === "configure" && setting !== undefined ? settingFrame(setting) : null;
};

/** What it will say it costs begins at nothing, but for those that count the whole conversation. */
const costAtStart = ({ agent, conversation }: Settings): number | null =>
  agent.costOfConversation === true && conversation.how !== "new" ? null : 0;

const configureNext = (state: State, settings: Settings): Folded => {
  const [setting] = state.settings;
  if (setting !== undefined)
    return folded({ ...state, phase: "configure" }, [], { orders: [settingFrame(setting)] });
  // Gemini CLI 0.61.0 goes on telling what was said after it has answered.
  const isTold = settings.conversation.how === "resume" && !state.known.resume;
  return isTold ? folded({ ...state, phase: "settling" }) : becomeReady(state, settings);
};

export const becomeReady = (state: State, settings: Settings): Folded => {
  const isOld = settings.conversation.how === "resume";
  const started: Fact = {
    fact: "started",
    pid: settings.pid,
    // One without words can be neither resumed nor forked: it is told of with the first of them.
    providerSessionId: isOld ? state.conversation : null,
    model: state.model,
    adopted: false,
  };
  return folded(
    { ...state, phase: "ready", told: isOld, cost: state.cost ?? costAtStart(settings) },
    [started],
  );
};

const onOpened = (state: State, result: Json, settings: Settings): Folded => {
  const { conversation, agent, permissions } = settings;
  const session =
    string(result["sessionId"]) ?? (conversation.how === "resume" ? conversation.id : null);
  if (session === null) return failed(state, "open", 0, "it named no session");
  const modeless = modeFailure(result, settings);
  if (modeless !== null) return failed(state, "modes", 0, modeless);
  const next: State = {
    ...state,
    conversation: session,
    model: settings.model ?? currentModel(result),
    settings: [
      ...modeSettings(result, session, agent.modes?.[permissions]),
      ...modelSettings(result, session, settings.model),
      ...effortSettings(result, session, settings.effort),
    ],
  };
  return configureNext(next, settings);
};

const onSet = (state: State, settings: Settings): Folded =>
  configureNext({ ...state, settings: state.settings.slice(1) }, settings);

/** An answer to one of the three. Others, and a second answer to the same, change nothing. */
export const onHandshake = (
  state: State,
  id: unknown,
  answer: { readonly result: Json } | { readonly error: WireError },
  settings: Settings,
): Folded => {
  const steps: Partial<Record<State["phase"], string>> = {
    initialize: initializeId,
    open: openId,
    configure: settingId,
  };
  if (steps[state.phase] !== id) return folded(state);
  if ("error" in answer) {
    const step = state.phase === "configure" ? (state.settings[0]?.what ?? "mode") : state.phase;
    return failed(state, step, answer.error.code, wholeMessage(answer.error));
  }
  if (state.phase === "initialize") return onInitialized(state, answer.result, settings);
  if (state.phase === "open")
    return chain(folded(state), (before) => onOpened(before, answer.result, settings));
  return onSet(state, settings);
};
