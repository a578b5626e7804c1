/** Starts a process over there that outlives the daemon and the link: FIFO, spool, a session of its own. One trip. */
import { randomUUID } from "node:crypto";
import { quote } from "@skein/contract";
import { marksOf, type DetachedSpec, type Host, type ProcessRef } from "@skein/sdk";
import {
  fileFailure,
  folderRefusal,
  programForbidden,
  programMissing,
  refusal,
} from "../refusals.ts";
import type { Ask } from "./ask.ts";
import { APART, BARE, BORN, NOT_ALLOWED, NO_PROGRAM, programLine } from "./far.ts";
import { lookAtFolder } from "./folders.ts";
import { isFull, wordOf } from "./words.ts";

/** `folder STATE`: it cannot be worked in. `disk`: stderr says why. `p PID STARTED`, and MARK CODE when it did not become the program.
 * `true` and not `:`, whose failing redirection would end the script. What nobody could find again is ended.
 */
const script = (spec: DetachedSpec): string => `${BORN}${APART}
f=${quote(spec.folder)}
${lookAtFolder}
[ "$l" = directory ] || { echo "folder $l"; bye 0; }
d=${quote(spec.dir)}
m=$(umask); umask 077
mkdir -p -- "$d" && chmod 700 "$d" && rm -f "$d/in" && mkfifo -m 600 "$d/in" && true >>"$d/out" && true >>"$d/err" &&
  chmod 600 "$d/out" "$d/err" || { echo disk; bye 0; }
umask "$m"
exec 3<&0
{ ${BARE} <&3 3<&- 4>&1 >>"$d/out" 2>>"$d/err" & p=$!
  B=
  if [ -r "/proc/$p/stat" ]; then { IFS= read -r B < "/proc/$p/stat" && B=\${B##*) } && set -- $B && shift 19 && B=$1; } 2>/dev/null
  else born "$p"; fi
  [ -n "$B" ] || kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null
  echo "p $p $B"
} | cat
:`;

/** Rejects with an AdapterFailure and leaves no process behind; `dir` may stay, with what an earlier try wrote there. */
export const startThere = async (
  deps: { readonly home: string; readonly ask: Ask },
  spec: DetachedSpec,
): Promise<ProcessRef> => {
  const mark = randomUUID();
  const env = { ...spec.env, ...marksOf(deps.home, spec.owner) };
  const line = programLine(spec.argv, env, spec.folder, `<>${quote(`${spec.dir}/in`)}`, mark);
  const { output, errors } = await deps.ask(script(spec), { input: Buffer.from(line) });
  const said = output.toString("utf8");
  const folder = /^folder (\w+)$/m.exec(said)?.[1];
  if (folder !== undefined) {
    const refused = folderRefusal(spec.folder, folder as Awaited<ReturnType<Host["folder"]>>);
    if (refused !== null) throw refused;
  }
  if (/^disk$/m.test(said))
    throw fileFailure(`${spec.dir} cannot be made`, wordOf(errors), isFull(errors));
  const why = Number(new RegExp(`^${mark} (\\d+)$`, "m").exec(said)?.[1] ?? 0);
  if (why === NO_PROGRAM) throw programMissing(spec.argv[0]);
  if (why === NOT_ALLOWED) throw programForbidden(spec.argv[0]);
  const [, pid, started] = /^p (\d+) (.+)$/m.exec(said) ?? [];
  if (why !== 0 || pid === undefined || started === undefined)
    throw refusal(
      "internal",
      `${spec.argv[0]} could not be started: ${wordOf(errors)}.`,
      "See the log.",
    );
  return { pid: Number(pid), started };
};
