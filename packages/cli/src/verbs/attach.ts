/** `attach`: a terminal in one's own window. */
import type { Cli } from "../cli.ts";
import { misused } from "../failure.ts";
import { verb } from "../verb.ts";

type AttachFlags = { readonly readOnly?: boolean; readonly detachKeys: string };

type Found = { readonly id: string; readonly session: string | null };

/** Shown in the terminal that it shows it would never end. What runs there carries its session's mark, or its own. */
const refuseMirror = ({ env, home, place }: Cli, found: Found, ref: string): void => {
  const own =
    place.kind === "socket" && env["SKEIN_HOME"] === home ? env["SKEIN_SESSION"] : undefined;
  if (own === undefined || (own !== found.session && own !== found.id)) return;
  throw misused(`This is the terminal of ${ref} already.`, "Attach from another window.");
};

/** The terminal that is meant; a session's is opened when there is none. Of an id that is not known the daemon says so. */
const findTerminal = async (
  cli: Cli,
  ref: string,
  readOnly: boolean,
  size: { readonly columns: number; readonly rows: number },
): Promise<Found> => {
  const isId = ref.startsWith("trm_");
  // Who may only look may not open one, but may find one that is there.
  if (isId || readOnly) {
    const { terminals } = await cli.call("terminals.list", isId ? {} : { session: ref });
    const known = terminals.find(({ id }) => !isId || id === ref);
    if (known !== undefined) return known;
    if (isId) return { id: ref, session: null };
  }
  return (await cli.call("terminals.open", { session: ref, ...size })).terminal;
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
    const [{ parseDetachKeys }, { attachTo }, { windowOf }] = await Promise.all([
      import("../attach/keys.ts"),
      import("../attach/attach.ts"),
      import("../attach/tty.ts"),
    ]);
    const keys = parseDetachKeys(detachKeys);
    const { stdin, stdout } = process;
    if (!stdin.isTTY || !stdout.isTTY)
      throw misused(
        "A terminal can be shown only in a terminal.",
        `To read or type from a script: skein terminal show ${ref}, skein terminal type ${ref}`,
      );
    const found = await findTerminal(cli, ref, readOnly, windowOf({ stdout }));
    refuseMirror(cli, found, ref);
    const path = `/api/terminals/${encodeURIComponent(found.id)}`;
    const tty = { stdin, stdout, path: cli.env["PATH"] ?? "/usr/bin:/bin" };
    const { session } = found;
    return attachTo(cli, tty, { path, name: ref, session, readOnly, detachKeys: keys });
  },
});
