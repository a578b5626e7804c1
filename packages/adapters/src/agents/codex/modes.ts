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
 * full       `never` + `danger-full-access`. Nothing is asked, nothing is in a sandbox.
 */
import type { PermissionMode } from "@skein/contract";
import type { AskForApproval, SandboxMode, SandboxPolicy } from "./generated/protocol.ts";
import type { ThreadSettings, TurnSettings } from "./wire.ts";

type Mode = { readonly approvalPolicy: AskForApproval; readonly sandbox: SandboxMode };

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
  guarded: { approvalPolicy: "untrusted", sandbox: "danger-full-access" },
  workspace: { approvalPolicy: EVERY_QUESTION, sandbox: "workspace-write" },
  full: { approvalPolicy: "never", sandbox: "danger-full-access" },
};

const POLICIES: Readonly<Record<SandboxMode, SandboxPolicy>> = {
  "read-only": { type: "readOnly", networkAccess: false },
  "workspace-write": {
    type: "workspaceWrite",
    writableRoots: [],
    networkAccess: false,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: false,
  },
  "danger-full-access": { type: "dangerFullAccess" },
};

/** Seconds after which a thread that nobody watches and that does nothing leaves the server's memory and its lock. */
const UNLOAD_SECONDS = 60;

const CONFIG = {
  // Without it the agent can ask a question in plan mode only.
  "features.default_mode_request_user_input": true,
  suppress_unstable_features_warning: true,
  thread_unload_delay_secs: UNLOAD_SECONDS,
};

export const threadSettings = (session: {
  readonly folder: string;
  readonly model: string | null;
  readonly permissions: PermissionMode;
}): ThreadSettings => ({
  cwd: session.folder,
  ...(session.model === null ? {} : { model: session.model }),
  ...MODES[session.permissions],
  config: CONFIG,
});

/** Said again with each turn: a thread that is still loaded keeps its old settings on thread/resume. */
export const turnSettings = (session: {
  readonly effort: string | null;
  readonly permissions: PermissionMode;
}): TurnSettings => {
  const { approvalPolicy, sandbox } = MODES[session.permissions];
  return {
    approvalPolicy,
    sandboxPolicy: POLICIES[sandbox],
    ...(session.effort === null ? {} : { effort: session.effort }),
  };
};
