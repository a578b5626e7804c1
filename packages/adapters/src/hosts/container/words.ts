/** What an engine is told, and nothing else: pure. */
import { createHash } from "node:crypto";
import type { Container } from "@skein/contract";
import type { Owner } from "@skein/sdk";

export type Engine = {
  readonly kind: "docker" | "podman";
  /** Program and leading arguments. */
  readonly command: readonly [string, ...string[]];
  readonly version: string;
  /** Arguments of `run` that keep what is made in the workspace the person's own. */
  readonly identity: readonly string[];
};

export type Place = {
  /** The session's folder: the same path inside. */
  readonly folder: string;
  /** The container's own folder on the host, with the agent's HOME in it: the same path inside. */
  readonly own: string;
};

/** One generation of one owner has one container. */
export const containerName = ({ session, generation }: Owner): string =>
  `skein-${session.replaceAll(/[^A-Za-z0-9_.-]/g, "-")}-${generation}`;

export const homeIn = ({ own }: Place): string => `${own}/home`;

/** Paths of the host that mean nothing inside. */
const isForeign = (name: string): boolean =>
  name === "PATH" || name === "HOME" || name.endsWith("_CONFIG_DIR") || name.endsWith("_HOME");

/** The environment inside, but for its HOME: what the agent gets on the host, without what belongs to the host. */
export const insideEnv = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !isForeign(name)));

const mount = (path: string): string => `--volume=${path}:${path}`;

const limits = ({ cpus, memoryMiB, network }: Container): readonly string[] => [
  ...(network === "default" ? [] : [`--network=${network}`]),
  ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
  ...(memoryMiB === undefined ? [] : [`--memory=${memoryMiB}m`]),
];

export type Run = {
  readonly engine: Engine;
  readonly container: Container;
  /** More arguments of `run`, from the configuration. */
  readonly options: readonly string[];
  readonly place: Place;
  readonly mounts: readonly string[];
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Names only: the values stand in the environment of the engine's client, never in an argument. */
  readonly variables: readonly string[];
  readonly tty: boolean;
  readonly argv: readonly [string, ...string[]];
};

/** Asks an image's shell for a program, with nothing of the host inside. */
export const trialWords = (
  run: Pick<Run, "engine" | "container" | "options">,
  program: string,
): readonly [string, ...string[]] => [
  ...run.engine.command,
  "run",
  "--rm",
  "--pull=never",
  ...run.engine.identity,
  "--security-opt=no-new-privileges",
  ...limits(run.container),
  ...run.options,
  "--entrypoint=",
  run.container.image,
  "sh",
  "-c",
  'command -v -- "$1"',
  "sh",
  program,
];

export const runWords = (run: Run): readonly [string, ...string[]] => [
  ...run.engine.command,
  "run",
  "--rm",
  // An image that went away since it was looked for is not taken from wherever the engine would find one of that name.
  "--pull=never",
  "--interactive",
  ...(run.tty ? ["--tty"] : []),
  `--name=${run.name}`,
  ...Object.entries(run.labels).map(([name, value]) => `--label=${name}=${value}`),
  ...run.engine.identity,
  "--security-opt=no-new-privileges",
  ...limits(run.container),
  ...run.mounts.map(mount),
  `--workdir=${run.folder}`,
  ...run.variables.map((name) => `--env=${name}`),
  // The client has a HOME of its own, and needs it.
  `--env=HOME=${homeIn(run.place)}`,
  ...run.options,
  "--entrypoint=",
  // Where the options end: an image that looked like one was refused.
  run.container.image,
  ...run.argv,
];

/** Short, and the same for this session of this daemon alone: engines take labels of any text, filters do not. */
export const labelOf = (home: string, session: string): string =>
  createHash("sha256").update(`${home}\0${session}`).digest("hex").slice(0, 32);

/** Ids of the containers that a filter lets through, running or not. */
export const findWords = (engine: Engine, filter: string): readonly [string, ...string[]] => [
  ...engine.command,
  "ps",
  "--all",
  "--quiet",
  "--filter",
  filter,
];

export const removeWords = (engine: Engine, name: string): readonly [string, ...string[]] => [
  ...engine.command,
  "rm",
  "--force",
  // Podman asks first, and may then forget one that would not end; docker kills at once.
  ...(engine.kind === "podman" ? ["--time=0"] : []),
  "--volumes",
  name,
];

export const stopWords = (
  engine: Engine,
  name: string,
  graceMs: number,
): readonly [string, ...string[]] => [
  ...engine.command,
  "stop",
  `--time=${Math.ceil(graceMs / 1000)}`,
  name,
];
