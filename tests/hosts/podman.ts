/**
 * A real podman with a storage of its own, and a small image: what the tests' machine has under /usr, and as `claude` and
 * `codex` the scripted ones.
 */
import { execFile } from "node:child_process";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));
const scripted = (name: string): string =>
  join(repository, `packages/sdk/src/testkit/fake-${name}/main.ts`);

export const IMAGE = "localhost/skein-test:1";

export type Podman = {
  readonly command: readonly [string, ...string[]];
  /** Options of `run` that this image needs. */
  readonly options: readonly string[];
  kill(name: string): Promise<void>;
  /** Names of the containers that are there, running or not. */
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
};

const makeImage = async (place: string, command: readonly string[]): Promise<void> => {
  const root = join(place, "image");
  await mkdir(join(root, "opt/bin"), { recursive: true });
  for (const name of ["usr", "tmp", "etc"]) await mkdir(join(root, name));
  for (const name of ["bin", "sbin", "lib", "lib64"])
    await symlink(`usr/${name}`, join(root, name));
  for (const name of ["claude", "codex"]) {
    const path = join(root, "opt/bin", name);
    await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${scripted(name)}" "$@"\n`);
    await chmod(path, 0o755);
  }
  const archive = join(place, "image.tar");
  await execute("tar", ["-C", root, "-cf", archive, "."]);
  const [program = "", ...leading] = command;
  const path = "ENV PATH=/opt/bin:/usr/bin:/bin";
  await execute(program, [...leading, "import", "--change", path, archive, IMAGE]);
};

/** runc, because it runs on machines with either version of cgroups. */
export const makePodman = async (place: string): Promise<Podman> => {
  const store = ["--root", join(place, "store"), "--runroot", join(place, "podman")];
  const command = [
    "podman",
    "--runtime",
    "runc",
    "--cgroup-manager",
    "cgroupfs",
    ...store,
  ] as const;
  await makeImage(place, command);
  const [program, ...leading] = command;
  const mounts = ["/usr", repository, dirname(process.execPath)].map(
    (path) => `--volume=${path}:${path}:ro`,
  );
  const run = async (...args: readonly string[]) => execute(program, [...leading, ...args]);
  return {
    command,
    // A test machine may not let limits be raised.
    options: [...mounts, "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"],
    kill: async (name) => void (await run("kill", name)),
    names: async () => {
      const { stdout } = await run("ps", "--all", "--format", "{{.Names}}");
      return stdout.split("\n").filter((name) => name !== "");
    },
    close: async () => {
      await run("rm", "--force", "--all");
      await run("rmi", "--force", "--all");
      await rm(place, { recursive: true, force: true });
    },
  };
};
