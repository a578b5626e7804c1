/** The state folder: whose it is, who may look into it, and whether its configuration can be read. */
import { access, constants, stat } from "node:fs/promises";
import { LIMITS } from "@skein/contract/light";
import type { LoadDaemon } from "../daemon-door.ts";
import { inHome } from "../place.ts";
import { broken, inShell, ok, warn, type Finding } from "./finding.ts";

const statOf = (path: string) => stat(path).catch(() => null);

export const checkHome = async (home: string, user: number): Promise<Finding> => {
  const part = "state folder";
  const found = await statOf(home);
  if (found === null) return ok(part, `${home} is not there yet; skein up makes it`);
  if (!found.isDirectory())
    return broken(part, `${home} is not a folder`, `mv ${inShell(home)} ${inShell(`${home}.old`)}`);
  if (found.uid !== user)
    return broken(
      part,
      `${home} belongs to another user (${found.uid})`,
      `sudo chown -R "$(id -u)" ${inShell(home)}`,
    );
  const mode = found.mode & 0o777;
  const isWritable = await access(home, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable || (mode & 0o700) !== 0o700)
    return broken(part, `${home} cannot be written`, `chmod 700 ${inShell(home)}`);
  if (mode !== 0o700)
    return broken(
      part,
      `${home} is open to others (0${mode.toString(8)})`,
      `chmod 700 ${inShell(home)}`,
    );
  return ok(part, `${home}, yours alone`);
};

export const checkSocketFile = async (home: string, user: number): Promise<Finding | null> => {
  const path = inHome.socket(home);
  if (Buffer.byteLength(path) > LIMITS.socketPathBytes)
    return broken("socket", `${path} is too long for a socket`, "export SKEIN_HOME=~/.skein");
  const found = await statOf(path);
  if (found === null) return null;
  const mode = found.mode & 0o777;
  if (!found.isSocket())
    return broken("socket", `${path} is not a socket`, `rm ${inShell(path)}; skein up --detach`);
  if (found.uid !== user)
    return broken("socket", `${path} belongs to another user (${found.uid})`, "run skein as them");
  return mode === 0o600
    ? ok("socket", `${path}, yours alone`)
    : broken(
        "socket",
        `${path} is open to others (0${mode.toString(8)})`,
        `chmod 600 ${inShell(path)}`,
      );
};

export const checkConfig = async (home: string, loadDaemon: LoadDaemon): Promise<Finding> => {
  const path = inHome.config(home);
  if ((await statOf(path)) === null) return ok("configuration", "none; everything has its default");
  const { checkConfig: check } = await loadDaemon();
  if (check === undefined)
    return warn("configuration", `${path} is checked when the daemon starts`, "skein up");
  const problem = check(home);
  return problem === null
    ? ok("configuration", path)
    : broken("configuration", problem.message, problem.remedy);
};
