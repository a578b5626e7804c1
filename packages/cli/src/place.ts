/** Where the daemon is: its state folder, its socket, or an address that the environment names. */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { STATE_FOLDER } from "@skein/contract/light";
import { misused } from "./failure.ts";
import { sharedFolder, type SharedFolder } from "./host-path.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** SKEIN_HOME, or ~/.skein. A relative one is meant from the current folder. */
export const stateFolder = (env: Env, cwd: string): string => {
  const chosen = env["SKEIN_HOME"];
  if (chosen === undefined || chosen === "") return join(env["HOME"] ?? homedir(), ".skein");
  return isAbsolute(chosen) ? chosen : resolve(cwd, chosen);
};

/** The paths below the state folder that both sides must agree on. */
export const inHome = {
  socket: (home: string): string => join(home, STATE_FOLDER.socket),
  logs: (home: string): string => join(home, STATE_FOLDER.logs),
  spool: (home: string): string => join(home, STATE_FOLDER.spool),
  config: (home: string): string => join(home, STATE_FOLDER.config),
  database: (home: string): string => join(home, STATE_FOLDER.database),
};

export type Place =
  | {
      readonly kind: "socket";
      readonly socketPath: string;
      readonly home: string;
      readonly token?: string;
    }
  | {
      readonly kind: "url";
      readonly url: URL;
      readonly token: string;
      /** Inside a sandbox: the address is that of the gateway on its host. */
      readonly gateway?: { readonly shared: SharedFolder | null };
    };

/** The address of the host's gateway, which counts inside a sandbox only. */
const gatewayOf = (env: Env): string | undefined => {
  if (env["IS_SANDBOX"] !== "1") return undefined;
  const address = env["SKEIN_GATEWAY_URL"] ?? env["DEV_SESSIONS_GATEWAY_URL"];
  return address === "" ? undefined : address;
};

const httpUrl = (name: string, address: string, example: string): URL => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw misused(
    `${name} is no http address: ${address}`,
    `Set it to something like ${example}, or unset it to use the local socket.`,
  );
};

/**
 * An address in SKEIN_URL goes before all else: whoever sets it means it. Then the gateway, inside a sandbox. Both need
 * SKEIN_TOKEN. The socket needs none; one that is set goes along, and the daemon grants no more than it does.
 */
export const findPlace = (env: Env, home: string): Place => {
  const address = env["SKEIN_URL"];
  const token = tokenOf(env);
  const gateway = gatewayOf(env);
  if (gateway !== undefined && (address === undefined || address === "")) {
    const url = httpUrl("SKEIN_GATEWAY_URL", gateway, "http://127.0.0.1:6767");
    if (token === undefined)
      throw misused(
        "This is a sandbox, and SKEIN_TOKEN is not set.",
        "On the host: skein token create sandbox --own --scope write. Give it to the sandbox as SKEIN_TOKEN.",
      );
    return { kind: "url", url, token, gateway: { shared: sharedFolder(env) } };
  }
  if (address === undefined || address === "") {
    const socketPath = inHome.socket(home);
    return { kind: "socket", socketPath, home, ...(token === undefined ? {} : { token }) };
  }
  const url = httpUrl("SKEIN_URL", address, "http://127.0.0.1:8765");
  if (token === undefined)
    throw misused(
      "SKEIN_URL is set, but SKEIN_TOKEN is not.",
      "Create a token where the daemon runs with: skein token create LABEL",
    );
  return { kind: "url", url, token };
};

const tokenOf = (env: Env): string | undefined => {
  const token = env["SKEIN_TOKEN"];
  if (token === undefined || token === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw misused(
      "SKEIN_TOKEN holds characters that no token has.",
      "Copy it again, without blanks or line ends.",
    );
  return token;
};
