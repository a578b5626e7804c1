/** Unix sockets over there, each with a door here. */
import { mkdirSync, rmSync } from "node:fs";
import { adapterFailure, type AdapterFailure, type Clock } from "@skein/sdk";
import { keepEnd, spawnSsh } from "./client.ts";
import { forwardArgs, type SshDeps } from "./command.ts";
import { controlPath, type Link } from "./link.ts";

type Sockets = {
  /** A path here that leads to the socket there, over the connection that stands now. */
  path(there: string): Promise<string>;
  close(): void;
};

type Door = { readonly here: string; readonly gone: Promise<unknown> };

const refused = (there: string, why: string): AdapterFailure =>
  adapterFailure(`No way leads to the socket ${there}: ${why}.`, {
    kind: "unavailable",
    code: "host_unreachable",
    remedy: "Check AllowStreamLocalForwarding in the configuration of its ssh server.",
    retryable: true,
  });

/** The connection is asked on this machine, and answers at once unless it is stuck. */
const FORWARD_MS = 10_000;
const SAID_BYTES = 4 * 1024;

const forward = (
  deps: SshDeps & { readonly clock: Clock },
  control: string,
  here: string,
  there: string,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawnSsh(forwardArgs(control, here, there), deps.env);
    const said = keepEnd(child.stderr, SAID_BYTES);
    let fault = "";
    const cancel = deps.clock.after(FORWARD_MS, () => {
      fault = "ssh did not answer in time";
      child.kill("SIGKILL");
    });
    child.stdin.end();
    child.stdout.resume();
    child.once("error", (error) => (fault = error.message));
    child.once("close", (code) => {
      cancel();
      if (code === 0) resolve();
      else reject(refused(there, fault || said().trim().slice(0, 200) || "ssh did not say why"));
    });
  });

/** Doors are made anew after the connection was; those of before are taken away. */
export const makeSockets = (
  deps: SshDeps & { readonly link: Link; readonly run: string; readonly clock: Clock },
): Sockets => {
  const doors = new Map<string, Promise<Door>>();
  let count = 0;
  const make = async (there: string): Promise<Door> => {
    // It takes none of the connection's sessions; a further one would be closed as soon as no channel is in it.
    const { control, gone } = await deps.link.stands();
    mkdirSync(deps.run, { recursive: true, mode: 0o700 });
    const here = `${controlPath(deps.run, deps.name)}.u${(count += 1)}`;
    rmSync(here, { force: true });
    await forward(deps, control, here, there);
    return { here, gone };
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
