/** The folder that a sandbox and its host share: HOST_PATH on the host. */
import { posix } from "node:path";
import { misused } from "./failure.ts";

export type SharedFolder = { readonly here: string; readonly host: string };

const HERE = "/workspace";
/** null: there is none. A Failure when what the environment says is no path. */
export const sharedFolder = (
  env: Readonly<Record<string, string | undefined>>,
): SharedFolder | null => {
  const host = env["HOST_PATH"] ?? "";
  if (host === "") return null;
  const here = env["SKEIN_SANDBOX_PATH"] ?? HERE;
  for (const [name, path] of [
    ["HOST_PATH", host],
    ["SKEIN_SANDBOX_PATH", here],
  ] as const)
    if (!path.startsWith("/"))
      throw misused(
        `${name} is no absolute path: ${path}`,
        "Set HOST_PATH to the host's folder that is mounted here, beginning with /.",
      );
  return { here: tidy(here), host: tidy(host) };
};

const tidy = (path: string): string => posix.normalize(path).replace(/(.)\/+$/, "$1");

/** The rest of a path below a folder; undefined when it lies elsewhere. `..` is resolved first. */
export const below = (folder: string, path: string): string | undefined => {
  const clean = tidy(path);
  if (clean === folder) return "";
  const start = folder === "/" ? "/" : `${folder}/`;
  return clean.startsWith(start) ? clean.slice(start.length) : undefined;
};
