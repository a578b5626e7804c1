/**
 * Whether there is room where the agents of a host say what they say. What an agent says goes straight into its spool: what does not
 * fit there is lost for good, and nobody is told by the system. So it is looked for before something begins, and in a silence.
 */
import { statfsSync } from "node:fs";
import { refuse, type Refusal } from "@skein/contract";
import { SYSTEM_PATH, pause, type Clock, type Host } from "@skein/sdk";

/** `unknown`: nobody answered in time. */
export type DiskRoom = "enough" | "full" | "unknown";

/** Less than this holds no turn's words. */
const LEAST_KIB = 4 * 1024;
const LOOK_MS = 3_000;
/** So long it stays true that there is room; what is full is looked at anew. */
const FRESH_MS = 10_000;
const MAX_BYTES = 16 * 1024;
const ENV = { PATH: SYSTEM_PATH, LC_ALL: "C" };

type Looked = { readonly at: number; readonly room: DiskRoom };

const readRoom = (output: string): DiskRoom => {
  const free = Number.parseInt(output.split("\n")[1]?.trim().split(/\s+/)[3] ?? "", 10);
  if (!Number.isFinite(free)) return "unknown";
  return free < LEAST_KIB ? "full" : "enough";
};

const look = async (host: Host): Promise<DiskRoom> => {
  const told = await host.run(["df", "-Pk", host.home], {
    env: ENV,
    timeoutMs: LOOK_MS,
    maxBytes: MAX_BYTES,
  });
  return readRoom(told.stdout);
};

/** Of the disk of a folder of this machine, at once. */
export const roomHere = (folder: string): DiskRoom => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < LEAST_KIB * 1024 ? "full" : "enough";
  } catch {
    return "unknown";
  }
};

/** Never rejects, and waits for no host that does not answer. */
export const makeDiskRooms = (clock: Clock, find: (name: string) => Host | undefined) => {
  const looked = new WeakMap<Host, Looked>();
  const looking = new WeakMap<Host, Promise<DiskRoom>>();

  const lookNow = async (host: Host): Promise<DiskRoom> => {
    const late = pause(clock, LOOK_MS).then((): DiskRoom => "unknown");
    const room = await Promise.race([look(host).catch((): DiskRoom => "unknown"), late]);
    looked.set(host, { at: clock.monotonic(), room });
    return room;
  };

  return async (name: string): Promise<DiskRoom> => {
    const host = find(name);
    if (host === undefined || host.reach().state === "unreachable") return "unknown";
    const last = looked.get(host);
    if (last?.room === "enough" && clock.monotonic() - last.at < FRESH_MS) return "enough";
    const now = looking.get(host) ?? lookNow(host).finally(() => looking.delete(host));
    looking.set(host, now);
    return now;
  };
};

export const noDiskRoom = (host: string): Refusal =>
  refuse(
    "storage_full",
    `The disk of ${host} is full: what an agent says there cannot be kept.`,
    `Make room on ${host}: in the folder that \`skein host check ${host}\` names, some MiB must be free. Then try again.`,
  );
