import { createServer } from "node:net";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAdapterFailure, systemClock, type Reach } from "@skein/sdk";
import { failureCode, firstLine, settled, startSshd, until, type Sshd } from "@skein/sdk/testkit";
import { describe, expect, test } from "vitest";
import { makeFar, makeFarOf, systemEnv, type FarWorld } from "./far.testkit.ts";
import { reachSsh } from "./greet.ts";
import type { SshHost } from "./ssh.ts";

const node = process.execPath;
const echo = [
  "sh",
  "-c",
  `n=0; while IFS= read -r l; do n=$((n + 1)); echo "$n $l"; done`,
] as const;

/** What a person would see of a first contact that fails. */
const refusal = async (sshd: Pick<Sshd, "name" | "config">) => {
  const error = await reachSsh({
    name: sshd.name,
    config: sshd.config,
    clock: systemClock,
    env: systemEnv,
    stateFolder: "/state",
  }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isAdapterFailure(error)) throw new Error(`no failure: ${String(error)}`);
  return { message: error.message, ...error.failure };
};

const whenReach = (host: SshHost, passes: (reach: Reach) => boolean): Promise<Reach> =>
  new Promise((resolve) => {
    if (passes(host.reach())) return resolve(host.reach());
    const off = host.onReach((reach) => {
      if (!passes(reach)) return;
      off();
      resolve(reach);
    });
  });

/** Every ssh of that world: what holds the connection, or what goes through it. The newest last. */
const clients = async (
  { run }: FarWorld,
  kind: "master" | "channel",
): Promise<readonly number[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [stat, args] = await Promise.all([
        readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""),
        readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => ""),
      ]);
      const isOurs = stat.split(") ")[1]?.split(" ")[1] === String(process.pid);
      const isMaster = args.includes("ControlMaster=yes");
      const isMeant = args.includes(run) && isMaster === (kind === "master");
      return isOurs && isMeant ? [Number(pid)] : [];
    }),
  );
  return found.flat().toSorted((one, other) => one - other);
};

/** One that has ended by itself meanwhile is as good as killed. */
const kill = (pids: Iterable<number>): void => {
  for (const pid of pids)
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
};

describe("the first contact", { timeout: 60_000 }, () => {
  test("finds the login's home and makes a folder of this daemon's own, that nobody else enters", async () => {
    await using sshd = await startSshd();
    const asked = { name: "far", clock: systemClock, env: systemEnv, config: sshd.config };
    const told = await reachSsh({ ...asked, stateFolder: "/state" });
    expect(told.login).toBe(sshd.home);
    expect(told.home).toMatch(/\/home\/\.skein\/far\/[0-9a-f]{8}$/);
    expect(told.system).toMatch(/^\w+ \w+$/);
    expect((await reachSsh({ ...asked, stateFolder: "/state" })).home).toBe(told.home);
    expect((await reachSsh({ ...asked, stateFolder: "/other" })).home).not.toBe(told.home);
  });

  test("a key that is not known, or another one than is known, is told with its fingerprint and never accepted", async () => {
    await using sshd = await startSshd();
    const known = await readFile(sshd.knownHosts, "utf8");
    await sshd.stop();
    const print = await sshd.changeKey();
    await sshd.start();
    const changed = await refusal(sshd);
    expect(changed.code).toBe("host_key_changed");
    expect(changed.message).toContain(print);
    expect(changed.message).toContain(`line 1 of ${sshd.knownHosts}`);
    expect(changed.remedy).toContain("ssh-keygen -R");

    await writeFile(sshd.knownHosts, "");
    const unknown = await refusal(sshd);
    expect(unknown.code).toBe("host_key_unknown");
    expect(unknown.message).toContain(print);
    expect(unknown.remedy).toContain(`ssh -F '${sshd.config}' far`);
    expect(await readFile(sshd.knownHosts, "utf8")).toBe("");
    expect(known).not.toBe("");
  });

  test("a login that would have to be typed is refused, and so is a key with a passphrase", async () => {
    await using sshd = await startSshd();
    await writeFile(join(sshd.folder, "user_key.pub"), "");
    const refused = await refusal(sshd);
    expect(refused.code).toBe("host_login_failed");
    expect(refused.remedy).toContain("ssh-add");
  });

  test("a port that nobody listens on, and a name that leads nowhere", async () => {
    const sshd = await startSshd();
    await sshd.stop();
    expect(await refusal(sshd)).toMatchObject({
      code: "host_unreachable",
      message: expect.stringContaining("refuses"),
    });
    const config = join(sshd.folder, "nowhere");
    await writeFile(config, "Host far\n  HostName no-such-host.invalid\n");
    expect(await refusal({ name: "far", config })).toMatchObject({
      code: "host_unreachable",
      message: expect.stringContaining("no address"),
    });
    await sshd[Symbol.asyncDispose]();
  });

  test("a way there that outlives its ssh holds nobody up", async () => {
    await using sshd = await startSshd();
    const config = join(sshd.folder, "held");
    const pid = join(sshd.folder, "held.pid");
    const held = `sh -c 'trap "" HUP TERM PIPE; echo $$ >${pid}; exec sleep 1000'`;
    await writeFile(config, `Host far\n  ProxyCommand ${held}\n`);
    const trying = new AbortController();
    const asked = {
      name: "far",
      config,
      clock: systemClock,
      env: systemEnv,
      stateFolder: "/state",
    };
    const told = failureCode(reachSsh(asked, trying.signal));
    const isHeld = async (): Promise<string> => readFile(pid, "utf8").catch(() => "");
    const holder = Number(await settled(isHeld, (text) => text !== ""));
    trying.abort();
    expect(await told).toBe("host_unreachable");
    process.kill(holder, "SIGKILL");
  });

  test("a login that is no shell is told from one that is", async () => {
    await using sshd = await startSshd({ config: ["ForceCommand echo This account is closed."] });
    expect((await refusal(sshd)).code).toBe("host_unusable");
  });

  test.each(["-oProxyCommand=id", "a b", "$(id)", "a\nb", ""])(
    "%j is no name of a host",
    async (name) => {
      const deps = { clock: systemClock, env: systemEnv, stateFolder: "/state" };
      await expect(async () => reachSsh({ ...deps, name })).rejects.toThrow("letters");
    },
  );
});

