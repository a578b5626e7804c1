/** What befalls a host over ssh and needs a machine's powers, or patience. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { reachSsh } from "@skein/adapters";
import { failureCode, startSshd } from "@skein/sdk/testkit";
import { describe, expect, test } from "vitest";
import { systemClock } from "@skein/sdk";
import { listen, makeFar, owner, PATH } from "./counting.ts";
import { makeDisk } from "./disk.ts";
import { makeNetwork } from "./network.ts";

const execute = promisify(execFile);
const env = { PATH };

describe.concurrent("a host over ssh", { timeout: 120_000 }, () => {
  test("a server that takes the connection and says nothing is given up", async () => {
    const mute = createServer(() => undefined);
    await using sshd = await startSshd();
    await sshd.stop();
    await new Promise<void>((resolve) => mute.listen(sshd.port, "127.0.0.1", resolve));
    const begun = performance.now();
    const asked = { name: "far", config: sshd.config, clock: systemClock, env, stateFolder: "/s" };
    await expect(reachSsh(asked)).rejects.toMatchObject({
      message: expect.stringContaining("does not answer"),
      failure: { code: "host_unreachable" },
    });
    expect(performance.now() - begun).toBeLessThan(25_000);
    mute.close();
  });

  test("an address that nobody has is given up", async () => {
    await using network = await makeNetwork();
    await using far = await makeFar({ network });
    await far.host.folder("/");
    await network.drop();
    const { config } = far.sshd;
    const asked = { name: "far", config, clock: systemClock, env, stateFolder: "/s" };
    await expect(reachSsh(asked)).rejects.toMatchObject({
      failure: { code: "host_unreachable" },
    });
    await network.allow();
  });

  test("a full disk is said so, half a file is never there, and once there is room all goes on", async () => {
    await using disk = await makeDisk(256, 64);
    await using far = await makeFar({ home: disk.home });
    const { host } = far;
    const path = join(host.home, "note");
    await host.files.write(path, "what was there before", 0o600);
    const big = "x".repeat(1024 * 1024);
    expect(await failureCode(host.files.write(path, big, 0o600))).toBe("storage_full");
    const kept = await host.files.read(path, { maxBytes: 100 });
    expect(Buffer.from(kept ?? []).toString()).toBe("what was there before");
    expect(await readdir(host.home)).toEqual(expect.arrayContaining(["note"]));
    expect((await readdir(host.home)).filter((name) => name.startsWith("note."))).toEqual([]);

    const agent = await far.start();
    const heard = listen(agent);
    await agent.write("before");
    await heard.when(() => heard.got().length === 1);
    await agent.signal("SIGSTOP");
    // Of neither room nor names is anything left.
    const fill =
      "cat /dev/zero > 0 2>/dev/null; n=1; while : > $n; do n=$((n + 1)); done 2>/dev/null";
    const filler = join(disk.home, "filler");
    await mkdir(filler);
    await execute("sh", ["-c", `cd '${filler}'; (${fill}); :`]);
    expect(await failureCode(agent.write("y".repeat(8_192)))).toBe("storage_full");
    expect(
      await failureCode(
        far.host.start({
          dir: join(host.home, "spool", "2"),
          argv: ["true"],
          env,
          folder: disk.home,
          owner: { ...owner, generation: 2 },
        }),
      ),
    ).toBe("storage_full");
    const asked = {
      name: "far",
      config: far.sshd.config,
      clock: systemClock,
      env,
      stateFolder: "/s",
    };
    expect(await failureCode(reachSsh(asked))).toBe("storage_full");

    await rm(filler, { recursive: true });
    await agent.signal("SIGCONT");
    await agent.write("after");
    await heard.when(() => heard.got().length === 2);
    expect(heard.got()).toEqual(["before", "after"]);
    await agent.terminate(0);
    expect(await host.owners()).toEqual([]);
  });

  test("a clock that is an hour ahead is what its own date says, and confuses nothing", async () => {
    const bin = await mkdtemp(join(tmpdir(), "skein-bin-"));
    const ahead = "#!/bin/sh\nexec /bin/date -d '+1 hour' \"$@\"\n";
    await writeFile(join(bin, "date"), ahead);
    await chmod(join(bin, "date"), 0o755);
    await using far = await makeFar();
    // As a person makes it there: in a file that only a login shell reads.
    await writeFile(join(far.sshd.home, ".profile"), `PATH='${bin}':"$PATH"; export PATH\n`);
    const there = await far.host.environment();
    const told = await far.host.run(["date", "+%s"], {
      env: { PATH: there["PATH"] ?? "" },
      timeoutMs: 20_000,
    });
    expect(Math.abs(Number(told.stdout) - Date.now() / 1000 - 3_600)).toBeLessThan(60);
    await mkdir(far.host.home, { recursive: true });
    const agent = await far.start();
    await agent.write("one");
    const heard = listen(agent);
    await heard.when(() => heard.got().length === 1);
    // Its age is by the kernel's clock: a sweep that spares the young spares it.
    expect(await far.host.sweep(owner, (one) => one.ageMs < 60_000)).toBe(0);
    await agent.terminate(0);
    await rm(bin, { recursive: true, force: true });
  });
});
