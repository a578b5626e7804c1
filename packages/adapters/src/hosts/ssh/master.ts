/** One connection to a host, held open for the channels that go through it. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { quote } from "@skein/contract";
import type { AdapterFailure, Clock } from "@skein/sdk";
import { END_MS, keepEnd, letGoOfStreams, makeMarkFinder, spawnSsh } from "./client.ts";
import { CONNECT_SECONDS, masterArgs, type SshDeps } from "./command.ts";
import { BORN } from "./far.ts";
import { oneLine } from "./script.ts";
import { unusable, whyUnreached } from "./reasons.ts";

/** Name, connection, greeting, key, login, shell: each of the slow ones may take ConnectTimeout. */
export const GREETING_MS = 2 * CONNECT_SECONDS * 1000;
const saidBytes = 32 * 1024;
export const BANNER_BYTES = 1024 * 1024;

export type Master = {
  readonly control: string;
  /** Resolves when channels can be opened; rejects with an AdapterFailure. */
  readonly ready: Promise<void>;
  /** Resolves once the connection is gone, with why. Never rejects. */
  readonly gone: Promise<AdapterFailure>;
  /** Ends it, and with it all that goes through it: `gone` resolves within moments. Safe to call twice. */
  close(): void;
};

/**
 * Says now and then that it is there: so the far side, too, comes to know of a link that was cut. That can take it minutes; so each
 * connection writes down which process of sshd serves it, and the first of a new link ends those of the links before.
 */
const hold = (nonce: string, home: string, isFirst: boolean): string => `${BORN}
printf '%s\\n' ${quote(nonce)}
l=${quote(`${home}/links`)}
serves() { { IFS= read -r c < "/proc/$1/stat"; } 2>/dev/null || c="($(ps -o comm= -p "$1"))"; case $c in *"(sshd"*) ;; *) return 1;; esac; }
forget() { { IFS= read -r s < "$l/$1"; } 2>/dev/null && same "$1" "$s" && serves "$1" && kill "$1"; rm -f "$l/$1"; }
umask 077; mkdir -p "$l" 2>/dev/null
${isFirst ? `for f in "$l"/*; do f=\${f##*/}; [ "$f" = "$PPID" ] || forget "$f"; done` : ""}
serves "$PPID" && born "$PPID" && { echo "$B" > "$l/$PPID"; } 2>/dev/null
( while sleep 15 >/dev/null 2>&1; do echo || exit; done ) & p=$!
IFS= read -r x
kill "$p"; rm -f "$l/$PPID"`;

/**
 * Its own command waits for its stdin to end, as that of a daemon that dies does: then nobody holds the connection any more.
 * That command takes one of the sessions that sshd allows for a connection.
 */
export const startMaster = (
  deps: SshDeps & { readonly clock: Clock; readonly home: string },
  control: string,
  isFirst: boolean,
): Master => {
  const child = spawnSsh(masterArgs(deps, control), deps.env);
  const said = keepEnd(child.stderr, saidBytes);
  const nonce = randomUUID();
  const find = makeMarkFinder(nonce, BANNER_BYTES);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  let late = "";
  let isReady = false;
  let failure: AdapterFailure | null = null;
  let cancelLast: () => void = () => undefined;
  const close = (): void => {
    if (!child.kill("SIGTERM")) return;
    cancelLast();
    cancelLast = deps.clock.after(END_MS, () => void child.kill("SIGKILL"));
  };
  child.once("exit", () => cancelLast());
  letGoOfStreams(child, deps.clock);

  const cancel = deps.clock.after(GREETING_MS, () => {
    late = "\nno answer in time";
    child.kill("SIGKILL");
  });
  child.stdout.on("data", (bytes: Buffer) => {
    if (isReady) return;
    try {
      if (find(bytes) === null) return;
      isReady = true;
      cancel();
      resolve();
    } catch (error) {
      failure = unusable(deps, (error as Error).message);
      close();
    }
  });
  child.stdin.write(oneLine(hold(nonce, deps.home, isFirst)));

  const gone = new Promise<AdapterFailure>((tell) => {
    let fault = "";
    child.once("error", (error) => (fault = `\nssh cannot be run here: ${error.message}`));
    child.once("close", () => {
      cancel();
      cancelLast();
      rmSync(control, { force: true });
      const all = said() + late + fault;
      // Logged in, and still no word of ours: that is no shell.
      const isMute = !isReady && /Authenticated to|Entering interactive session/.test(all);
      failure ??=
        isMute && late === ""
          ? unusable(deps, "its login does not run /bin/sh")
          : whyUnreached(deps, all);
      reject(failure);
      tell(failure);
    });
  });
  ready.catch(() => undefined);
  return { control, ready, gone, close };
};
