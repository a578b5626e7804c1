/** The container engine of a host: docker, or podman where docker does not answer. */
import type { Container } from "@skein/contract";
import { adapterFailure, type AdapterFailure, type Host } from "@skein/sdk";
import { trialWords, type Engine } from "./words.ts";

type EngineChoice = {
  /** From the configuration; null: docker, then podman, as PATH finds them. */
  readonly command: readonly [string, ...string[]] | null;
};

/** A daemon that does not answer makes its client wait; so long. */
const answerMs = 5_000;
const imageMs = 10_000;
const trialMs = 60_000;

/** The engine's own client gets what a login has; it finds its sockets and settings by these. */
const allowed =
  /^(PATH|HOME|DOCKER_|CONTAINER_|CONTAINERS_|XDG_|DBUS_SESSION_BUS_ADDRESS$|REGISTRY_)/;

export const engineEnv = async (host: Host): Promise<Record<string, string>> => {
  const entries = Object.entries(await host.environment());
  return Object.fromEntries(
    entries.filter((one): one is [string, string] => one[1] !== undefined && allowed.test(one[0])),
  );
};

/** Docker tells the version of its daemon, podman (which has none) its own: each fails where it could not run anything. */
const versionWords = {
  docker: ["version", "--format", "{{.Server.Version}}"],
  podman: ["version", "--format", "{{.Client.Version}}"],
} as const;

const identityOf = (kind: Engine["kind"], user: string): readonly string[] => {
  if (user.startsWith("0:")) return [];
  return kind === "docker" ? [`--user=${user}`] : ["--userns=keep-id"];
};

const ask = async (
  host: Host,
  kind: Engine["kind"],
  [program, ...leading]: readonly [string, ...string[]],
): Promise<Engine | null> => {
  const env = await engineEnv(host);
  const found = await host.which(program, env["PATH"]);
  if (found === null) return null;
  const command = [found, ...leading] as const;
  const told = await host.run([...command, ...versionWords[kind]], { env, timeoutMs: answerMs });
  const version = told.stdout.trim();
  if (told.exitCode !== 0 || version === "") return null;
  const ids = await host.run(["sh", "-c", 'echo "$(id -u):$(id -g)"'], {
    env,
    timeoutMs: answerMs,
  });
  return { kind, command, version, identity: identityOf(kind, ids.stdout.trim()) };
};

/** null: neither answers. Rejects only when the host is out of reach. */
export const findEngine = async (host: Host, { command }: EngineChoice): Promise<Engine | null> => {
  if (command !== null)
    return ask(host, /podman[^/]*$/.test(command[0]) ? "podman" : "docker", command);
  return (await ask(host, "docker", ["docker"])) ?? (await ask(host, "podman", ["podman"]));
};

/** Whether the image is there already: one that is not would be fetched for minutes while an agent is waited for. */
export const hasImage = async (host: Host, engine: Engine, image: string): Promise<boolean> => {
  const env = await engineEnv(host);
  const argv = [...engine.command, "image", "inspect", "--format", "{{.Id}}", image] as const;
  return (await host.run(argv, { env, timeoutMs: imageMs })).exitCode === 0;
};

/** `sh` ends with these where it knows no such program; the engine with 125 to 127 where it could not even ask. */
const unknownProgram = (exitCode: number | null, stderr: string): boolean =>
  exitCode === 1 || (exitCode === 127 && stderr === "");

type Trial =
  | { readonly is: "ready" }
  | { readonly is: "no-program" }
  /** In the engine's own words. */
  | { readonly is: "unusable"; readonly said: string };

/** Runs the image once, as it will be run, to see whether it can be and has the program. */
export const tryImage = async (
  host: Host,
  engine: Engine,
  wish: { readonly container: Container; readonly options: readonly string[] },
  program: string,
): Promise<Trial> => {
  const env = await engineEnv(host);
  const argv = trialWords({ engine, ...wish }, program);
  const told = await host.run(argv, { env, timeoutMs: trialMs, folder: "/" });
  const said = told.stderr.trim();
  if (told.exitCode === 0) return { is: "ready" };
  if (unknownProgram(told.exitCode, said)) return { is: "no-program" };
  const last = said.split("\n").at(-1) ?? "";
  return { is: "unusable", said: told.timedOut ? "it did not answer in time" : last.slice(0, 500) };
};

export const noEngine = (host: string): AdapterFailure =>
  adapterFailure(`${host} runs no containers: neither docker nor podman answers there.`, {
    kind: "unavailable",
    code: "container_engine_missing",
    remedy:
      "Install docker or podman there and start it, or create the session without a container.",
    retryable: true,
  });
