import { existsSync, rmSync, writeFileSync } from "node:fs";
import { stderr } from "node:process";
import { run, step } from "./step.mjs";
import { debianPackages, installCommand, mayInstall, missingTools } from "./tools.mjs";

const say = (line) => stderr.write(`skein: ${line}\n`);

/** While this file says 101, Debian's packages start no daemon when they are installed (policy-rc.d(8)). */
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs the tools that are missing where it may, and says the command where it may not. True: nothing is missing. */
export const installSystemTools = async (tools) => {
  const missing = missingTools(tools);
  if (missing.length === 0) return true;
  if (mayInstall()) await aptInstall(debianPackages(missing));
  const still = missingTools(missing);
  if (still.length === 0) return true;
  say(`missing: ${still.join(", ")}. Install with: ${installCommand(still)}`);
  return false;
};

const aptInstall = async (packages) => {
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=120", "-qq"];
  const names = packages.join(", ");
  if (
    (await step(
      "reading the package lists (apt-get update)",
      "apt-get",
      [...wait, "update"],
      quiet,
    )) !== 0
  )
    return;
  await withoutStartingDaemons(packages.includes("openssh-server"), () =>
    step(
      `installing ${names} (apt-get install)`,
      "apt-get",
      [...wait, "install", "-y", "--no-install-recommends", ...packages],
      quiet,
    ),
  );
};

/**
 * The tests start an ssh server of their own on loopback and need the program, not the service: a machine that had no
 * ssh server listening has none afterwards. A policy file of the machine's own is left as it is.
 */
const withoutStartingDaemons = async (concerned, install) => {
  if (!concerned) return install();
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
  if (existsSync("/run/systemd/system"))
    await run("systemctl", ["disable", "ssh.service", "ssh.socket"]);
};
