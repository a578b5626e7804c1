/**
 * Where agents look for skills, and which agents there are.
 *
 * Claude Code 2.1: skills/NAME/SKILL.md in its configuration folder (CLAUDE_CONFIG_DIR, default ~/.claude) and in a
 * project's .claude. Codex 0.169 (asked by skills/list of its app-server): the same in CODEX_HOME (default ~/.codex) and in
 * ~/.agents; in a project in .agents and .codex of every folder from the current one up to the root of the repository.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Env } from "../place.ts";

export type AgentId = "claude" | "codex";
export type Scope = "global" | "local";

export const AGENTS: readonly AgentId[] = ["claude", "codex"];
export const TITLES: Readonly<Record<AgentId, string>> = { claude: "Claude Code", codex: "Codex" };

const MOST_STEPS = 64;

/** The root of the repository that a folder lies in; the folder itself when it lies in none. */
const projectOf = (cwd: string): string => {
  let folder = cwd;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (dirname(folder) === folder) break;
    folder = dirname(folder);
  }
  return cwd;
};

const configOf = (agent: AgentId, env: Env): string => {
  const chosen = env[agent === "claude" ? "CLAUDE_CONFIG_DIR" : "CODEX_HOME"] ?? "";
  return chosen === "" ? join(env["HOME"] ?? homedir(), `.${agent}`) : chosen;
};

export const skillFile = (
  skill: string,
  agent: AgentId,
  scope: Scope,
  around: { readonly env: Env; readonly cwd: string },
): string => {
  const below = agent === "claude" ? ".claude" : ".agents";
  const folder =
    scope === "global" ? configOf(agent, around.env) : join(projectOf(around.cwd), below);
  return join(folder, "skills", skill, "SKILL.md");
};

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** Its program is on the PATH, or it has been used here: its configuration is there. */
export const isThere = (agent: AgentId, env: Env): boolean =>
  existsSync(configOf(agent, env)) ||
  (env["PATH"] ?? "")
    .split(delimiter)
    .some((folder) => folder !== "" && isProgram(join(folder, agent)));
