/** What Claude Code 2.1.197 asks (`can_use_tool`) as an approval, and what `always` grants. Pure. */
import type { ApprovalRequest, Question } from "@skein/contract";
import { changesOf, isEdit, oneLine, pathOf, questionId, titleOf } from "./tools.ts";
import { isObject, list, object, string, type AskLine, type Json } from "./wire.ts";

export const questionTool = "AskUserQuestion";
export const planTool = "ExitPlanMode";

const question = (value: unknown, at: number): Question => {
  const one = object(value);
  return {
    id: questionId(at),
    question: string(one["question"]) ?? "",
    header: string(one["header"]),
    options: list(one["options"])
      .map(object)
      .map((option) => ({
        label: string(option["label"]) ?? "",
        description: string(option["description"]),
      })),
    many: one["multiSelect"] === true,
    // Any text is passed on to the model, as its own "Other" is.
    free: true,
  };
};

export type Approval = { readonly title: string; readonly request: ApprovalRequest };

export const approvalOf = (ask: AskLine, folder: string): Approval => {
  const { tool, input } = ask;
  // What the model says it wants with it is worth more than the CLI's "This command requires approval".
  const reason = (tool === "Bash" ? ask.description : null) ?? ask.reason;
  if (tool === questionTool) {
    const questions = list(input["questions"]).map(question);
    const title = oneLine(questions[0]?.question ?? "A question");
    return { title, request: { kind: "question", questions } };
  }
  if (tool === planTool) {
    const plan = string(input["plan"]) ?? "";
    return { title: "Carry out this plan?", request: { kind: "plan", plan } };
  }
  if (tool === "Bash") {
    const command = string(input["command"]) ?? "";
    const request = { kind: "command", command, argv: null, folder, reason } as const;
    return { title: `Run: ${oneLine(command)}`, request };
  }
  if (isEdit(tool)) {
    const changes = changesOf(tool, input, folder);
    const verb = tool === "Write" ? "Write" : "Edit";
    const title = `${verb} ${oneLine(pathOf(input, folder))}`;
    return { title, request: { kind: "edit", changes, reason } };
  }
  return { title: `Use ${titleOf(tool, input)}`, request: { kind: "tool", tool, input, reason } };
};

const allow = (toolName: string, ruleContent: string): Json => ({
  type: "addRules",
  rules: [{ toolName, ruleContent }],
  behavior: "allow",
  destination: "session",
});

/** Rules are gitignore patterns: a folder whose name holds one of these would mean others too. */
const isPattern = /[*?[\]{}()!\\]/;

const editGrants = (path: string, folder: string): readonly Json[] => {
  if (path.startsWith(`${folder.replace(/\/$/, "")}/`)) return [allow("Edit", "./**")];
  const parent = path.slice(0, path.lastIndexOf("/"));
  // `//` begins an absolute path. The root itself is never granted.
  return parent === "" || isPattern.test(parent) ? [] : [allow("Edit", `/${parent}/**`)];
};

/**
 * What `always` adds, for this process only. The CLI's suggestions are narrowed: a rule is taken over, but never its
 * switch to acceptEdits, which would also let commands such as rm run unasked, and its destination is never a file.
 * For an edit: all edits in the folder (or in the file's own folder, outside). Empty: `always` cannot be had.
 */
export const grantsOf = (ask: AskLine, folder: string): readonly Json[] => {
  if (ask.tool === questionTool || ask.tool === planTool) return [];
  const rules = ask.suggestions
    .filter((one) => one["type"] === "addRules" && one["behavior"] === "allow")
    .filter((one) => list(one["rules"]).every(isObject))
    .map((one) => ({ ...one, destination: "session" }));
  if (rules.length > 0) return rules;
  if (isEdit(ask.tool)) return editGrants(pathOf(ask.input, folder), folder);
  if (ask.tool === "Bash") return [];
  // A folder to read in, outside the session's own: edits there still ask.
  return ask.suggestions
    .filter((one) => one["type"] === "addDirectories")
    .map((one) => ({ ...one, destination: "session" }));
};
