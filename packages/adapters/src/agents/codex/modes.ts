/**
 * Skein's permission modes in Codex's two words, approval policy and sandbox. What each does was tried on Codex 0.169.0:
 *
 * read-only  `never` + `read-only`. Commands run in a sandbox that can write nothing and reach no network; a patch is
 *            refused, an MCP tool too; nobody is asked. (`on-request` would ask, and then write.)
 * guarded    `untrusted` + `danger-full-access`. Every command, even `ls`, and every patch is asked; the sandbox decides
 *            nothing about that. With a sandbox, what was allowed would first be tried inside it, and run again outside
 *            only where Codex takes the failure for the sandbox's: on a busy machine it does not, and without network
 *            it never does. So a person's yes would run a command twice, or not at all.
 * workspace  granular policy + `workspace-write`. Patches in the folder, and commands in a sandbox that can write only
 *            the folder and the temporary folders and reaches no network, go unasked. A patch elsewhere is asked; so is a command
 *            that the sandbox stopped ("retry without sandbox?") or that the agent wants out of it. (Under `on-request`
 *            the stopped command just fails.)
 *            Both sandboxes are Codex's own profiles (`:read-only`, `:workspace`) with one thing taken away: see surroundings.ts.
 * full       `never` + `danger-full-access`. Nothing is asked, nothing is in a sandbox.
 */
import type { PermissionMode } from "@skein/contract";
import type { AskForApproval } from "./generated/protocol.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ThreadSettings, TurnSettings } from "./wire.ts";

type Sandbox = "read-only" | "workspace" | "none";
type Mode = { readonly approvalPolicy: AskForApproval; readonly sandbox: Sandbox };

const EVERY_QUESTION = {
  granular: {
    sandbox_approval: true,
    rules: true,
    skill_approval: true,
    request_permissions: true,
    mcp_elicitations: true,
  },
};

const MODES: Readonly<Record<PermissionMode, Mode>> = {
  "read-only": { approvalPolicy: "never", sandbox: "read-only" },
  guarded: { approvalPolicy: "untrusted", sandbox: "none" },
  workspace: { approvalPolicy: EVERY_QUESTION, sandbox: "workspace" },
  full: { approvalPolicy: "never", sandbox: "none" },
};

const profileOf = (sandbox: "read-only" | "workspace"): string => `skein-${sandbox}`;

/** A profile for each sandbox. They are in effect by name alone, so all of them are given always. */
const profiles = ({ closed }: Surroundings): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    (["read-only", "workspace"] as const).map((sandbox) => [
      `permissions.${profileOf(sandbox)}`,
      {
        extends: `:${sandbox}`,
        filesystem: Object.fromEntries(closed.map((folder) => [folder, "deny"])),
      },
    ]),
  );

const projects = ({ untrusted }: Surroundings): Readonly<Record<string, unknown>> =>
  Object.fromEntries(untrusted.map((folder) => [folder, { trust_level: "untrusted" }]));

/** Seconds after which a thread that nobody watches and that does nothing leaves the server's memory and its lock. */
const UNLOAD_SECONDS = 60;

const CONFIG = {
  // Without it the agent can ask a question in plan mode only.
  "features.default_mode_request_user_input": true,
  suppress_unstable_features_warning: true,
  thread_unload_delay_secs: UNLOAD_SECONDS,
};

export const threadSettings = (
  session: {
    readonly folder: string;
    readonly model: string | null;
    readonly permissions: PermissionMode;
  },
  around: Surroundings,
): ThreadSettings => {
  const { approvalPolicy, sandbox } = MODES[session.permissions];
  return {
    cwd: session.folder,
    ...(session.model === null ? {} : { model: session.model }),
    approvalPolicy,
    ...(sandbox === "none"
      ? { sandbox: "danger-full-access" }
      : { permissions: profileOf(sandbox) }),
    config: { ...CONFIG, ...profiles(around), projects: projects(around) },
  };
};

/** Said again with each turn: a thread that is still loaded keeps its old settings on thread/resume. */
export const turnSettings = (session: {
  readonly effort: string | null;
  readonly permissions: PermissionMode;
}): TurnSettings => {
  const { approvalPolicy, sandbox } = MODES[session.permissions];
  return {
    approvalPolicy,
    ...(sandbox === "none"
      ? { sandboxPolicy: { type: "dangerFullAccess" } }
      : { permissions: profileOf(sandbox) }),
    ...(session.effort === null ? {} : { effort: session.effort }),
  };
};
