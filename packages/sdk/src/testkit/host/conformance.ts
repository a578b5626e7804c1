/**
 * What every host must do, whichever machine it is: one suite over all of them. The world that is handed in has its folder on a
 * disk that this machine sees too.
 */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Detached, Exit } from "../../host.ts";
import { SYSTEM_PATH } from "../../terminal.ts";
import { became, failureCode, firstLine, gone, textOf, until, type HostWorld } from "./world.ts";

const node = process.execPath;
/** Tells its lines back, one for one, with a number. */
const echo = [
  node,
  "-e",
  `let n = 0;
   require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(++n + " " + line));`,
] as const;

export type HostUnderTest = {
  readonly make: () => Promise<HostWorld>;
  /** Whether it knows with what the processes ended that it started itself. */
  readonly witnesses: boolean;
};

export const hostConformance = (name: string, { make, witnesses }: HostUnderTest): void => {
  const endedWith = (exitCode: number | null, signal: string | null): Exit =>
    witnesses
      ? { exitCode, signal, witnessed: true }
      : { exitCode: null, signal: null, witnessed: false };

  describe(`${name} as a host`, { timeout: 30_000 }, () => {
    test("lines go in and come out in order, and the process ends with its own code", async () => {
      await using home = await make();
      const { detached } = await home.start(["sh", "-c", 'read a; read b; echo "$b $a"; exit 7']);
      await Promise.all([detached.write("one"), detached.write("two")]);
      expect(await until(detached.lines(0), () => false)).toEqual([
        { text: "two one", cut: false, end: 8 },
      ]);
      expect(await detached.exited).toEqual(endedWith(7, null));
      expect(await detached.liveness()).toBe("dead");
    });

    test("the folder is private, and what the process gets is only what it was given, with the marks", async () => {
      await using home = await make();
      const { detached, dir, owner } = await home.start(["env"], { COLOR: "blue" });
      const lines = await until(detached.lines(0), () => false);
      expect(new Set(lines.map((line) => line.text.split("=")[0]))).toEqual(
        new Set(["COLOR", "PATH", "SKEIN_GENERATION", "SKEIN_HOME", "SKEIN_SESSION"]),
      );
      expect(lines.map((line) => line.text)).toContain(`SKEIN_SESSION=${owner.session}`);
      expect((await stat(dir)).mode & 0o777).toBe(0o700);
      for (const name of ["in", "out", "err"]) {
        expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
      }
    });

    test("a daemon that dies takes nothing with it: the next one adopts, reads on and writes", async () => {
      await using home = await make();
      const { detached, dir, owner } = await home.start(echo);
      await detached.write("before");
      const before = await firstLine(detached);
      await detached.close();

      const adopted = await (await home.another()).adopt(dir, owner);
      expect(adopted?.process).toEqual(detached.process);
      await adopted?.write("after");
      const after = await firstLine(adopted as Detached, before?.end);
      expect(after?.text).toBe("2 after");

      const exit = await adopted?.terminate(2_000);
      expect(exit).toEqual({ exitCode: null, signal: null, witnessed: false });
    });

    test("the death of an adopted process is noticed, and its last words are given first", async () => {
      await using home = await make();
      const { detached, dir, owner } = await home.start([
        "sh",
        "-c",
        "read line; printf 'half a line'",
      ]);
      await detached.close();
      const adopted = await (await home.another()).adopt(dir, owner);
      const reading = until((adopted as Detached).lines(0), () => false);
      await adopted?.write("go");
      expect((await reading).map((line) => line.text)).toEqual(["half a line"]);
      expect((await adopted?.exited)?.witnessed).toBe(false);
    });

    test("nothing is adopted when the leader is dead, another generation's, or another home's", async () => {
      await using home = await make();
      await using stranger = await make();
      const { detached, dir, owner } = await home.start(["sleep", "1000"]);
      expect(await home.host.adopt(dir, { ...owner, generation: 99 })).toBeNull();
      expect(await stranger.host.adopt(dir, owner)).toBeNull();
      await detached.terminate(0);
      expect(await home.host.adopt(dir, owner)).toBeNull();
    });

    test("a process is told by its pid as whoever started it knows it, until it is dead", async () => {
      await using home = await make();
      const { detached } = await home.start(["sleep", "1000"]);
      const { pid } = detached.process;
      expect(await home.host.process(pid)).toEqual(detached.process);
      await detached.terminate(0);
      expect(await home.host.process(pid)).toBeNull();
    });

    test("of processes those are told that have ended", async () => {
      await using home = await make();
      const [one, other] = [
        await home.start(["sleep", "1000"]),
        await home.start(["sleep", "1000"]),
      ];
      const pids = [one, other].map(({ detached }) => detached.process.pid);
      expect(await home.host.ended(pids)).toEqual(new Set());
      await one.detached.terminate(0);
      expect(await home.host.ended(pids)).toEqual(new Set(pids.slice(0, 1)));
      await other.detached.terminate(0);
      expect(await home.host.ended(pids)).toEqual(new Set(pids));
    });

    test("a command in a session of its own is not taken for the agent, and dies with it", async () => {
      await using home = await make();
      const script = "setsid sh -c 'echo $$; exec sleep 1000' < /dev/null & wait";
      const { detached, dir, owner } = await home.start(["sh", "-c", script]);
      const child = Number((await firstLine(detached))?.text);
      expect(await became(child, "sleep")).toBe(true);
      expect((await home.host.adopt(dir, owner))?.process).toEqual(detached.process);
      const pids = (await home.host.owners()).map((one) => new Set(one.pids));
      expect(pids).toEqual([new Set([detached.process.pid, child])]);

      expect(await detached.terminate(20_000)).toEqual(endedWith(null, "SIGTERM"));
      expect(await gone(child)).toBe(true);
      expect(await home.host.owners()).toEqual([]);
    });

    test("a child that dropped its environment is found by the session it sits in", async () => {
      await using home = await make();
      const script = "env -i sh -c 'echo $$; exec sleep 1000' & wait";
      const { detached, owner } = await home.start(["sh", "-c", script]);
      const child = Number((await firstLine(detached))?.text);
      await detached.signal("SIGKILL");
      await detached.exited;
      // Its leader is dead, and with it the last process that carried the marks: only a living one leads to the session.
      await home.host.sweep(owner);
      expect(await gone(detached.process.pid)).toBe(true);
      process.kill(child, "SIGKILL");

      const second = await home.start(["sh", "-c", script]);
      const other = Number((await firstLine(second.detached))?.text);
      await home.host.sweep(second.owner);
      expect(await gone(other)).toBe(true);
    });

    test("a sweep spares what it is told to", async () => {
      await using home = await make();
      const script = "setsid sh -c 'echo $$; exec sleep 1000' & exec sleep 1000";
      const { detached, owner } = await home.start(["sh", "-c", script]);
      const child = Number((await firstLine(detached))?.text);
      const { pid } = detached.process;
      for (const one of [pid, child]) expect(await became(one, "sleep")).toBe(true);
      expect(await home.host.sweep(owner, (one) => one.ageMs > 3_600_000)).toBe(2);
      const second = await home.start(["sh", "-c", script]);
      const other = Number((await firstLine(second.detached))?.text);
      const spared = second.detached.process.pid;
      for (const one of [spared, other]) expect(await became(one, "sleep")).toBe(true);
      expect(await home.host.sweep(second.owner, (one) => one.session === spared)).toBe(1);
      expect(await second.detached.liveness()).toBe("alive");
      expect(await Promise.all([pid, child, other].map(gone))).toEqual([true, true, true]);
    });

    test("a process that will not end on request is killed after the grace", async () => {
      await using home = await make();
      const { detached } = await home.start([
        "sh",
        "-c",
        "trap '' TERM; echo ready; while :; do sleep 1; done",
      ]);
      await firstLine(detached);
      expect(await detached.terminate(50)).toEqual(endedWith(null, "SIGKILL"));
    });

    test("a megabyte goes through the FIFO whole to a reader that sleeps first, and short lines keep their turn", async () => {
      await using home = await make();
      const script = `setTimeout(() => {
    let all = "";
    process.stdin.setEncoding("utf8").on("data", (text) => {
      all += text;
      const lines = all.split("\\n");
      if (lines.length === 3) console.log(JSON.stringify(lines.map((line) => [line.length, line[0], line.at(-1)])));
    });
  }, 200);`;
      const { detached } = await home.start([node, "-e", script]);
      const writes = [detached.write("x".repeat(1_000_000) + "!"), detached.write("short")];
      expect(JSON.parse((await firstLine(detached))?.text ?? "")).toEqual([
        [1_000_001, "x", "!"],
        [5, "s", "t"],
        [0, null, null],
      ]);
      await Promise.all(writes);
    });

    test("a reader that never reads makes a write wait, and its death ends the waiting with a failure", async () => {
      await using home = await make();
      const { detached } = await home.start(["sleep", "1000"]);
      const write = failureCode(detached.write("x".repeat(1_000_000)));
      await detached.signal("SIGKILL");
      expect(await write).toBe("backend_unavailable");
      expect(await failureCode(detached.write("again"))).toBe("backend_unavailable");
    });

    test("letting go ends reading and waiting writes, and harms nothing", async () => {
      await using home = await make();
      const { detached } = await home.start(["sleep", "1000"]);
      const reading = until(detached.lines(0), () => false);
      const write = failureCode(detached.write("x".repeat(1_000_000)));
      await detached.close();
      await detached.close();
      expect(await reading).toEqual([]);
      expect(await write).toBe("backend_unavailable");
      expect(await detached.liveness()).toBe("alive");
    });

    test("each failure to start has its own sentence, and leaves no process behind", async () => {
      await using home = await make();
      const file = join(home.home, "file");
      await writeFile(file, "", { mode: 0o600 });
      const owner = { session: "ses_none", generation: 1 };
      const start = (argv: readonly [string, ...string[]], folder: string) =>
        failureCode(
          home.host.start({
            dir: join(home.home, "d"),
            argv,
            env: { PATH: "/bin" },
            folder,
            owner,
          }),
        );
      expect(await start(["sleep", "1"], join(home.home, "nowhere"))).toBe("folder_not_found");
      expect(await start(["sleep", "1"], file)).toBe("folder_not_directory");
      expect(await start(["/no/such/program"], home.home)).toBe("backend_not_installed");
      expect(await start([file], home.home)).toBe("backend_not_installed");
      expect(await home.host.owners()).toEqual([]);
    });

    test("the spool of a dead process is read from where one stopped", async () => {
      await using home = await make();
      const { detached, dir } = await home.start(["printf", "one\\ntwo\\nthree"]);
      await detached.exited;
      const all = await until(home.host.spool(dir, 0), () => false);
      expect(all.map((line) => line.text)).toEqual(["one", "two", "three"]);
      const rest = await until(home.host.spool(dir, all[0]?.end ?? 0), () => false);
      expect(rest.map((line) => line.text)).toEqual(["two", "three"]);
      await home.host.remove(dir);
      await home.host.remove(dir);
      expect(await until(home.host.spool(dir, 0), () => false)).toEqual([]);
    });

    test("the newest of stderr is told", async () => {
      await using home = await make();
      const { detached } = await home.start(["sh", "-c", "echo first >&2; echo last >&2"]);
      await detached.exited;
      expect(await detached.errors(5)).toBe("last\n");
      expect(await detached.errors(1_000)).toBe("first\nlast\n");
    });

    test("a short command gives its output, its code, and is ended by the clock or the caller", async () => {
      await using home = await make();
      const env = { PATH: SYSTEM_PATH };
      const run: typeof home.host.run = (argv, options) => home.host.run(argv, options);
      const cat = await run(["sh", "-c", "cat; echo oops >&2; exit 3"], {
        env,
        timeoutMs: 20_000,
        input: "hi",
      });
      expect(cat).toEqual({
        exitCode: 3,
        signal: null,
        stdout: "hi",
        stderr: "oops\n",
        timedOut: false,
      });
      const capped = await run(["sh", "-c", "yes | head -c 100000"], {
        env,
        timeoutMs: 20_000,
        maxBytes: 10,
      });
      expect(capped.stdout).toHaveLength(10);
      const slow = await run(["sh", "-c", "sleep 1000 & sleep 1000"], { env, timeoutMs: 50 });
      expect(slow).toMatchObject({ signal: "SIGKILL", timedOut: true });
      const given = AbortSignal.abort();
      expect((await run(["sleep", "1000"], { env, timeoutMs: 20_000, signal: given })).signal).toBe(
        "SIGKILL",
      );
      expect(await failureCode(run(["/no/such"], { env, timeoutMs: 20_000 }))).toBe(
        "backend_unavailable",
      );
    });

    test("folders and programs are told apart from what only looks like them", async () => {
      await using home = await make();
      const { host } = home;
      await mkdir(join(home.home, "bin"));
      const program = join(home.home, "bin", "tool");
      await writeFile(program, "#!/bin/sh\n", { mode: 0o755 });
      await writeFile(join(home.home, "bin", "text"), "", { mode: 0o644 });
      expect(await host.folder(home.home)).toBe("directory");
      expect(await host.folder(program)).toBe("file");
      expect(await host.folder(join(home.home, "nowhere"))).toBe("missing");
      expect(await host.folder(join(program, "below"))).toBe("missing");
      expect(await host.which("tool", `/nowhere:${join(home.home, "bin")}`)).toBe(program);
      expect(await host.which("text", join(home.home, "bin"))).toBeNull();
      expect(await host.which(program)).toBe(program);
      expect(await host.which("", "/bin")).toBeNull();
    });

    test("words come out as they went in: argv, environment and input", async () => {
      await using home = await make();
      const nasty = [
        "a b",
        "$(id)`id`",
        `'"\\`,
        "one\ntwo\n",
        "-n",
        "",
        "\u001b[201~",
        "héllo ☃ 😀",
        "!x",
        "%s%b\\n",
      ];
      const script =
        "process.stdin.pipe(process.stdout); console.log(JSON.stringify([process.argv.slice(1), process.env]))";
      const env = { PATH: SYSTEM_PATH, NASTY: nasty.join("|"), s: "mine", IFS: "x" };
      const told = await home.host.run([node, "-e", script, "--", ...nasty], {
        env,
        timeoutMs: 20_000,
        input: nasty.join(""),
      });
      const [line = "", ...rest] = told.stdout.split("\n");
      expect(JSON.parse(line)).toEqual([nasty, env]);
      expect(rest.join("\n")).toBe(nasty.join(""));
    });

    test("a big input goes to a program that reads it late, and to one that never does", async () => {
      await using home = await make();
      const env = { PATH: SYSTEM_PATH };
      const input = "0123456789".repeat(30_000);
      const late = await home.host.run(["sh", "-c", "sleep 0.1; wc -c"], {
        env,
        timeoutMs: 20_000,
        input,
      });
      expect(late.stdout.trim()).toBe("300000");
      const never = await home.host.run(["sh", "-c", "exec sleep 1000"], {
        env,
        timeoutMs: 300,
        input,
      });
      expect(never).toMatchObject({ timedOut: true, signal: "SIGKILL" });
    });

    test("files are written whole, read in parts, listed and removed", async () => {
      await using home = await make();
      const { files } = home.host;
      const path = join(home.home, "new folder", "it's -f.txt");
      const text = "one\ntwo ☃\n";
      await files.write(path, "what was there before", 0o600);
      await files.write(path, text, 0o640);
      expect((await stat(path)).mode & 0o777).toBe(0o640);
      expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
      const read = async (options: Parameters<typeof files.read>[1]) => {
        const bytes = await files.read(path, options);
        return bytes === null ? null : Buffer.from(bytes).toString("utf8");
      };
      expect(await read({ maxBytes: 1_000 })).toBe(text);
      expect(await read({ maxBytes: 3, from: 4 })).toBe("two");
      expect(await read({ maxBytes: 1_000, from: -4 })).toBe("☃\n");
      expect(await read({ maxBytes: 1_000, from: 100 })).toBe("");
      expect(await read({ maxBytes: 1_000, from: -100 })).toBe(text);
      expect(await files.read(join(path, ".."), { maxBytes: 1 })).toBeNull();
      expect(await files.read(join(home.home, "none"), { maxBytes: 1 })).toBeNull();
      await mkdir(join(home.home, "new folder", ".hidden\nname"));
      const entries = (await files.list(join(home.home, "new folder"))) ?? [];
      expect(
        new Set(
          entries.map(({ name, kind, bytes }) => ({
            name,
            kind,
            bytes: kind === "file" ? bytes : 0,
          })),
        ),
      ).toEqual(
        new Set([
          { name: "it's -f.txt", kind: "file", bytes: Buffer.byteLength(text) },
          { name: ".hidden\nname", kind: "directory", bytes: 0 },
        ]),
      );
      expect(Math.abs((entries[0]?.modifiedAt ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await files.list(join(home.home, "none"))).toBeNull();
      expect(await failureCode(files.write(join(path, "below"), "x", 0o600))).toBe(
        "storage_failed",
      );
      await files.remove(join(home.home, "new folder"));
      await files.remove(join(home.home, "new folder"));
      expect(await files.list(join(home.home, "new folder"))).toBeNull();
    });

    test("bytes of a file are what they are", async () => {
      await using home = await make();
      const bytes = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));
      const path = join(home.home, "bytes");
      await writeFile(path, bytes);
      expect(Buffer.from((await home.host.files.read(path, { maxBytes: 4096 })) ?? [])).toEqual(
        bytes,
      );
    });

    test("a file is followed before it is there, and from the middle, until nobody wants more", async () => {
      await using home = await make();
      const path = join(home.home, "log");
      const over = new AbortController();
      const lines = home.host.files.follow(path, 4, over.signal)[Symbol.asyncIterator]();
      const first = lines.next();
      await writeFile(path, "one\ntwo\nthr");
      expect((await first).value).toEqual({ text: "two", cut: false, end: 8 });
      const second = lines.next();
      await writeFile(path, "ee\n", { flag: "a" });
      expect((await second).value).toEqual({ text: "three", cut: false, end: 14 });
      const third = lines.next();
      over.abort();
      expect((await third).done).toBe(true);
    });

    test("a pipe carries bytes both ways, and tells how it ended", async () => {
      await using home = await make();
      const env = { PATH: SYSTEM_PATH };
      const pipe = await home.host.open(["sh", "-c", "head -c 3; echo oops >&2; exit 5"], {
        env,
        folder: home.home,
      });
      await pipe.write(Buffer.from([0, 255, 10]));
      const parts: Uint8Array[] = [];
      for await (const bytes of pipe.output) parts.push(bytes);
      expect(Buffer.concat(parts)).toEqual(Buffer.from([0, 255, 10]));
      const ended = await pipe.ended;
      expect(ended).toMatchObject({ exitCode: 5, linkLost: false });
      expect(ended.errors.trim()).toBe("oops");
      expect(await failureCode(pipe.write(Buffer.from("x")))).toBe("backend_unavailable");
      expect(await failureCode(home.host.open(["/no/such"], { env }))).not.toContain("no failure");
    });

    test("a pipe that is closed ends its process, whatever that one does", async () => {
      await using home = await make();
      const script = "trap '' TERM HUP; echo $$; while :; do sleep 1; done";
      const pipe = await home.host.open(["sh", "-c", script], { env: { PATH: SYSTEM_PATH } });
      const first = await pipe.output[Symbol.asyncIterator]().next();
      const pid = Number(Buffer.from((first.value as Uint8Array | undefined) ?? []).toString());
      pipe.close();
      pipe.close();
      await pipe.ended;
      expect(await gone(pid)).toBe(true);
    });

    test("a pipe whose reader stops holds its process up, and loses nothing", async () => {
      await using home = await make();
      const bytes = 16 * 1024 * 1024;
      const counted = join(home.home, "counted");
      const script = `head -c ${bytes} /dev/zero; echo done > '${counted}'`;
      const pipe = await home.host.open(["sh", "-c", script], { env: { PATH: SYSTEM_PATH } });
      const output = pipe.output[Symbol.asyncIterator]();
      let got = ((await output.next()).value as Uint8Array).length;
      expect(await home.host.files.read(counted, { maxBytes: 10 })).toBeNull();
      for (let next = await output.next(); next.done !== true; next = await output.next())
        got += next.value.length;
      expect(got).toBe(bytes);
    });

    test("a socket there has a path here", async () => {
      await using home = await make();
      const path = join(home.home, "sock");
      const server = createServer((socket) => socket.end("hello"));
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const here = await home.host.socket(path);
      expect(await home.host.socket(path)).toBe(here);
      expect(await textOf(connect(here))).toBe("hello");
      await new Promise((resolve) => server.close(resolve));
    });

    test("the environment there is a login's", async () => {
      await using home = await make();
      const env = await home.host.environment();
      expect(env["PATH"]).toContain("/bin");
      expect(env["HOME"]).toMatch(/^\//);
    });
  });
};
