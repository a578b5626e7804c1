/** Sessions in containers: what they are run with, and what must be there before one begins. */
import { posix } from "node:path";
import {
  findEngine,
  hasImage,
  makeContainerHost,
  makeContainerTerminals,
  noEngine,
  tryImage,
} from "@skein/adapters";
import { refuse, type Container, type HostCheck } from "@skein/contract";
import { SYSTEM_PATH, type Host } from "@skein/sdk";
import type { Config } from "../config/schema.ts";
import type { SessionBrief } from "../effects/ports.ts";
import type { Site } from "./site.ts";

const commandOf = ({ containers }: Config) =>
  containers.command === undefined ? null : (containers.command as [string, ...string[]]);

/** What would run containers there. Rejects when the host is out of reach. */
export const engineOn = async (config: Config, host: Host): Promise<HostCheck["containers"]> => {
  const found = await findEngine(host, { command: commandOf(config) });
  return { engine: found?.kind ?? null, version: found?.version ?? null };
};

const without = (image: string, program: string) =>
  refuse(
    "backend_not_installed",
    `The image ${image} has no ${program}.`,
    "Build one that has it on its PATH; docs/containers.md says how.",
  );

const unusable = (host: string, said: string) =>
  refuse(
    "container_unusable",
    `${host} cannot run that container: ${said}`,
    "Try the image by hand with the engine's own `run`; what it needs can be given as containers.options in config.json5.",
  );

const LOOK_MS = 10_000;

/** Where a folder truly is; null: it cannot be entered. */
const realFolder = async (host: Host, folder: string): Promise<string | null> => {
  const argv = ["sh", "-c", 'cd -- "$1" && pwd -P', "sh", folder] as const;
  const found = await host.run(argv, { env: { PATH: SYSTEM_PATH }, timeoutMs: LOOK_MS });
  return found.exitCode === 0 ? found.stdout.replace(/\n$/, "") : null;
};

const contains = (folder: string, other: string): boolean =>
  other === folder || other.startsWith(folder === "/" ? folder : `${folder}/`);

/** The state folder holds the daemon's socket, and whoever has that is the operator: no container gets it, however it is reached. */
const admitMount = async (host: Host, folder: string): Promise<void> => {
  const [real, home] = await Promise.all([realFolder(host, folder), realFolder(host, host.home)]);
  if (real === null || home === null || !(contains(real, home) || contains(home, real))) return;
  throw refuse(
    "invalid_input",
    `A container cannot have the folder ${folder}: Skein's own state folder (${host.home}) would be in it.`,
    "Work in a folder beside it, such as a project.",
  );
};

/** The container whole. Rejects with a Refusal: a folder that it may not have, no image named, no engine, or no such image. */
export const admitContainer = async (
  config: Config,
  host: Host,
  wish: Omit<Container, "image"> & { readonly image?: string | undefined },
  { program, folder }: { readonly program: string; readonly folder: string },
): Promise<Container> => {
  await admitMount(host, folder);
  const image = wish.image ?? config.containers.image;
  if (image === undefined) {
    throw refuse(
      "container_image_missing",
      "No image was named for the container.",
      "Name one with --image, or as containers.image in config.json5; docs/containers.md says what it needs.",
    );
  }
  const engine = await findEngine(host, { command: commandOf(config) });
  if (engine === null) {
    const { message, failure } = noEngine(host.id);
    throw refuse(failure.code, message, failure.remedy);
  }
  if (await hasImage(host, engine, image)) {
    const container = { ...wish, image };
    const { options } = config.containers;
    const trial = await tryImage(host, engine, { container, options }, program);
    if (trial.is === "ready") return container;
    throw trial.is === "no-program" ? without(image, program) : unusable(host.id, trial.said);
  }
  throw refuse(
    "container_image_missing",
    `${host.id} has no image ${image}.`,
    `Fetch it with \`${engine.kind} pull ${image}\`, or build it; docs/containers.md says what it needs.`,
  );
};

/** What the driver of that session sees: the host from within its container. Rejects with an AdapterFailure, or a Refusal. */
export const makeInside = async (config: Config, site: Site, brief: SessionBrief) => {
  const { host, terminals, paths } = site;
  // A link may lead elsewhere than when it was admitted.
  await admitMount(host, brief.folder);
  const engine = await findEngine(host, { command: commandOf(config) });
  if (engine === null) throw noEngine(host.id);
  const own = paths.container(brief.id);
  const deps = {
    host,
    terminals,
    engine,
    container: brief.container!,
    options: config.containers.options,
    place: { folder: brief.folder, own },
    session: brief.id,
  };
  return {
    host: makeContainerHost(deps),
    terminals: makeContainerTerminals(deps),
    dir: posix.join(own, "backend"),
  };
};
