import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter } from "node:path";
import { env, getuid, platform } from "node:process";

/**
 * What each purpose needs. `tools` are programs of the system; `bundle` says whether dist/skein.js must be up to date;
 * `strict` whether a missing tool ends the set-up (a test that needs it could only fail) or is said and gone past (the
 * daemon runs without tmux, and says so again in `skein doctor`).
 */
export const PURPOSES = {
  start: { tools: ["git", "tmux", "ssh"], bundle: true, strict: false },
  build: { tools: [], bundle: true, strict: true },
  test: { tools: ["git", "tmux", "ssh", "sshd"], bundle: true, strict: true },
  "test:agents": { tools: ["git", "tmux"], bundle: true, strict: true },
  "test:hosts": {
    tools: ["git", "tmux", "ssh", "sshd", "ip", "nft", "podman", "runc"],
    bundle: true,
    strict: true,
  },
  "test:crash": { tools: ["git", "strace", "gcc"], bundle: true, strict: true },
  verify: { tools: ["git"], bundle: false, strict: true },
  bench: { tools: ["git"], bundle: true, strict: true },
  schema: { tools: [], bundle: false, strict: true },
  format: { tools: [], bundle: false, strict: true },
};

/** Program -> Debian package or packages. */
const PACKAGES = {
  git: "git",
  tmux: "tmux",
  ssh: "openssh-client",
  sshd: "openssh-server",
  ip: "iproute2",
  nft: "nftables",
  podman: "podman",
  runc: "runc",
  strace: "strace",
  gcc: ["gcc", "libc6-dev"],
};

/** sshd lives in sbin, which is not on every user's PATH. */
const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

const isInstalled = (tool) =>
  [...(env.PATH ?? "").split(delimiter), ...SBIN].some(
    (folder) => folder !== "" && isProgram(`${folder}/${tool}`),
  );

export const missingTools = (tools) => tools.filter((tool) => !isInstalled(tool));

export const debianPackages = (tools) => tools.flatMap((tool) => PACKAGES[tool]);

/** True where apt-get may be run without asking: root on Debian or a system made of it. */
export const mayInstall = () => {
  if (platform !== "linux" || getuid() !== 0 || !isInstalled("apt-get")) return false;
  try {
    return /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
};

/** The command that a person types where we may not. */
export const installCommand = (tools) => {
  const packages = debianPackages(tools).join(" ");
  if (platform === "darwin")
    return `brew install ${packages.replace(/openssh-(client|server)/g, "openssh")}`;
  return `${getuid() === 0 ? "" : "sudo "}apt-get install -y ${packages}`;
};