describe("a host that is not as it should be", { timeout: 60_000 }, () => {
  test("a login whose shell prints before it does what it is told spoils nothing", async () => {
    const noisy = `ForceCommand echo "Welcome!"; echo "  news  " >&2; printf 'no newline'; eval "$SSH_ORIGINAL_COMMAND"`;
    await using far = await makeFarOf({ config: [noisy] });
    const { host, home } = far;
    const env = { PATH: "/usr/bin:/bin" };
    const told = await host.run(["sh", "-c", "cat; echo oops >&2"], {
      env,
      timeoutMs: 20_000,
      input: "in",
    });
    expect(told).toMatchObject({ exitCode: 0, stdout: "in", stderr: "oops\n" });
    await host.files.write(join(home, "f"), "text", 0o600);
    const bytes = await host.files.read(join(home, "f"), { maxBytes: 100 });
    expect(Buffer.from(bytes ?? []).toString()).toBe("text");
    const { detached } = await far.start(echo);
    await detached.write("one");
    expect((await firstLine(detached))?.text).toBe("1 one");
    expect((await host.environment())["HOME"]).toBe(far.sshd.home);
    const stateFolder = "/state";
    const { name, config } = far.sshd;
    const greeting = await reachSsh({
      name,
      config,
      stateFolder,
      clock: systemClock,
      env: systemEnv,
    });
    expect(greeting.login).toBe(far.sshd.home);
  });

  test("a login that complains at length is heard out; one that talks without end is told so", async () => {
    const complains = `ForceCommand head -c 3000000 /dev/zero >&2; eval "$SSH_ORIGINAL_COMMAND"`;
    await using far = await makeFarOf({ config: [complains] });
    expect(await far.host.folder("/")).toBe("directory");
    await using sshd = await startSshd({ config: ["ForceCommand cat /dev/zero"] });
    const talker = await makeFar(sshd);
    expect(await failureCode(talker.host.folder("/"))).toBe("host_unreachable");
    expect(talker.host.reach()).toMatchObject({ reason: expect.stringContaining("without end") });
    await talker.host.close();
  });

  test("more channels than its server allows for one connection go through further ones", async () => {
    await using far = await makeFarOf({ config: ["MaxSessions 3"] });
    const env = { PATH: "/usr/bin:/bin" };
    const open = () => far.host.open(["cat"], { env });
    const pipes = await Promise.all(Array.from({ length: 7 }, open));
    await Promise.all(pipes.map((pipe, at) => pipe.write(Buffer.from(`pipe ${at}`))));
    const first = await Promise.all(
      pipes.map(async (pipe) => (await pipe.output[Symbol.asyncIterator]().next()).value),
    );
    expect(first.map((bytes) => Buffer.from(bytes as Uint8Array).toString())).toEqual(
      pipes.map((_, at) => `pipe ${at}`),
    );
    expect((await far.host.run(["true"], { env, timeoutMs: 20_000 })).exitCode).toBe(0);
    for (const pipe of pipes) pipe.close();
  });

  test("a server that allows none but the connection's own says so", async () => {
    await using sshd = await startSshd({ config: ["MaxSessions 1"] });
    const far = await makeFar(sshd);
    expect(await failureCode(far.host.folder("/"))).toBe("host_unusable");
    await far.host.close();
  });
});

