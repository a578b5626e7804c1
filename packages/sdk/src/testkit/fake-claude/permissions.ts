/** What runs unasked, as the real one (2.1.197) was seen to decide it. */
import { resolve, sep } from "node:path";

export type Input = Readonly<Record<string, unknown>>;
export type Rule = { readonly toolName: string; readonly ruleContent?: string };
type Verdict = "allow" | "ask" | "deny";

const editTools = ["Edit", "MultiEdit", "Write", "NotebookEdit"];
const unasked = ["Glob", "Grep", "Task", "TodoWrite", "Skill"];
/** Asked for even where edits are not. */
const guarded = /(?:^|\/)(?:\.git|\.claude|\.vscode|\.mcp\.json|\.bashrc|\.profile)(?:\/|$)/;
const harmless =
  /^(?:ls|pwd|echo|cat|sleep|head|tail|wc|true|date|git (?:status|log|diff))\b[^;&|<>$`()]*$/;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const pathOf = (input: Input): string =>
  resolve(text(input["file_path"]) || text(input["notebook_path"]) || text(input["path"]));

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder + sep);

const matchesPath = (pattern: string, path: string): boolean => {
  if (!pattern.endsWith("/**")) return false;
  const folder = pattern.slice(0, -3);
  return isInside(path, folder === "." ? process.cwd() : resolve(folder.replace(/^\/\//, "/")));
};

const matches = (rule: Rule, tool: string, input: Input): boolean => {
  const content = rule.ruleContent;
  if (rule.toolName === "Edit" && editTools.includes(tool))
    return content === undefined || matchesPath(content, pathOf(input));
  if (rule.toolName !== tool) return false;
  if (content === undefined) return true;
  if (tool !== "Bash") return true;
  const command = text(input["command"]);
  return content.endsWith(" *")
    ? command === content.slice(0, -2) || command.startsWith(content.slice(0, -1))
    : command === content;
};

/** `Edit(./**)`, `Bash`: as --allowedTools takes them, separated by commas. */
export const parseRules = (list: string): readonly Rule[] =>
  [...list.matchAll(/([A-Za-z_]\w*)(?:\(([^)]*)\))?/g)].map(([, toolName = "", ruleContent]) =>
    ruleContent === undefined ? { toolName } : { toolName, ruleContent },
  );

export type Policy = {
  mode: string;
  readonly rules: Rule[];
};

export const decide = (policy: Policy, tool: string, input: Input): Verdict => {
  // Questions and plans are for a person, whatever the mode.
  if (tool === "AskUserQuestion" || tool === "ExitPlanMode") return "ask";
  if (policy.mode === "bypassPermissions" || unasked.includes(tool)) return "allow";
  const isEdit = editTools.includes(tool);
  const path = pathOf(input);
  const inFolder = isInside(path, process.cwd());
  if (tool === "Read" && inFolder) return "allow";
  if (tool === "Bash" && harmless.test(text(input["command"]))) return "allow";
  const isGuarded = isEdit && guarded.test(path);
  if (!isGuarded && policy.rules.some((rule) => matches(rule, tool, input))) return "allow";
  if (policy.mode === "acceptEdits" && isEdit && inFolder && !isGuarded) return "allow";
  return policy.mode === "dontAsk" ? "deny" : "ask";
};

export const suggestions = (tool: string, input: Input): readonly unknown[] => {
  if (editTools.includes(tool)) {
    const mode = { type: "setMode", mode: "acceptEdits", destination: "session" };
    const path = pathOf(input);
    if (isInside(path, process.cwd())) return [mode];
    return [
      mode,
      { type: "addDirectories", directories: [resolve(path, "..")], destination: "session" },
    ];
  }
  if (tool !== "Bash") return [];
  const rules = [{ toolName: "Bash", ruleContent: text(input["command"]) }];
  return [{ type: "addRules", rules, behavior: "allow", destination: "localSettings" }];
};
