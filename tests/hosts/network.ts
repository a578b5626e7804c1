/** A machine of its own behind a cable that can be pulled: a network namespace, a veth pair, and a firewall in it. Root only. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

let networks = 0;

export type Network = AsyncDisposable & {
  readonly address: string;
  /** Before a command that is to run there. */
  readonly enter: readonly string[];
  /** The cable is pulled: this side still believes in its own end. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Half open: the firewall there drops all, without a word to either side. */
  drop(): Promise<void>;
  allow(): Promise<void>;
  /** Every process in it. */
  pids(): Promise<readonly number[]>;
};

export const makeNetwork = async (): Promise<Network> => {
  const number = (networks += 1);
  const name = `skein-${process.pid}-${number}`;
  const [here, there] = [`sk${process.pid}h${number}`, `sk${process.pid}t${number}`];
  // 198.18.0.0/15 is set apart for tests of networks (RFC 2544).
  const block = `198.18.${process.pid % 250}`;
  const [mine, theirs] = [`${block}.${number * 4 + 1}`, `${block}.${number * 4 + 2}`];
  const ip = (...args: string[]) => execute("ip", args);
  const inside = (...args: string[]) => execute("ip", ["netns", "exec", name, ...args]);

  await ip("netns", "add", name);
  await ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name);
  await ip("address", "add", `${mine}/30`, "dev", here);
  await inside("ip", "address", "add", `${theirs}/30`, "dev", there);
  await inside("ip", "link", "set", "lo", "up");
  await inside("ip", "link", "set", there, "up");
  await ip("link", "set", here, "up");

  const pids = async (): Promise<readonly number[]> => {
    const { stdout } = await ip("netns", "pids", name);
    return stdout.split("\n").filter(Boolean).map(Number);
  };
  const rules = [
    "add table inet cut",
    "add chain inet cut in { type filter hook input priority 0; policy drop; }",
    "add chain inet cut out { type filter hook output priority 0; policy drop; }",
  ];
  return {
    address: theirs,
    enter: ["ip", "netns", "exec", name],
    cut: async () => void (await inside("ip", "link", "set", there, "down")),
    mend: async () => void (await inside("ip", "link", "set", there, "up")),
    drop: async () => void (await inside("nft", rules.join("; "))),
    allow: async () => void (await inside("nft", "delete table inet cut")),
    pids,
    async [Symbol.asyncDispose]() {
      for (const pid of await pids()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It ended by itself meanwhile.
        }
      }
      await ip("netns", "delete", name);
      await ip("link", "delete", here).catch(() => undefined);
    },
  };
};
