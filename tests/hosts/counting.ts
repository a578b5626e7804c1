/** An agent that counts, for whoever wants to know whether a line was lost or came twice. Nothing but a POSIX shell. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSshHost, type SshHost } from "@skein/adapters";
import { systemClock, type Detached } from "@skein/sdk";
import { startSshd, type Sshd, type SshdOptions } from "@skein/sdk/testkit";

export const PATH = "/usr/local/bin:/usr/bin:/bin";
export const owner = { session: "ses_counting", generation: 1 };

/** Writes `out N` every 50 ms, and `in LINE` for each line that it reads. */
const AGENT = `n=0
( while :; do n=$((n + 1)); echo "out $n"; sleep 0.05; done ) &
while IFS= read -r line; do echo "in $line"; done`;

export type Far = AsyncDisposable & {
  readonly sshd: Sshd;
  readonly host: SshHost;
  readonly run: string;
  start(): Promise<Detached>;
};

export const makeFar = async (options: SshdOptions = {}): Promise<Far> => {
  const sshd = await startSshd(options);
  const run = await mkdtemp(join(tmpdir(), "skein-run-"));
  const home = join(sshd.home, ".skein", "far", "1");
  const host = makeSshHost({
    name: sshd.name,
    home,
    run,
    clock: systemClock,
    env: { PATH },
    config: sshd.config,
  });
  return {
    sshd,
    host,
    run,
    start: () =>
      host.start({
        dir: join(home, "spool", "1"),
        argv: ["sh", "-c", AGENT],
        env: { PATH },
        folder: sshd.home,
        owner,
      }),
    async [Symbol.asyncDispose]() {
      await host.close();
      await sshd[Symbol.asyncDispose]();
      await rm(run, { recursive: true, force: true });
    },
  };
};

/** Reads along in the background; what it read so far can be asked for, and waited for. */
export const listen = (agent: Detached) => {
  const out: number[] = [];
  const got: string[] = [];
  const waiting = new Set<() => void>();
  let end = 0;
  const done = (async () => {
    for await (const line of agent.lines(0)) {
      end = line.end;
      const space = line.text.indexOf(" ");
      const [kind, rest] = [line.text.slice(0, space), line.text.slice(space + 1)];
      if (kind === "out") out.push(Number(rest));
      else got.push(rest);
      for (const look of waiting) look();
    }
  })();
  return {
    out: () => out,
    got: () => got,
    end: () => end,
    done,
    /** Resolves once it is so; looks again at every line. */
    when: (isSo: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isSo()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
};

/** Resolves when the host is as asked, at the moment that it becomes so. */
export const whenReach = (host: SshHost, state: "reachable" | "unreachable"): Promise<void> =>
  new Promise((resolve) => {
    if (host.reach().state === state) return resolve();
    const off = host.onReach((reach) => {
      if (reach.state !== state) return;
      off();
      resolve();
    });
  });
