/** `skein acp`: Skein as an agent that editors can open (Zed and others that speak the Agent Client Protocol). */
import type { PermissionMode } from "@skein/contract";
import { serveAcp } from "../acp/serve.ts";
import { backendOf } from "../agent.ts";
import type { Cli } from "../cli.ts";
import { EXIT, toFailure } from "../failure.ts";
import { verb } from "../verb.ts";

type Flags = { readonly cli?: string; readonly permissions?: PermissionMode };

/**
 * Rejects with the daemon's refusal of a session: editors show how an agent ended at its start, and wait long for one that
 * is silent. A daemon that is not there is told of when the editor wants something: by then it may be.
 */
const admit = async (cli: Cli, session: string): Promise<void> => {
  try {
    await cli.call("sessions.get", { session });
  } catch (error) {
    if (toFailure(error).failure.exit !== EXIT.transport) throw error;
  }
};

export const acp = verb<Flags, [session: string | undefined]>({
  examples: [
    ["skein acp", "as an editor's agent: a new session in each folder that it opens"],
    ["skein acp fizz-top", "the editor opens this session, with all that was said in it"],
    ["skein acp --cli codex --permissions workspace", "what new sessions are created with"],
  ],
  notes:
    "Not for a terminal: it speaks the Agent Client Protocol (version 1) on stdin and stdout, a JSON-RPC\n" +
    "message a line. In Zed: agent_servers: { Skein: { command: skein, args: [acp] } }.\n" +
    "When the editor leaves, the sessions go on. Cancelling drops what is queued, too.",
  define: (command) =>
    command
      .argument("[ID]", "a session's name or id")
      .option("--cli <agent>", "what runs new sessions: claude, codex or a backend's id")
      .addOption(
        command
          .createOption("--permissions <mode>", "what new sessions may do without asking")
          .choices(["read-only", "guarded", "workspace", "full"]),
      ),
  run: async (cli, { cli: agent, permissions }, session) => {
    if (session !== undefined) await admit(cli, session);
    await serveAcp(cli, { session, backend: backendOf(agent ?? "claude"), permissions });
    return EXIT.done;
  },
});
