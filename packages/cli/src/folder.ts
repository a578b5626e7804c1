/** A folder of the daemon's own machine, as a person says it. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { Cli } from "./cli.ts";

/**
 * The folder as the kernel knows it. One that cannot be resolved goes to the daemon as it was meant, which says what is
 * wrong with it; on a daemon elsewhere the folder is not ours to resolve.
 */
export const folderHere = async (cli: Cli, path: string | undefined): Promise<string> => {
  const isElsewhere = cli.place.kind === "url" && cli.place.gateway === undefined;
  if (isElsewhere && path !== undefined) return path;
  const meant = resolve(cli.cwd, path ?? ".");
  return realpath(meant).catch(() => meant);
};
