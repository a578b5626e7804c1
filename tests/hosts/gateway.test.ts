/** A sandbox that is a real container: in it nothing but the command line, a token and the gateway's address. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN } from "../cli/run-skein.ts";
import { fakeClaudeBackend, fakeCodexBackend } from "../daemon/fixtures.ts";
import { openHouse, type House } from "../scenarios/house.ts";
import { IMAGE, makePodman, type Podman } from "./podman.ts";

const execute = promisify(execFile);

let podman: Podman;
let house: House;
let gateway: ChildProcess;
let address: string;
let token: string;
let folder: string;

const startGateway = (): Promise<string> =>
  new Promise((resolve, reject) => {
    gateway = spawn(process.execPath, [MAIN, "gateway", "--port", "0", "--json"], {
      env: { PATH: process.env["PATH"], HOME: house.place, SKEIN_HOME: house.home },
      stdio: ["ignore", "pipe", "ignore"],
    });
    gateway.stdout?.once("data", (text: Buffer) =>
      resolve((JSON.parse(String(text)) as { address: string }).address),
    );
    gateway.once("exit", (code) => reject(new Error(`the gateway ended with ${String(code)}`)));
  });

beforeAll(async () => {
  podman = await makePodman(await mkdtemp(join(tmpdir(), "skein-podman-")));
  house = await openHouse({
    config: async (place) => ({
      containers: { command: podman.command, options: podman.options, image: IMAGE },
      backends: {
        "claude-code": await fakeClaudeBackend(place),
        codex: await fakeCodexBackend(place),
      },
    }),
  });
  folder = await house.folder("project");
  const made = await house.call("tokens.create", {
    label: "sandbox",
    scopes: ["operator.write"],
    sessions: "own",
  });
  token = made.secret;
  address = await startGateway();
  await house.call("sessions.create", { folder, name: "on-the-host" });
});

afterAll(async () => {
  gateway?.kill("SIGTERM");
  for (const { id } of (await house.call("sessions.list", {})).sessions)
    await house.call("sessions.delete", { session: id });
  await house?.close();
  await podman?.close();
});

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** In the container, where the host's folder is /workspace. */
const skein = async (...words: string[]): Promise<Ran> => {
  const [program, ...leading] = podman.command;
  const variables = {
    HOME: "/tmp",
    IS_SANDBOX: "1",
    SKEIN_GATEWAY_URL: address,
    SKEIN_TOKEN: token,
    HOST_PATH: folder,
  };
  const env = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const mount = [`--volume=${folder}:/workspace`, "--workdir=/workspace"];
  const args = ["run", "--rm", "--network=host", ...podman.options, ...mount, ...env, IMAGE];
  try {
    const ran = await execute(program, [...leading, ...args, process.execPath, MAIN, ...words]);
    return { code: 0, ...ran };
  } catch (error) {
    return error as Ran;
  }
};

test.each([
  ["claude on the host", ["--cli", "claude"]],
  ["codex on the host", ["--cli", "codex"]],
])("from a container to %s: create, send, wait, last-message, kill", async (_title, words) => {
  const created = await skein("create", "-q", ...words);
  expect([created.code, created.stderr]).toEqual([0, ""]);
  const name = created.stdout.trim();
  expect((await house.call("sessions.get", { session: name })).session.folder).toBe(folder);
  expect(JSON.parse((await skein("status", name, "--json")).stdout)).toMatchObject({
    session: { folder: "/workspace" },
  });
  expect((await skein("send", name, "PONG")).code).toBe(0);
  expect(await skein("wait", name, "-t", "20")).toMatchObject({ code: 0, stdout: "completed\n" });
  expect((await skein("last-message", name)).stdout).toBe("PONG\n");
  expect((await skein("list", "-q")).stdout).toBe(`${name}\n`);
  expect((await skein("kill", name)).stdout).toBe(`Killed session ${name}\n`);
});

test("from a container to an agent in a container", async () => {
  const created = await skein("create", "-q", "--mode", "docker");
  expect([created.code, created.stderr]).toEqual([0, ""]);
  const name = created.stdout.trim();
  expect((await house.call("sessions.get", { session: name })).session.container).toMatchObject({
    image: IMAGE,
  });
  expect((await skein("ask", name, "PONG", "-t", "25")).stdout).toBe("PONG\n");
  expect((await skein("kill", name)).code).toBe(0);
});

test("from a container nobody else's session can be found, and the daemon's socket is not there", async () => {
  for (const verb of ["status", "kill", "logs"]) {
    const ran = await skein(verb, "on-the-host");
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("[session_not_found]")]);
  }
  const { sessions } = await house.call("sessions.list", {});
  expect(sessions.map(({ name }) => name)).toEqual(["on-the-host"]);
});