/** The processes of the host's own scripts over there, by their login's HOME. */
const scriptsThere = async ({ sshd }: { readonly sshd: Sshd }) => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, name: string): Promise<string> =>
    readFile(`/proc/${pid}/${name}`, "latin1").catch(() => "");
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await read(pid, "environ");
      if (!`\0${environment}`.includes(`\0HOME=${sshd.home}\0`)) return [];
      const [stat, args] = [await read(pid, "stat"), await read(pid, "cmdline")];
      return [{ pid: Number(pid), parent: Number(stat.split(") ")[1]?.split(" ")[1]), args }];
    }),
  );
  return found.flat();
};

describe(
  "what reads or watches over there, and is killed, is begun anew",
  { timeout: 60_000 },
  () => {
    test("so no word of the agent is left out", async () => {
      await using far = await makeFarOf({});
      const { detached, dir } = await far.start(echo);
      const lines = detached.lines(0)[Symbol.asyncIterator]();
      await detached.write("one");
      expect((await lines.next()).value?.text).toBe("1 one");
      const isReader = ({ args }: { args: string }): boolean =>
        args.startsWith("tail\0") && args.includes(`${dir}/out`);
      const readers = (await scriptsThere(far)).filter(isReader);
      expect(readers).toHaveLength(1);
      kill(readers.map(({ pid }) => pid));
      await detached.write("two");
      expect((await lines.next()).value?.text).toBe("2 two");
    });

    test("so the agent's end is noticed", async () => {
      await using far = await makeFarOf({});
      const { detached } = await far.start(echo);
      // A shell that a script of its own made: the pulse of the link, what looks, and what waits for the channel's end.
      const parts = await settled(
        async () => {
          const all = await scriptsThere(far);
          return all.filter((one) =>
            all.some(({ pid, args }) => pid === one.parent && args === one.args),
          );
        },
        (found) => found.length === 3,
      );
      expect(parts).toHaveLength(3);
      kill(parts.map(({ pid }) => pid));
      await detached.signal("SIGKILL");
      expect(await detached.exited).toMatchObject({ witnessed: false });
    });
  },
);

describe("what is left of a spool", { timeout: 60_000 }, () => {
  test("is read on when the program that reads it cannot be run at first", async () => {
    const bin = await mkdtemp(join(tmpdir(), "skein-bin-"));
    const tail = `#!/bin/sh\n[ -e ${bin}/well ] && exec /usr/bin/tail "$@"\n: > ${bin}/well\nexit 254\n`;
    await writeFile(join(bin, "tail"), tail, { mode: 0o755 });
    await using far = await makeFarOf({ env: { PATH: `${bin}:/usr/bin:/bin` } });
    const dir = join(far.home, "spool", "1");
    await far.host.files.write(join(dir, "out"), "one\ntwo", 0o600);
    const lines = await until(far.host.spool(dir, 0), () => false);
    expect(lines.map(({ text }) => text)).toEqual(["one", "two"]);
    await rm(bin, { recursive: true });
  });

  test("that is there and cannot be read is told so, and is no end", async () => {
    await using far = await makeFarOf({});
    const dir = join(far.home, "spool", "1");
    await mkdir(join(dir, "out"), { recursive: true });
    const reading = until(far.host.spool(dir, 0), () => false);
    expect(await failureCode(reading)).toBe("storage_failed");
  });
});

