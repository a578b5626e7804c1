/** What an ACP agent asks (`session/request_permission`) as an approval, and what is answered unasked. Pure. */
import type { ApprovalRequest, Decision, PermissionMode } from "@skein/contract";
import { changesOf, commandOf, isEdit, oneLine } from "./calls.ts";
import type { Ask, Call } from "./state.ts";
import { string } from "./wire.ts";

const named: Record<Decision, readonly string[]> = {
  allow: ["allow_once", "allow_always"],
  always: ["allow_always", "allow_once"],
  answer: ["allow_once", "allow_always"],
  deny: ["reject_once", "reject_always"],
};

/** By its kind, never by its name. null: nothing of that kind was offered, which means no. */
export const optionFor = (ask: Ask, decision: Decision): string | null => {
  for (const kind of named[decision]) {
    const found = ask.options.find((one) => one.kind === kind);
    if (found !== undefined) return found.id;
  }
  return null;
};

export const canAlways = (ask: Ask): boolean =>
  ask.options.some(({ kind }) => kind === "allow_always");

type Approval = { readonly title: string; readonly request: ApprovalRequest };

export const approvalOf = (call: Call, folder: string): Approval => {
  const reason = string(call.input["description"]);
  if (call.kind === "execute") {
    const command = commandOf(call);
    const request = { kind: "command", command, argv: null, folder, reason } as const;
    return { title: `Run: ${oneLine(command)}`, request };
  }
  if (call.kind === "switch_mode") {
    const plan = string(call.input["plan"]) ?? (call.text || call.title);
    return { title: "Carry out this plan?", request: { kind: "plan", plan } };
  }
  if (isEdit(call)) {
    const changes = changesOf(call, folder);
    const paths = changes.map(({ path }) => path).join(", ");
    const request = { kind: "edit", changes, reason } as const;
    return { title: `Edit ${oneLine(paths || call.title)}`, request };
  }
  const tool = call.tool ?? (call.kind === "other" ? oneLine(call.title) : call.kind);
  const title = call.title === "" ? `Use ${tool}` : oneLine(call.title);
  return { title, request: { kind: "tool", tool, input: call.input, reason } };
};

/** Written by tools, to be run by them: a change there is a change of what runs unasked. */
const guarded =
  /(?:^|\/)(?:\.git|\.claude|\.gemini|\.opencode|\.codex|\.vscode|\.mcp\.json|opencode\.jsonc?)(?:\/|$)/;

const isInside = (path: string, folder: string): boolean => {
  const root = folder.replace(/\/$/, "");
  const rest = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null;
  if (rest === null || guarded.test(rest)) return false;
  return !rest.split("/").includes("..");
};

/** Reading is no change: in read-only it may go on, and what is only looked at is not asked for in `workspace`. */
const looks = ["read", "search", "think", "fetch"];

/**
 * The decision that needs no person; null: ask one. In `workspace` an edit passes when every path that the agent names lies in
 * the folder and outside `home`; a link that leads out of it is not seen here.
 */
export const decideUnasked = (
  mode: PermissionMode,
  call: Call,
  place: { readonly folder: string; readonly home: string },
): Extract<Decision, "allow" | "deny"> | null => {
  if (mode === "full") return "allow";
  if (mode === "read-only") return looks.includes(call.kind) ? null : "deny";
  if (mode === "guarded" || !isEdit(call)) return null;
  const paths = [...changesOf(call, place.folder).map(({ path }) => path), ...call.paths];
  const passes = paths.every(
    (path) => isInside(path, place.folder) && !path.startsWith(`${place.home}/`),
  );
  return paths.length > 0 && passes ? "allow" : null;
};
