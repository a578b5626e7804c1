/** Inside a sandbox: whether the host's gateway, the daemon behind it, the token and the folders are as they should be. */
import { existsSync } from "node:fs";
import { textOf, type Transport } from "@skein/client/light";
import type { Cli } from "../cli.ts";
import { toFailure } from "../failure.ts";
import { reach } from "../reach.ts";
import type { SharedFolder } from "../host-path.ts";
import { broken, ok, warn, type Finding } from "./finding.ts";

const PATIENCE_MS = 3_000;

/** Stops at the first thing without which the rest cannot be looked at. */
export const checkSandbox = async (
  cli: Cli,
  transport: Transport,
  place: { readonly url: URL; readonly gateway: { readonly shared: SharedFolder | null } },
): Promise<Finding[]> => {
  const folders = checkFolders(place.gateway.shared);
  const { origin } = place.url;
  const code = await reach(transport, cli.signal, PATIENCE_MS);
  if (code !== null)
    return [
      broken(
        "gateway",
        `none answers at ${origin} (${code})`,
        "on the host: skein gateway install",
      ),
      folders,
    ];
  const { gateway = false, daemon = false } = await healthOf(cli, transport);
  if (!gateway)
    return [
      broken("gateway", `what answers at ${origin} is none`, "correct SKEIN_GATEWAY_URL"),
      folders,
    ];
  const answers = ok("gateway", origin);
  if (!daemon)
    return [answers, broken("daemon", "not running", "on the host: skein up --detach"), folders];
  return [answers, await checkToken(cli), folders];
};

type Health = { readonly gateway?: boolean; readonly daemon?: boolean };

const healthOf = async (cli: Cli, transport: Transport): Promise<Health> => {
  const signal = AbortSignal.any([cli.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const request = { method: "GET" as const, path: "/health", headers: {}, body: null, signal };
  try {
    return (JSON.parse(await textOf(await transport(request))) ?? {}) as Health;
  } catch {
    return {};
  }
};

const checkToken = async (cli: Cli): Promise<Finding> => {
  try {
    const { sessions } = await cli.call("system.status", {}, { timeoutMs: PATIENCE_MS });
    const count = Object.values(sessions).reduce((sum, each) => sum + each, 0);
    return ok("token", `good; it sees ${count} session${count === 1 ? "" : "s"}`);
  } catch (error) {
    const { message, remedy } = toFailure(error).failure;
    return broken("token", message, remedy);
  }
};

const checkFolders = (shared: SharedFolder | null): Finding => {
  if (shared === null)
    return warn(
      "folders",
      "HOST_PATH is not set: a folder must have the same name here and on the host",
      "set HOST_PATH to the host's folder that is mounted here",
    );
  const words = `${shared.here} is ${shared.host} on the host`;
  return existsSync(shared.here)
    ? ok("folders", words)
    : broken("folders", `${words}, but it is not there`, "mount it, or set SKEIN_SANDBOX_PATH");
};
