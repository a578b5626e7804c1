/** The environment that a login has over there: what a person's own terminal there would have. */
import { quote } from "@skein/contract";
import type { Clock, Host } from "@skein/sdk";
import type { Ask } from "./ask.ts";
import { BOOT, oneLine } from "./script.ts";
import { unusable, type Called } from "./reasons.ts";

const KEPT_MS = 5 * 60_000;
const PATIENCE_MS = 12_000;
const SHELL_SECONDS = 8;

/**
 * Most people's PATH is made in files that only an interactive shell reads, some in ones that only a login shell reads; not every
 * shell takes both options at once, and one whose files wait for a person answers to neither.
 */
const KINDS = ["-l -i", "-l", ""] as const;

const TELL = `printf '%s\\n' MARK; if [ -r /proc/self/environ ]; then cat /proc/self/environ; else env -0 2>/dev/null || env | tr '\\n' '\\000'; fi; printf '%s\\n' MARK`;

/**
 * A shell of a person's making may hang, or ask for a terminal: where there is `timeout` (coreutils, busybox) that ends it, while
 * someone still waits; elsewhere it stays behind.
 */
const script = (kind: string, mark: string): string => `s=\${SHELL:-/bin/sh}
t=; command -v timeout >/dev/null 2>&1 && t="timeout -k 1 ${SHELL_SECONDS}"
printf %s ${quote(oneLine(TELL.replaceAll("MARK", quote(mark))))} | $t "$s" ${kind} -c ${quote(BOOT)} 2>/dev/null
:`;

/** What the channel itself was given: of a login whose own shell tells nothing. */
const plainly = (mark: string): string => TELL.replaceAll("MARK", quote(mark));

const readBlock = (output: Buffer, mark: string): Record<string, string> | null => {
  const line = Buffer.from(`${mark}\n`);
  const begin = output.indexOf(line);
  const end = output.lastIndexOf(line);
  if (begin === -1 || end === begin) return null;
  const block = output.subarray(begin + line.length, end).toString("utf8");
  const pairs = block.split("\0").flatMap((pair): readonly (readonly [string, string])[] => {
    const at = pair.indexOf("=");
    return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : [];
  });
  if (pairs.length === 0) return null;
  return Object.fromEntries(pairs);
};

/** Of the channel, not of the login. */
const OURS = new Set(["LC_ALL", "PWD", "OLDPWD", "SHLVL", "_", "SSH_CONNECTION", "SSH_CLIENT"]);

/** Rejects with an AdapterFailure when nothing there tells one; only what was told is kept. */
export const makeEnvironment = (
  deps: Called & {
    readonly ask: Ask;
    readonly clock: Clock;
    readonly mark: () => string;
  },
): Host["environment"] => {
  type Environment = Readonly<Record<string, string | undefined>>;
  let kept: { readonly at: number; readonly told: Promise<Environment> } | null = null;
  const askFor = async (): Promise<Environment> => {
    for (const kind of [...KINDS, null]) {
      const mark = deps.mark();
      const asked = deps.ask(kind === null ? plainly(mark) : script(kind, mark), {
        patienceMs: PATIENCE_MS,
      });
      // The last one's failure is the host's; those before may be a shell's that waits for a person.
      const answer = kind === null ? await asked : await asked.catch(() => null);
      const found = answer === null ? null : readBlock(answer.output, mark);
      if (found !== null)
        return Object.fromEntries(Object.entries(found).filter(([name]) => !OURS.has(name)));
    }
    throw unusable(deps, "nothing there tells its login's environment");
  };
  return () => {
    const now = deps.clock.monotonic();
    if (kept === null || now - kept.at > KEPT_MS) {
      const told = askFor();
      kept = { at: now, told };
      told.catch(() => (kept = null));
    }
    return kept.told;
  };
};
