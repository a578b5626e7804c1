/** Files over there, by scripts: each one trip. */
import { randomUUID } from "node:crypto";
import { quote } from "@skein/contract";
import type { AdapterFailure, FileEntry, Files } from "@skein/sdk";
import { fileFailure } from "../refusals.ts";
import type { Answer, Ask } from "./ask.ts";
import { followFile, type FollowDeps } from "./follow.ts";
import { isFull, wordOf } from "./words.ts";

const MAX_ENTRIES = 10_000;
/** Where the daemon and the disk are slow, a big file takes its time. */
const BIG_MS = 120_000;

const NOT_THERE = 44;
/** What read the file did not come to its end: well, if all that was asked for is there. */
const CUT = 45;

const failure = (what: string, { errors }: Answer): AdapterFailure =>
  fileFailure(what, wordOf(errors), isFull(errors));

/** `p` is read from byte `from`, at most `bytes`; NOT_THERE when it is no file. */
const readScript = (path: string, from: number, bytes: number): string => `p=${quote(path)}
[ -f "$p" ] || { [ -d "$p" ] && exit_=1; u=$(dirname -- "$p"); [ -z "\${exit_-}" ] && [ -d "$u" ] && ! [ -x "$u" ] && { echo "$u: Permission denied" >&2; bye 1; }; bye ${NOT_THERE}; }
exec 5>&1
c=$( { { ${
  from < 0 ? `tail -c ${-from} -- "$p"` : `exec 6<"$p" && tail -c +${from + 1} <&6`
}; echo "tail $?" >&4; } | { head -c ${bytes} >&5; echo "head $?" >&4; }; } 4>&1 )
case $c in *"head 0"*) ;; *) bye 1;; esac
case $c in *"tail 0"*) ;; *) bye ${CUT};; esac`;

const makeRead =
  (ask: Ask): Files["read"] =>
  async (path, { maxBytes, from = 0 }) => {
    const answer = await ask(readScript(path, from, maxBytes), { patienceMs: BIG_MS, maxBytes });
    if (answer.code === NOT_THERE) return null;
    const isWhole = answer.code === CUT && answer.output.length === maxBytes;
    if (answer.code !== 0 && !isWhole) throw failure(`${path} cannot be read`, answer);
    return answer.output;
  };

/** Taken whole before anything is put in its place: a link that is cut leaves what was there. */
const writeScript = (path: string, bytes: number, mode: number): string => `p=${quote(path)}
t="$p".${quote(randomUUID())}
umask 077
[ ! -d "$p" ] || { echo "$p: Is a directory" >&2; bye 1; }
mkdir -p -- "$(dirname -- "$p")" || bye 1
trap 'rm -f -- "$t"' EXIT
head -c ${bytes} > "$t" || bye 1
[ "$(wc -c < "$t")" -eq ${bytes} ] || { echo "cut short" >&2; bye 1; }
sync -- "$t" 2>/dev/null
chmod ${mode.toString(8)} -- "$t" && mv -f -- "$t" "$p"`;

const makeWrite =
  (ask: Ask): Files["write"] =>
  async (path, text, mode) => {
    const input = Buffer.from(text, "utf8");
    const script = writeScript(path, input.length, mode);
    const answer = await ask(script, { input, patienceMs: BIG_MS });
    if (answer.code !== 0) throw failure(`${path} cannot be written`, answer);
  };

/** A name cannot hold a slash: one at its end, before the newline, says where it ends. GNU and busybox, else BSD. */
const listScript = (path: string): string => `cd -- ${quote(path)} 2>/dev/null || bye ${NOT_THERE}
[ -r . ] || bye ${NOT_THERE}
if stat -c %f . >/dev/null 2>&1; then
  find . ! -name . -prune -exec stat -L -c '%f %s %Y %n/' {} + 2>/dev/null
else
  find . ! -name . -prune -exec stat -L -f '%Xp %z %m %N/' {} + 2>/dev/null
fi
# 1: what one of them leads to is not there.
[ $? -le 1 ]`;

const KINDS = new Map<number, FileEntry["kind"]>([
  [0o100000, "file"],
  [0o040000, "directory"],
]);

const readEntries = (text: string): readonly FileEntry[] =>
  text.split("/\n").flatMap((row): readonly FileEntry[] => {
    const found = /^([0-9a-fA-F]+) (\d+) (\d+) \.\/([\s\S]+)$/.exec(row);
    if (found === null) return [];
    const kind = KINDS.get(Number.parseInt(found[1] ?? "0", 16) & 0o170000) ?? "other";
    const modifiedAt = Number(found[3]) * 1000;
    return [{ name: found[4] ?? "", kind, bytes: Number(found[2]), modifiedAt }];
  });

const makeList =
  (ask: Ask): Files["list"] =>
  async (path) => {
    const answer = await ask(listScript(path));
    if (answer.code === NOT_THERE) return null;
    if (answer.code !== 0) throw failure(`${path} cannot be listed`, answer);
    return readEntries(answer.output.toString("utf8")).slice(0, MAX_ENTRIES);
  };

export const removeThere = async (ask: Ask, path: string): Promise<void> => {
  const answer = await ask(`rm -rf -- ${quote(path)}`, { patienceMs: BIG_MS });
  if (answer.code !== 0) throw failure(`${path} cannot be removed`, answer);
};

export const makeFiles = (deps: FollowDeps & { readonly ask: Ask }): Files => ({
  read: makeRead(deps.ask),
  write: makeWrite(deps.ask),
  list: makeList(deps.ask),
  follow: (path, from, signal) => followFile(deps, path, from, signal),
  remove: (path) => removeThere(deps.ask, path),
});
