/** What an ACP agent asks (`session/request_permission`) as an approval, and what is answered unasked. Pure. */
import { posix } from "node:path";
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

/** Its only yes holds for ever: to say it is more than was asked about. */
const isYesForAlways = (ask: Ask): boolean =>
  canAlways(ask) && !ask.options.some(({ kind }) => kind === "allow_once");

const twice = "two of its options have the same id, so a no could be heard as a yes";
const noYes = "none of its options is of a kind that means yes";

/** Why it cannot be answered so (null: by a person, as they decide); null: it can. */
export const unanswerable = ({ options }: Ask, decision: Decision | null): string | null => {
  if (new Set(options.map(({ id }) => id)).size < options.length) return twice;
  const isYes = ({ kind }: Ask["options"][number]): boolean => named.allow.includes(kind);
  return decision === "deny" || options.some(isYes) ? null : noYes;
};

type Approval = { readonly title: string; readonly request: ApprovalRequest };

/** In front, where no cut takes it away. */
const forAlways = "For always, as the agent offers no yes for once";

export const approvalOf = (ask: Ask, call: Call, folder: string): Approval => {
  const { title, request } = asked(call, folder);
  return { title: isYesForAlways(ask) ? `${forAlways}: ${title}` : title, request };
};

const titled = (does: string, name: string, thing: string): string =>
  name === "" ? `${does}${thing} that the agent does not name` : `${does}${name}`;

const asked = (call: Call, folder: string): Approval => {
  const reason = string(call.input["description"]);
  if (call.kind === "execute") {
    const command = commandOf(call);
    const request = { kind: "command", command, argv: null, folder, reason } as const;
    return { title: titled("Run: ", oneLine(command), "a command"), request };
  }
  if (call.kind === "switch_mode") {
    const plan = string(call.input["plan"]) ?? (call.text || call.title);
    return { title: "Carry out this plan?", request: { kind: "plan", plan } };
  }
  if (isEdit(call)) {
    const changes = changesOf(call, folder);
    const paths = changes.map(({ path }) => path).join(", ");
    const request = { kind: "edit", changes, reason } as const;
    return { title: titled("Edit ", oneLine(paths || call.title), "files"), request };
  }
  const tool = call.tool ?? (call.kind === "other" ? oneLine(call.title) : call.kind);
  const title = oneLine(call.title) || titled("Use ", tool, "a tool");
  return { title, request: { kind: "tool", tool, input: call.input, reason } };
};

/** Written by tools, to be run by them: a change there is a change of what runs unasked. */
const guarded =
  /(?:^|\/)(?:\.git|\.claude|\.gemini|\.opencode|\.codex|\.vscode|\.mcp\.json|opencode\.jsonc?)(?:\/|$)/;

type Place = { readonly folder: string; readonly home: string };

/**
 * As the system reads it: `//` and `/./` are `/` to it, and a relative one begins in the folder. null: it climbs, and where to
 * is not to be told from its name once a link lies in it.
 */
const plainPath = (path: string, folder: string): string | null => {
  if (path.split("/").includes("..")) return null;
  const plain = posix.normalize(path.startsWith("/") ? path : `${folder}/${path}`);
  return plain.length > 1 && plain.endsWith("/") ? plain.slice(0, -1) : plain;
};

const isInside = (path: string, folder: string): boolean =>
  path !== folder && path.startsWith(folder === "/" ? folder : `${folder}/`);

const mayChange = (named: string, { folder, home }: Place): boolean => {
  const path = plainPath(named, folder);
  const root = plainPath(folder, "/");
  const state = plainPath(home, "/");
  if (path === null || root === null || state === null) return false;
  if (!isInside(path, root) || guarded.test(path.slice(root.length))) return false;
  // What it lies in goes with it, when that is deleted or moved.
  return path !== state && !isInside(path, state) && !isInside(state, path);
};

/** Reading is no change: in read-only it may go on, and what is only looked at is not asked for in `workspace`. */
const looks = ["read", "search", "think", "fetch"];

type Unasked = Extract<Decision, "allow" | "deny">;

/** As below; but where a person's yes is missing, none is said that holds for always. */
export const decideAsk = (
  ask: Ask,
  call: Call,
  { permissions, ...place }: Place & { readonly permissions: PermissionMode },
): Unasked | null => {
  const decision = decideUnasked(permissions, call, place);
  return permissions === "workspace" && isYesForAlways(ask) ? null : decision;
};

/**
 * The decision that needs no person; null: ask one. In `workspace` an edit passes when every path that the agent names lies in
 * the folder and outside `home`; a link that leads out of it is not seen here.
 */
export const decideUnasked = (mode: PermissionMode, call: Call, place: Place): Unasked | null => {
  if (mode === "full") return "allow";
  if (mode === "read-only") return looks.includes(call.kind) ? null : "deny";
  if (mode === "guarded" || !isEdit(call)) return null;
  const paths = [...changesOf(call, place.folder).map(({ path }) => path), ...call.paths];
  return paths.length > 0 && paths.every((path) => mayChange(path, place)) ? "allow" : null;
};
