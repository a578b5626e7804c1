/** `attach`: a terminal in one's own window. */
import type { Cli } from "../cli.ts";
import { misused } from "../failure.ts";
import { verb } from "../verb.ts";

type AttachFlags = { readonly readOnly?: boolean; readonly detachKeys: string };

/** Shown in the terminal that it shows it would never end. */
const refuseMirror = ({ env, home, place }: Cli, session: string | null, ref: string): void => {
  const own = place.kind === "socket" && env["SKEIN_HOME"] === home ? env["SKEIN_SESSION"] : null;
  if (session === null || own !== session) return;
  throw misused(`This is the terminal of ${ref} already.`, "Attach from another window.");
};

export const attach = verb<AttachFlags, [terminal: string]>({
  examples: [
    ["skein attach fizz-top", "its terminal; opened if there is none"],
    ["skein attach fizz-top --read-only", "look, and type nothing"],
    ["skein attach trm_01m7wj… --detach-keys 'C-q'", "leave with Ctrl-Q"],
  ],
  notes:
    "Ctrl-\\ twice leaves it; what runs in it goes on. Who typed last has the size of their window; in\n" +
    "all other windows it is shown as it is there: its top left part, or with room around it.",
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id, or a terminal's id")
      .option("--read-only", "look, and type nothing")
      .option(
        "--detach-keys <keys>",
        "what leaves it: C-x for a control key, or none",
        "C-\\ C-\\",
      ),
  run: async (cli, { readOnly = false, detachKeys }, ref) => {
    // Loaded only now: an emulator, and a WebSocket.
    const [{ parseDetachKeys }, { attachTo }] = await Promise.all([
      import("../attach/keys.ts"),
      import("../attach/attach.ts"),
    ]);
    const keys = parseDetachKeys(detachKeys);
    const { stdin, stdout } = process;
    if (!stdin.isTTY || !stdout.isTTY)
      throw misused(
        "A terminal can be shown only in a terminal.",
        `To read or type from a script: skein terminal show ${ref}, skein terminal type ${ref}`,
      );
    let id = ref;
    if (!ref.startsWith("trm_")) {
      const size = { columns: Math.max(2, stdout.columns), rows: Math.max(2, stdout.rows) };
      const { terminal } = await cli.call("terminals.open", { session: ref, ...size });
      refuseMirror(cli, terminal.session, ref);
      id = terminal.id;
    }
    const path = `/api/terminals/${encodeURIComponent(id)}`;
    const tty = { stdin, stdout, path: cli.env["PATH"] ?? "/usr/bin:/bin" };
    return attachTo(cli, tty, { path, name: ref, readOnly, detachKeys: keys });
  },
});