describe("a link", { timeout: 60_000 }, () => {
  test("one channel that is killed takes no other with it", async () => {
    await using far = await makeFarOf({});
    const { detached } = await far.start(echo);
    const lines = detached.lines(0)[Symbol.asyncIterator]();
    await detached.write("one");
    expect((await lines.next()).value?.text).toBe("1 one");
    const changes: Reach[] = [];
    far.host.onReach((reach) => changes.push(reach));

    // One follows what the agent says, one watches over it; each comes in its own time.
    const lasting = await settled(
      () => clients(far, "channel"),
      (pids) => pids.length === 2,
    );
    const before = new Set(lasting);
    expect(before.size).toBe(2);
    const pipe = await far.host.open(["cat"], { env: { PATH: "/usr/bin:/bin" } });
    const added = await settled(
      async () => (await clients(far, "channel")).filter((pid) => !before.has(pid)),
      (pids) => pids.length === 1,
    );
    expect(added).toHaveLength(1);
    kill(added);
    expect(await pipe.ended).toMatchObject({ linkLost: true, witnessed: false });
    await detached.write("two");
    expect((await lines.next()).value?.text).toBe("2 two");

    // Those that follow the agent and watch over it, too: they are made again, at the very next byte.
    kill(before);
    await detached.write("three");
    expect((await lines.next()).value?.text).toBe("3 three");
    expect(await detached.liveness()).toBe("alive");
    expect(changes).toEqual([]);
  });

  test("the whole connection killed again and again, while lines go in: each is written once, in order", async () => {
    await using far = await makeFarOf({});
    const { detached } = await far.start(echo);
    const count = 60;
    const reading = until(detached.lines(0), (line) => line.text.startsWith(`${count} `));
    const writes: Promise<void>[] = [];
    for (let line = 1; line <= count; line += 1) {
      writes.push(detached.write(`line ${line}`));
      if (line % 20 !== 0) {
        await Promise.race([writes[line - 1], new Promise((resolve) => setTimeout(resolve, 20))]);
        continue;
      }
      await whenReach(far.host, (reach) => reach.state === "reachable");
      kill(await clients(far, "master"));
    }
    await Promise.all(writes);
    expect((await reading).map((line) => line.text)).toEqual(
      Array.from({ length: count }, (_, at) => `${at + 1} line ${at + 1}`),
    );
  });

  test("a server that goes away is told with its reason, and comes back by itself; a socket gets a new path then", async () => {
    await using far = await makeFarOf({});
    const { detached, dir, owner } = await far.start(echo);
    const path = join(far.home, "sock");
    const server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const before = await far.host.socket(path);

    await far.sshd.stop();
    kill(await clients(far, "master"));
    const lost = await whenReach(
      far.host,
      (reach) => reach.state === "unreachable" && reach.reason.includes("refuses"),
    );
    expect(lost).toMatchObject({ since: expect.stringMatching(/^\d{4}-/) });
    expect(await detached.liveness()).toBe("unknown");
    expect(await failureCode(far.host.socket(path))).toBe("host_unreachable");
    expect(await failureCode(far.host.adopt(dir, owner))).toBe("host_unreachable");
    const write = detached.write("meanwhile");

    await far.sshd.start();
    // A try that began before that is told as what came of it: the next one finds the server.
    await far.host.reachNow();
    expect(await far.host.reachNow()).toEqual({ state: "reachable" });
    await write;
    expect((await firstLine(detached))?.text).toBe("1 meanwhile");
    expect(await far.host.socket(path)).not.toBe(before);
    server.close();
  });

  test("an ssh that is stuck holds up nobody who lets go of the host", async () => {
    await using sshd = await startSshd();
    const far = await makeFar(sshd);
    expect(await far.host.folder("/")).toBe("directory");
    const [master] = await clients(far, "master");
    // SIGTERM reaches it only when it goes on, which it never does.
    process.kill(master ?? 0, "SIGSTOP");
    await far.host.close();
    expect(await clients(far, "master")).toEqual([]);
  });

  test("another key than before is not accepted by a link that comes back either", async () => {
    await using far = await makeFarOf({});
    await far.host.folder("/");
    await far.sshd.stop();
    const print = await far.sshd.changeKey();
    await far.sshd.start();
    kill(await clients(far, "master"));
    const lost = await whenReach(
      far.host,
      (reach) => reach.state === "unreachable" && reach.reason.includes(print),
    );
    expect(lost).toMatchObject({ remedy: expect.stringContaining("ssh-keygen -R") });
    await writeFile(far.sshd.knownHosts, "");
    // For the end of the test: somebody has looked, and written the new key down.
    const key = await readFile(join(far.sshd.folder, "host_key.pub"), "utf8");
    await writeFile(far.sshd.knownHosts, `[127.0.0.1]:${far.sshd.port} ${key}`);
    expect(await far.host.reachNow()).toEqual({ state: "reachable" });
  });

  test("no secret stands in an argument list, on either side", async () => {
    await using far = await makeFarOf({});
    const secret = "swordfish-7319";
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      await Promise.all(
        pids.map(async (pid) => {
          const args = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
          if (args.includes(secret)) seen.add(args);
        }),
      );
    };
    let isOver = false;
    const looking = (async () => {
      while (!isOver) await look();
    })();
    const script = "setTimeout(() => console.log(process.env.KEY), 100)";
    const env = { PATH: "/usr/bin:/bin", KEY: secret };
    const { detached } = await far.start([node, "-e", script], env);
    expect((await firstLine(detached))?.text).toBe(secret);
    const told = await far.host.run([node, "-e", script], { env, timeoutMs: 20_000 });
    expect(told.stdout).toBe(`${secret}\n`);
    await far.host.files.write(join(far.home, "key"), secret, 0o600);
    isOver = true;
    await looking;
    expect([...seen]).toEqual([]);
  });
});
