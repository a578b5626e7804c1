/**
 * Inside a sandbox the same folder has another name than on the host: HOST_PATH there is /workspace here. What is sent names
 * the host's, what is shown names the one here. Without HOST_PATH a folder has one name on both sides.
 */
import { posix } from "node:path";
import type { Session } from "@skein/contract";
import type { Calls } from "./calls.ts";
import { EXIT, fail } from "./failure.ts";
import type { Place } from "./place.ts";
import { below, type SharedFolder } from "./host-path.ts";

/** The names under which the contract's views and inputs hold paths. */
const PATHS = new Set(["folder", "path"]);
const MOST_DEPTH = 64;

const join = (folder: string, rest: string): string =>
  rest === "" ? folder : posix.join(folder, rest);

/** Throws a Failure for a folder that the host does not see. */
export const toHost = ({ here, host }: SharedFolder, path: string): string => {
  const rest = below(here, path);
  if (rest !== undefined) return join(host, rest);
  throw fail(
    EXIT.refused,
    "folder_not_shared",
    `The folder ${path} is not shared with the host.`,
    `Agents run on the host, which sees ${here} only (there it is ${host}).`,
  );
};

/** What lies elsewhere on the host keeps its name. */
export const toHere = ({ here, host }: SharedFolder, path: string): string => {
  const rest = path.startsWith("/") ? below(host, path) : undefined;
  return rest === undefined ? path : join(here, rest);
};

/** On another machine than the sandbox's own host, nothing is shared. */
const isOfHost = (value: object): boolean => {
  const { host } = value as { readonly host?: unknown };
  return typeof host !== "string" || host === "local";
};

const shown = (shared: SharedFolder, value: unknown, depth = 0): unknown => {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH) return value;
  if (Array.isArray(value)) return value.map((each) => shown(shared, each, depth + 1));
  if (!isOfHost(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      PATHS.has(key) && typeof each === "string"
        ? toHere(shared, each)
        : shown(shared, each, depth + 1),
    ]),
  );
};

const meant = <I>(shared: SharedFolder, input: I): I => {
  const { folder } = input as { readonly folder?: unknown };
  if (typeof folder !== "string" || !isOfHost(input as object)) return input;
  return { ...input, folder: toHost(shared, folder) };
};

/** A session as its agent knows it: what is said to the agent names the host's folder. */
export const forAgent = (place: Place, session: Session): Session => {
  const shared = place.kind === "url" ? (place.gateway?.shared ?? null) : null;
  const isShared = shared !== null && below(shared.here, session.folder) !== undefined;
  return isShared ? meant(shared, session) : session;
};

/** The same calls, in the names of this side. */
export const translated = (calls: Calls, shared: SharedFolder | null): Calls => {
  if (shared === null) return calls;
  return {
    call: async (name, input, options) =>
      shown(shared, await calls.call(name, meant(shared, input), options)) as never,
    watch: async function* (input, lost, left) {
      for await (const frame of calls.watch(input, lost, left)) yield shown(shared, frame) as never;
    },
  };
};
