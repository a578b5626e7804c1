/** Where the daemon listens: loopback and a socket that is its owner's alone. */
import { watch } from "node:fs";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { isRefusal } from "@skein/contract";
import { startServer, type ServerOptions } from "../../packages/daemon/src/server/server.ts";
import { openHouse } from "./house.ts";
import { makeTurningClock } from "./turning-clock.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const start = (socketPath: string, change: Partial<ServerOptions> = {}) =>
  startServer({
    port: 0,
    socketPath,
    version: "0",
    authenticate: async () => null,
    operate: async () => ({}),
    openWatch: async () => ({ close: () => {} }),
    openTerminal: () => Promise.reject(new Error("there are no terminals here")),
    log: silent,
    clock: makeTurningClock(),
    ...change,
  });

const problemOf = async (started: Promise<unknown>) => {
  const error = await started.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isRefusal(error) ? error.problem : null;
};

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "skein-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

describe("the unix socket", () => {
  test("is 0600 in a 0700 folder, also when the folder was there and open", async () => {
    await using place = await folder();
    await chmod(place.path, 0o777);
    const path = join(place.path, "s.sock");
    const server = await start(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(place.path)).mode & 0o777).toBe(0o700);
    expect(await readdir(place.path)).toEqual(["s.sock"]);
    await server.close();
    expect(await readdir(place.path)).toEqual([]);
  });

  test("is born inside that folder: nothing appears beside it", async () => {
    await using place = await folder();
    const seen: (string | null)[] = [];
    const marked = Promise.withResolvers<void>();
    const watcher = watch(place.path, (_event, name) => {
      seen.push(name);
      if (name === "marker") marked.resolve();
    });
    const server = await start(join(place.path, "run", "s.sock"));
    await writeFile(join(place.path, "marker"), "");
    await marked.promise;
    watcher.close();
    await server.close();
    expect(new Set(seen)).toEqual(new Set(["run", "marker"]));
  });

  test("takes the place of a stale one, and of nothing else", async () => {
    await using place = await folder();
    const path = join(place.path, "s.sock");
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(place.path, "born"), resolve));
    const { rename } = await import("node:fs/promises");
    await rename(join(place.path, "born"), path);
    await new Promise((resolve) => dead.close(resolve));
    await (await start(path)).close();

    await writeFile(path, "precious");
    expect((await problemOf(start(path)))?.message).toContain("is not a socket");
    expect((await stat(path)).isFile()).toBe(true);
  });

  test("of a daemon that answers is left alone, and nothing is left behind by who tried", async () => {
    await using house = await openHouse();
    const before = await readdir(dirname(house.socketPath));
    const found = await problemOf(start(house.socketPath));
    expect(found?.message).toContain("Another daemon answers");
    expect(found?.remedy).not.toBe("");
    expect(await readdir(dirname(house.socketPath))).toEqual(before);
    expect((await house.ask({ path: "/health", unix: true })).status).toBe(200);
  });

  test("with too long a path is refused in a sentence", async () => {
    await using place = await folder();
    const path = join(place.path, "x".repeat(120), "s.sock");
    expect((await problemOf(start(path)))?.message).toContain("too long");
  });
});

describe("the port", () => {
  test.each(["0.0.0.0", "::", "192.168.1.2", "", "example.com", "127.0.0.1.evil.example", "127.1"])(
    "on %j is refused, with what to do instead",
    async (host) => {
      await using place = await folder();
      const found = await problemOf(start(join(place.path, "s.sock"), { host }));
      expect(found?.message).toContain("does not listen on");
      expect(found?.remedy).toContain("ssh -L");
      expect(await readdir(place.path)).toEqual([]);
    },
  );

  test("that is taken is named, and the socket is not left behind", async () => {
    await using house = await openHouse();
    await using place = await folder();
    const found = await problemOf(start(join(place.path, "s.sock"), { port: house.port }));
    expect(found?.message).toBe(
      `Port ${house.port} is in use by the Skein of another state folder.`,
    );
    expect(await readdir(place.path)).toEqual([]);
  });

  test("that is taken by something else is not said to be a Skein's", async () => {
    await using place = await folder();
    const other = createHttpServer((_, response) => void response.end('{"ok":true}'));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const found = await problemOf(start(join(place.path, "s.sock"), { port }));
    expect(found?.message).toBe(`Port ${port} is in use by another program.`);
    other.close();
  });

  test("is not kept when the socket cannot be made", async () => {
    await using place = await folder();
    const blocked = join(place.path, "file");
    await writeFile(blocked, "");
    await expect(start(join(blocked, "s.sock"))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});

test.each(["evil.example/x", "", "a b"])(
  "a configured host %j that is none is refused",
  async (host) => {
    await using place = await folder();
    const found = await problemOf(start(join(place.path, "s.sock"), { allowedHosts: [host] }));
    expect(found?.message).toContain("server.allowedHosts");
  },
);
