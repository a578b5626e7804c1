/** Unix sockets over there, each with a door here. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { adapterFailure, type AdapterFailure } from "@skein/sdk";
import { forwardArgs, type SshDeps } from "./command.ts";
import { controlPath, type Link } from "./link.ts";

export type Sockets = {
  /** A path here that leads to the socket there, over the connection that stands now. */
  path(there: string): Promise<string>;
  close(): void;
};

type Door = { readonly here: string; readonly control: string; readonly gone: Promise<unknown> };

const refused = (there: string, why: string): AdapterFailure =>
  adapterFailure(`No way leads to the socket ${there}: ${why}.`, {
    kind: "unavailable",
    code: "host_unreachable",
    remedy: "Check AllowStreamLocalForwarding in the configuration of its ssh server.",
    retryable: true,
  });

const forward = (deps: SshDeps, control: string, here: string, there: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn("ssh", forwardArgs(control, here, there), {
      env: deps.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
    child.once("error", (error) => reject(refused(there, error.message)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(refused(there, said.trim().slice(0, 200) || "ssh did not say why"));
    });
  });

/** Doors are made anew after the connection was; those of before are taken away. */
export const makeSockets = (
  deps: SshDeps & { readonly link: Link; readonly run: string },
): Sockets => {
  const doors = new Map<string, Promise<Door>>();
  let count = 0;
  const make = async (there: string): Promise<Door> => {
    const place = await deps.link.take("soon");
    // It belongs to the connection, and takes none of its sessions.
    place.leave();
    mkdirSync(deps.run, { recursive: true, mode: 0o700 });
    const here = `${controlPath(deps.run, deps.name)}.u${(count += 1)}`;
    rmSync(here, { force: true });
    await forward(deps, place.control, here, there);
    return { here, control: place.control, gone: place.gone };
  };
  const path: Sockets["path"] = async (there) => {
    if (/[:\s\0]/.test(there) || !there.startsWith("/"))
      throw refused(there, "its path holds what ssh cannot be told");
    const known = doors.get(there);
    if (known !== undefined) return (await known).here;
    const made = make(there);
    doors.set(there, made);
    const forget = (): void => {
      if (doors.get(there) === made) doors.delete(there);
    };
    try {
      const door = await made;
      void door.gone.then(() => {
        forget();
        rmSync(door.here, { force: true });
      });
      return door.here;
    } catch (error) {
      forget();
      throw error;
    }
  };
  return { path, close: () => doors.clear() };
};
