/** Under which names the daemon may be spoken to, and from which origins: compared as parsed parts, never as text. */
import { refuse } from "@skein/contract";

export type Places = {
  /** `name:port`. */
  readonly hosts: ReadonlySet<string>;
  /** `scheme://name:port`. */
  readonly origins: ReadonlySet<string>;
};

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** A Host header as `name:port`; null when it is anything but a bare name and port. */
export const hostKey = (host: string, defaultPort = "80"): string | null => {
  if (host === "" || /[\s/?#@\\%]/.test(host)) return null;
  const url = URL.parse(`http://${host}`);
  if (url === null || url.hostname === "") return null;
  const port = /:(\d+)$/.exec(host)?.[1];
  return `${url.hostname}:${port === undefined ? defaultPort : Number(port)}`;
};

/** An Origin header as `scheme://name:port`; null for `null`, for lists, and for whatever has more than a triple. */
export const originKey = (origin: string): string | null => {
  const url = URL.parse(origin);
  if (url === null || !Object.hasOwn(DEFAULT_PORTS, url.protocol)) return null;
  // A browser writes exactly this; a path, a user or a query means that someone else wrote it.
  if (url.origin !== origin) return null;
  return `${url.protocol}//${url.hostname}:${url.port === "" ? DEFAULT_PORTS[url.protocol] : url.port}`;
};

const unusable = (entry: string, what: string, remedy: string): Error =>
  refuse("invalid_input", `The configuration's ${what} holds ${JSON.stringify(entry)}.`, remedy);

/**
 * The loopback names on the own port, and what the configuration adds: a name without a port means the own port, and the
 * pages served under an allowed name are the daemon's own. Throws a Refusal for an entry that is no name or no origin.
 */
export const makePlaces = (
  port: number,
  allowedHosts: readonly string[] = [],
  allowedOrigins: readonly string[] = [],
): Places => {
  const hosts = LOOPBACK_NAMES.map((name) => `${name}:${port}`);
  const origins = hosts.map((host) => `http://${host}`);
  for (const entry of allowedHosts) {
    const key = hostKey(entry, String(port));
    if (key === null) {
      throw unusable(
        entry,
        "server.allowedHosts",
        "Write a name, or a name and a port: box.lan:80.",
      );
    }
    hosts.push(key);
    origins.push(`http://${key}`, `https://${key}`);
  }
  for (const entry of allowedOrigins) {
    const key = originKey(entry);
    if (key === null) {
      throw unusable(
        entry,
        "server.allowedOrigins",
        "Write scheme, name and port: https://box.lan.",
      );
    }
    origins.push(key);
  }
  return { hosts: new Set(hosts), origins: new Set(origins) };
};
