/**
 * A real ssh server of the test's own: its host key, its only user's key, a home folder that is thrown away, and the ssh
 * configuration of a user who calls it `far`. It listens on loopback, unless it is put into a network of its own.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

export type SshdOptions = {
  /** Set for every session there, besides HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** More lines of sshd_config(5). */
  readonly config?: readonly string[];
  /** Where it listens, and who starts it there: `ip netns exec NAME`. */
  readonly network?: { readonly address: string; readonly enter: readonly string[] };
  /** Instead of a new folder: the home of whoever logs in. Made by the caller, and left there. */
  readonly home?: string;
};

export type Sshd = {
  /** The name that the configuration gives it. */
  readonly name: "far";
  /** For `ssh -F`. */
  readonly config: string;
  readonly knownHosts: string;
  readonly folder: string;
  /** HOME there. */
  readonly home: string;
  readonly port: number;
  readonly pid: () => number | undefined;
  /** Listens no more; connections that stand go on. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
  /** From the next start on it shows another key. Resolves with the key's fingerprint. */
  changeKey(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** sshd wants to be called by its whole path. */
const program = (): string =>
  ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].find((path) => existsSync(path)) ??
  "/usr/sbin/sshd";

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });

const makeKey = async (path: string): Promise<string> => {
  await rm(path, { force: true });
  await rm(`${path}.pub`, { force: true });
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
  const { stdout } = await execute("ssh-keygen", ["-lf", `${path}.pub`]);
  return /SHA256:\S+/.exec(stdout)?.[0] ?? "";
};

const serverConfig = (
  folder: string,
  address: string,
  port: number,
  home: string,
  options: SshdOptions,
) => {
  const env = Object.entries({ HOME: home, ...options.env });
  return [
    `ListenAddress ${address}`,
    `Port ${port}`,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/user_key.pub`,
    `SetEnv ${env.map(([name, value]) => `"${name}=${value}"`).join(" ")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PrintMotd no",
    "MaxStartups 100",
    ...(options.config ?? []),
    "",
  ].join("\n");
};

const clientConfig = (folder: string, address: string, port: number): string =>
  [
    "Host far",
    `  HostName ${address}`,
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${folder}/user_key`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${folder}/known_hosts`,
    "  GlobalKnownHostsFile none",
    "",
  ].join("\n");

/** tmux on a socket below this folder: nobody's mark is on it, and it would outlive the folder. */
const endTerminals = async (folder: string): Promise<void> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!args.includes(`\0-S\0${folder}/`)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
};

/** Resolves when its greeting came: bounded by the tries, each of which ends by itself. */
const greeted = async (address: string, port: number, child: ChildProcess): Promise<void> => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: address, port });
      socket.once("data", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("data", () => socket.destroy());
      socket.once("error", () => socket.destroy());
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("sshd did not begin to listen");
};

export const startSshd = async (options: SshdOptions = {}): Promise<Sshd> => {
  const folder = await mkdtemp(join(tmpdir(), "skein-sshd-"));
  const home = options.home ?? join(folder, "home");
  await mkdir(home, { recursive: true, mode: 0o700 });
  // Where root's sshd leaves its privileges behind.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const address = options.network?.address ?? "127.0.0.1";
  const port = await freePort();
  await Promise.all([makeKey(join(folder, "host_key")), makeKey(join(folder, "user_key"))]);
  const hostKey = await readFile(join(folder, "host_key.pub"), "utf8");
  const place = port === 22 ? address : `[${address}]:${port}`;
  const knownHosts = join(folder, "known_hosts");
  const config = join(folder, "ssh_config");
  await writeFile(knownHosts, `${place} ${hostKey.split(" ").slice(0, 2).join(" ")}\n`);
  await writeFile(join(folder, "sshd_config"), serverConfig(folder, address, port, home, options));
  await writeFile(config, clientConfig(folder, address, port));

  let child: ChildProcess | null = null;
  const stop = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await ended;
  };
  const start = async (): Promise<void> => {
    const args = ["-D", "-e", "-f", join(folder, "sshd_config")];
    const [first = program(), ...rest] = [...(options.network?.enter ?? []), program(), ...args];
    child = spawn(first, rest, { stdio: "ignore", cwd: "/" });
    await greeted(address, port, child);
  };
  await start();
  return {
    name: "far",
    config,
    knownHosts,
    folder,
    home,
    port,
    pid: () => child?.pid,
    start,
    stop,
    changeKey: () => makeKey(join(folder, "host_key")),
    async [Symbol.asyncDispose]() {
      await stop();
      await endTerminals(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
