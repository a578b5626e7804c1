/** Agents in containers of a real podman: what they can reach, what they keep, and that nothing of them stays behind. */
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHouse, type House } from "../scenarios/house.ts";
import { untilTrue } from "../scenarios/processes.ts";
import { IMAGE, makePodman, type Podman } from "./podman.ts";

let podman: Podman;
let house: House;
const container = { image: IMAGE, network: "none" } as const;

beforeAll(async () => {
  podman = await makePodman(await mkdtemp(join(tmpdir(), "skein-podman-")));
  house = await openHouse({
    config: async () => ({
      containers: { command: podman.command, options: podman.options },
      backends: { "claude-code": { env: { ANTHROPIC_API_KEY: "sk-fake-000" } } },
    }),
  });
});

afterAll(async () => {
  await house?.close();
  await podman?.close();
});

/** How many processes of this machine have the word among their arguments, in whatever namespace. */
const argumentsOf = async (word: string): Promise<number> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return found.filter((text) => text.split("\0").includes(word)).length;
};

const create = async (backend = "claude-code", more: object = {}) => {
  const folder = await house.folder("project");
  const input = { backend, folder, container, permissions: "full", ...more } as const;
  return (await house.call("sessions.create", input)).session;
};

const turn = async (session: string, text: string): Promise<string> => {
  await house.call("sessions.send", { session, text });
  const waited = await house.call("sessions.wait", { sessions: [session], timeoutMs: 25_000 });
  expect([waited.outcome, waited.sessions[0]?.session.lastTurn?.error]).toEqual(["done", null]);
  const { messages } = await house.call("sessions.lastMessage", { session });
  return messages[0]?.text ?? "";
};

const output = async (session: string): Promise<string> => {
  const { items } = await house.call("sessions.items", { session, from: "end", limit: 20 });
  const ran = items.findLast(({ body }) => body.kind === "command");
  return ran?.body.kind === "command" ? (ran.body.output ?? "") : "";
};

describe.each(["claude-code", "codex"])("%s in a container", (backend) => {
  test("answers, writes into its folder, sees nothing of the host beside it, and has no network", async () => {
    const secret = join(house.place, `secret-${backend}`);
    await writeFile(secret, "of the host");
    const { id, folder } = await create(backend);
    expect(await turn(id, "PONG")).toBe("PONG");
    await turn(id, `RUN echo inside > ${join(folder, "made")}`);
    expect(await readFile(join(folder, "made"), "utf8")).toBe("inside\n");
    await turn(id, `RUN cat ${secret} 2>&1; ls /sys/class/net; echo HOME=$HOME`);
    const said = await output(id);
    expect(said).toContain("No such file");
    expect(said).not.toContain("of the host");
    expect(said.match(/eth|tap|veth/)).toBeNull();
    expect(said).toContain(`HOME=${house.home}/containers/${id}/home`);
    await house.call("sessions.delete", { session: id });
    await untilTrue("its container is gone", async () => (await podman.names()).length === 0);
  });

  test("outlives the daemon, and what it keeps outlives the container", async () => {
    const { id } = await create(backend);
    await turn(id, "PONG");
    await house.kill9();
    const [name] = await podman.names();
    expect(name).toBeDefined();
    await house.restart();
    expect(await turn(id, "PONG")).toBe("PONG");
    expect(await podman.names()).toEqual([name]);
    const before = (await house.call("sessions.get", { session: id })).session;
    await house.call("sessions.stop", { session: id });
    await house.call("sessions.send", { session: id, text: "PONG" });
    await house.call("sessions.wait", { sessions: [id], timeoutMs: 25_000 });
    const after = (await house.call("sessions.get", { session: id })).session;
    expect(after.generation).toBe(before.generation + 1);
    expect(after.providerSessionId).toBe(before.providerSessionId);
    expect(after.turns).toBe(3);
    await house.call("sessions.delete", { session: id });
    await untilTrue("its container is gone", async () => (await podman.names()).length === 0);
  });
});

test("a container that is killed is a dead agent, and the next prompt begins another", async () => {
  const { id } = await create();
  await turn(id, "PONG");
  const [name = ""] = await podman.names();
  await podman.kill(name);
  const failed = async () =>
    ["failed", "stopped"].includes(
      (await house.call("sessions.get", { session: id })).session.status.state,
    );
  await untilTrue("the session says so", failed);
  expect(await turn(id, "PONG")).toBe("PONG");
  await house.call("sessions.delete", { session: id });
  await untilTrue("its container is gone", async () => (await podman.names()).length === 0);
});

test("a program that will not end is ended with its container, whatever it shows", async () => {
  const marker = `skein-stubborn-${process.pid}`;
  const script = "trap '' TERM HUP INT; echo ready; while :; do sleep 0.1; done";
  const program = { argv: ["sh", "-c", script, marker], quietMs: 100 };
  const { id } = await create("terminal", { program });
  await untilTrue("it runs", async () => (await argumentsOf(marker)) > 0);
  await house.call("sessions.delete", { session: id });
  await untilTrue("its container is gone", async () => (await podman.names()).length === 0);
  await untilTrue("it is dead", async () => (await argumentsOf(marker)) === 0);
  expect((await house.call("sessions.list", {})).sessions).toEqual([]);
});

test("Skein's own state folder is in no container, by whichever way its folder leads there", async () => {
  const link = join(house.place, "a-link");
  await symlink(house.place, link);
  const spool = join(house.home, "spool");
  for (const folder of [house.home, house.place, "/", link, join(link, "home"), spool]) {
    const created = house.call("sessions.create", { folder, container });
    await expect(created).rejects.toThrow("Skein's own state folder");
  }
  expect(await podman.names()).toEqual([]);
});

test("an image that is not there, or is an option, is refused before anything is made", async () => {
  const refused = async (image: string) =>
    create("claude-code", { container: { image } }).then(
      () => "created",
      (error: { problem?: { code: string } }) => error.problem?.code,
    );
  expect(await refused("localhost/skein-none:1")).toBe("container_image_missing");
  expect(await refused("--privileged")).toBe("invalid_input");
  expect((await house.call("sessions.list", {})).sessions).toEqual([]);
});

test("an image without the agent, and one that cannot be run, are told apart, and refused", async () => {
  const program = { argv: ["no-such-program"], quietMs: 100 };
  await expect(create("terminal", { program })).rejects.toMatchObject({
    problem: {
      code: "backend_not_installed",
      message: `The image ${IMAGE} has no no-such-program.`,
    },
  });
  const other = await openHouse({
    config: async () => ({
      containers: { command: podman.command, options: [...podman.options, "--device=/dev/none"] },
    }),
  });
  try {
    const input = { folder: await other.folder("project"), container };
    await expect(other.call("sessions.create", input)).rejects.toMatchObject({
      problem: { code: "container_unusable", message: expect.stringContaining("/dev/none") },
    });
  } finally {
    await other.close();
  }
});

test("where no engine answers it is said", async () => {
  await mkdir(join(house.place, "none"), { recursive: true });
  const other = await openHouse({
    config: async () => ({ containers: { command: [join(house.place, "none", "docker")] } }),
  });
  try {
    const input = { folder: await other.folder("project"), container };
    await expect(other.call("sessions.create", input)).rejects.toMatchObject({
      problem: { code: "container_engine_missing" },
    });
  } finally {
    await other.close();
  }
});
