/** What a held PermissionRequest hook (2.1.197) is told, and how it gets there. */
import type { Resolution } from "@skein/contract";
import { hostAway, type SessionContext } from "@skein/sdk";
import { answersOf } from "../tools.ts";
import type { AskLine, Json } from "../wire.ts";
import { grantsFor } from "./hooks.ts";
import { answerFifo, spoolDir } from "./spool.ts";

const decided = (decision: Json): string =>
  JSON.stringify({ hookSpecificOutput: { hookEventName: "PermissionRequest", decision } });

export const refusal = (message: string): string => decided({ behavior: "deny", message });

export const answerOf = (ask: AskLine, resolution: Resolution, folder: string): string => {
  switch (resolution.decision) {
    case "deny":
      return refusal(resolution.message ?? "The person who was asked said no.");
    case "answer": {
      const updatedInput = answersOf(ask.input, resolution.answers ?? {});
      return decided({ behavior: "allow", updatedInput });
    }
    case "always":
      return decided({ behavior: "allow", updatedPermissions: grantsFor(ask, folder) });
    case "allow":
      return decided({ behavior: "allow" });
  }
};

/** Opening a FIFO that nobody reads would wait for ever; a hook that waits is there at once. */
const unheardSeconds = 3;
/** Well above that: what is over by then was cut off on its way. */
const sendMs = 10_000;

/**
 * The script is ours and the same for all; the path is its argument. Whether somebody reads is found out there, so that its
 * own end and the link's are not taken for one another.
 */
const script = `test -p "$1" || exit 1
exec 3<&0
cat <&3 >"$1" &
writer=$!
{ sleep ${unheardSeconds}; kill "$writer"; } <&- 3<&- >/dev/null 2>&1 &
clock=$!
wait "$writer"
heard=$?
kill "$clock" 2>/dev/null
exit "$heard"`;

/**
 * false: no hook waits for it any more. Rejects with the host's AdapterFailure when it is out of reach, or may have been: whether it
 * was told is not known then. An empty answer leaves it to the dialog.
 */
export const send = async (
  { backend, dir }: SessionContext,
  attempt: number,
  request: string,
  answer: string,
): Promise<boolean> => {
  const { host, env } = backend;
  const fifo = answerFifo(spoolDir(dir, attempt), request);
  const sent = await host.run(["sh", "-c", script, "sh", fifo], {
    env,
    timeoutMs: sendMs,
    input: `${answer}\n`,
  });
  if (sent.timedOut || sent.exitCode === null) throw hostAway(host.id);
  return sent.exitCode === 0;
};
