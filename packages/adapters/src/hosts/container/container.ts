/**
 * A session's agent in a container, on any host: the host's own door, with everything that runs the agent put inside.
 *
 * What is started is the engine's client, detached like an agent; the container lives and dies with it, and is named after its
 * owner, so that it is found and removed whatever became of the client. Inside are the session's folder, the generation's
 * spool and a home of its own, each under the same path as outside; nothing else of the host.
 */
import type { Container } from "@skein/contract";
import { randomUUID } from "node:crypto";
import {
  SYSTEM_PATH,
  adapterFailure,
  type Detached,
  type Host,
  type Owner,
  type Terminals,
} from "@skein/sdk";
import { engineEnv } from "./engine.ts";
import type { Engine } from "./words.ts";
import {
  containerName,
  findWords,
  homeIn,
  insideEnv,
  labelOf,
  removeWords,
  runWords,
  stopWords,
  type Place,
} from "./words.ts";

type ContainerDeps = {
  readonly host: Host;
  readonly terminals: Terminals;
  readonly engine: Engine;
  readonly container: Container;
  readonly options: readonly string[];
  readonly place: Place;
  /** Whose container: it has a host id of its own, so that no server is shared with others. */
  readonly session: string;
};

const removeMs = 30_000;
const slackMs = 10_000;

type Command = {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly tty?: boolean;
  readonly mounts?: readonly string[];
};

const stillThere = (name: string, said: string) =>
  adapterFailure(`The container ${name} could not be removed${said === "" ? "." : `: ${said}`}`, {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Look after the container engine of that host; it is tried again.",
    retryable: true,
  });

const makeInside = (deps: ContainerDeps) => {
  const { host, engine, place, session } = deps;
  /** The client's words and environment for one command in a container of that name. */
  const wrap = async (name: string, command: Command) => {
    const inside = insideEnv(command.env);
    const argv = runWords({
      ...deps,
      mounts: [...new Set([place.folder, place.own, ...(command.mounts ?? [])])],
      name,
      labels: { "skein.of": labelOf(host.home, session) },
      folder: command.folder,
      variables: Object.keys(inside),
      tty: command.tty === true,
      argv: command.argv,
    });
    return { argv, env: { ...inside, ...(await engineEnv(host)) } };
  };

  const ready = async (): Promise<void> => {
    const env = { PATH: SYSTEM_PATH };
    await host.run(["mkdir", "-p", "-m", "700", homeIn(place)], { env, timeoutMs: removeMs });
  };

  /** No error when there is none of that name. Rejects when it is still there: it would go on working. */
  const remove = async (owner: Owner): Promise<void> => {
    const env = await engineEnv(host);
    const name = containerName(owner);
    const options = { env, timeoutMs: removeMs };
    if ((await host.run(removeWords(engine, name), options)).exitCode === 0) return;
    const left = await host.run(findWords(engine, `name=^${name}$`), options);
    if (left.exitCode === 0 && left.stdout.trim() === "") return;
    throw stillThere(name, left.stderr);
  };

  /** Every container of this session, of whatever life of it. */
  const removeAll = async (): Promise<void> => {
    const options = { env: await engineEnv(host), timeoutMs: removeMs };
    const label = `label=skein.of=${labelOf(host.home, session)}`;
    const found = await host.run(findWords(engine, label), options);
    for (const id of found.stdout.split("\n").filter((line) => line !== ""))
      await host.run(removeWords(engine, id), options);
  };

  const stop = async (owner: Owner, graceMs: number): Promise<void> => {
    const env = await engineEnv(host);
    const argv = stopWords(engine, containerName(owner), graceMs);
    await host.run(argv, { env, timeoutMs: graceMs + slackMs });
  };
  return { wrap, ready, remove, removeAll, stop };
};

type Inside = ReturnType<typeof makeInside>;

const held = (detached: Detached, inside: Inside, owner: Owner): Detached => ({
  ...detached,
  terminate: async (graceMs) => {
    if (graceMs > 0) await inside.stop(owner, graceMs);
    await inside.remove(owner);
    return detached.terminate(graceMs);
  },
});

export const makeContainerHost = (deps: ContainerDeps): Host => {
  const { host, session } = deps;
  const inside = makeInside(deps);
  const briefly = (): Owner => ({ session: `${session}-ask-${randomUUID()}`, generation: 0 });

  const run: Host["run"] = async (argv, options) => {
    await inside.ready();
    const owner = briefly();
    const folder = options.folder ?? deps.place.folder;
    const command = await inside.wrap(containerName(owner), {
      argv,
      env: options.env,
      folder,
    });
    try {
      return await host.run(command.argv, { ...options, env: command.env, folder: "/" });
    } finally {
      // A client that was killed at its time leaves its container running.
      await inside.remove(owner);
    }
  };

  return {
    ...host,
    id: `${host.id}/${session}`,
    run,
    which: async (program) => {
      const argv = ["sh", "-c", 'command -v -- "$1"', "sh", program] as const;
      const { stdout, exitCode } = await run(argv, { env: {}, timeoutMs: removeMs });
      return exitCode === 0 ? stdout.trim() : null;
    },
    start: async (spec) => {
      await inside.ready();
      await inside.remove(spec.owner);
      const mounts = [spec.dir];
      const command = await inside.wrap(containerName(spec.owner), { ...spec, mounts });
      return held(await host.start({ ...spec, ...command }), inside, spec.owner);
    },
    adopt: async (dir, owner) => {
      const found = await host.adopt(dir, owner);
      return found === null ? null : held(found, inside, owner);
    },
    sweep: async (owner, spare) => {
      // What an interrupted turn left running is the agent's matter inside: nothing there can be told apart from here.
      if (spare !== undefined) return 0;
      await inside.remove(owner);
      return host.sweep(owner);
    },
  };
};

/** Terminals on that host, whose programs run in the container. */
export const makeContainerTerminals = (deps: ContainerDeps): Terminals => {
  const { terminals } = deps;
  const inside = makeInside(deps);
  return {
    ...terminals,
    open: async (spec) => {
      await inside.ready();
      const found = await terminals.look(spec.id);
      if (found.liveness === "dead") await inside.remove(spec.owner);
      const wish = { ...spec, tty: true };
      const command = await inside.wrap(containerName(spec.owner), wish);
      return terminals.open({ ...spec, ...command });
    },
    close: async (id) => {
      await inside.removeAll();
      await terminals.close(id);
    },
  };
};
