/** Prompts that begin with a slash: to some agents these are commands, even where they have none of that name. Pure. */
import type { AcpAgent } from "./agents.ts";
import type { Settings } from "./fold.ts";
import type { State } from "./state.ts";
import { list, object, string, type Json } from "./wire.ts";

/** Far more than any agent has. What is beyond is then no command. */
const keptCommands = 500;

export const withCommands = (state: State, update: Json, { agent }: Settings): State => {
  if (agent.unlistedCommands === undefined) return state;
  const names = list(update["availableCommands"]).map((one) => string(object(one)["name"]) ?? "");
  return { ...state, commands: names.slice(0, keptCommands) };
};

/** Shows nothing, and is no blank that is cut off; on a line of its own, so that no model copies it into a path. */
const invisibleLine = "\u2060\n";

/** The words as this agent must get them, so that they reach its model. */
export const wordsFor = (
  text: string,
  { unlistedCommands: unlisted }: AcpAgent,
  commands: State["commands"],
): string => {
  const name = /^\s*\/(?<name>\S+)/u.exec(text)?.groups?.["name"];
  if (unlisted === undefined || name === undefined) return text;
  // Not told yet: what has another slash in it is a path.
  const isListed = commands === null ? !name.includes("/") : commands.includes(name);
  return isListed || unlisted.includes(name) ? text : `${invisibleLine}${text}`;
};
