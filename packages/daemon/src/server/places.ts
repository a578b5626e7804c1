/** Under which names the daemon may be spoken to, and from which origins: compared as parsed parts, never as text. */

export type Places = {
  /** `name:port`. */
  readonly hosts: ReadonlySet<string>;
  /** `scheme://name:port`. */
  readonly origins: ReadonlySet<string>;
};

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const DEFAULT_PORTS: Record<string, string> = { "http:": "80", "https:": "443" };

/** A Host header as `name:port`; null when it is anything but a bare name and port. */
export const hostKey = (host: string): string | null => {
  if (host === "" || /[\s/?#@\\%]/.test(host)) return null;
  const url = URL.parse(`http://${host}`);
  if (url === null || url.hostname === "") return null;
  return `${url.hostname}:${url.port === "" ? "80" : url.port}`;
};

/** An Origin header as `scheme://name:port`; null for `null`, for lists, and for whatever has more than a triple. */
export const originKey = (origin: string): string | null => {
  const url = URL.parse(origin);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  // A browser writes exactly this; a path, a user or a query means that someone else wrote it.
  if (url.origin !== origin) return null;
  return `${url.protocol}//${url.hostname}:${url.port === "" ? DEFAULT_PORTS[url.protocol] : url.port}`;
};

/** Throws a plain sentence when a configured entry is no name with a port, or no origin. */
export const makePlaces = (
  port: number,
  allowedHosts: readonly string[] = [],
  allowedOrigins: readonly string[] = [],
): Places => {
  const hosts = LOOPBACK_NAMES.map((name) => `${name}:${port}`);
  const origins = hosts.map((host) => `http://${host}`);
  for (const entry of allowedHosts) {
    const key = hostKey(entry);
    if (key === null) throw new Error(`server.allowedHosts: ${entry} is no host name with a port.`);
    hosts.push(key);
  }
  for (const entry of allowedOrigins) {
    const key = originKey(entry);
    if (key === null) throw new Error(`server.allowedOrigins: ${entry} is no origin.`);
    origins.push(key);
  }
  return { hosts: new Set(hosts), origins: new Set(origins) };
};
