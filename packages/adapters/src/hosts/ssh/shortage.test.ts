/** A daemon that has no descriptor left for one more ssh: in a process of its own, which alone is short of them. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "skein-short-"));
  // A way that leads nowhere, at once.
  await writeFile(join(run, "config"), "Host far\n  ProxyCommand false\n");
});
afterAll(() => rm(run, { recursive: true, force: true }));

/** What the body puts into `told`; `full` runs something while no descriptor is left. */
const whileShort = async (body: string): Promise<unknown> => {
  const script = `
    import { closeSync, openSync } from "node:fs";
    import { systemClock } from ${url("../../../../sdk/src/index.ts")};
    const { makeLink } = await import(${url("./link.ts")});
    const { openChannel } = await import(${url("./channel.ts")});
    const { makeSockets } = await import(${url("./sockets.ts")});
    const { reachSsh } = await import(${url("./greet.ts")});
    const run = ${JSON.stringify(run)};
    const deps = { name: "far", clock: systemClock, env: process.env, home: run, run, random: () => 0, config: run + "/config" };
    const full = async (work) => {
      const held = [];
      try { for (;;) held.push(openSync("/dev/null")); } catch {}
      try { return await work(); } finally { held.forEach((one) => closeSync(one)); }
    };
    const why = (promise) => promise.then(() => "none", (error) => error.failure.code + ": " + error.message);
    const told = {};
    ${body}
    console.log(JSON.stringify(told));`;
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    `ulimit -n 64; exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    script,
  ]);
  return JSON.parse(stdout);
};

const short = "ssh could not be started: too many open files (EMFILE).";

test("a connection that cannot be tried is down, with the reason, and is tried again", async () => {
  const told = await whileShort(`
    const link = makeLink(deps);
    await link.now();
    told.short = await full(() => link.now());
    told.asked = await full(() => why(link.take("soon")));
    told.after = await link.now();
    await link.close();`);
  expect(told).toMatchObject({
    short: { state: "unreachable", reason: short },
    asked: expect.stringContaining(short),
    after: { state: "unreachable", reason: expect.not.stringContaining("EMFILE") },
  });
});

test("a channel that cannot be opened says so of this machine, and gives its place back", async () => {
  const told = await whileShort(`
    let taken = 0;
    const place = { control: run + "/none", gone: new Promise(() => {}), refused: () => {}, leave: () => (taken -= 1) };
    const take = async () => ((taken += 1), place);
    const link = { take, stands: take, reach: () => ({ state: "reachable" }) };
    told.channel = await full(() => why(openChannel({ ...deps, link }, "soon", ":")));
    told.taken = taken;
    told.socket = await full(() => why(makeSockets({ ...deps, link }).path("/run/sock")));`);
  expect(told).toEqual({
    channel: `backend_unavailable: ${short}`,
    taken: 0,
    socket: `backend_unavailable: ${short}`,
  });
});

test("a first contact that cannot be tried says so", async () => {
  const told = await whileShort(`
    told.short = await full(() => why(reachSsh({ ...deps, stateFolder: run })));
    told.after = await why(reachSsh({ ...deps, stateFolder: run }));`);
  expect(told).toEqual({
    short: `backend_unavailable: ${short}`,
    after: expect.stringContaining("host_unreachable"),
  });
});
