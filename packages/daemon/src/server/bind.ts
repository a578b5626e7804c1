/** Where the server listens: one loopback port, and a unix socket that nobody else can reach, not even for a moment. */
import { chmod, lstat, mkdir, mkdtemp, rename, rm, rmdir } from "node:fs/promises";
import { connect, type AddressInfo, type Server } from "node:net";
import { dirname, join } from "node:path";
import { LIMITS, refuse } from "@skein/contract";

const LOOPBACK = /^(?:localhost|::1|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;
/** `/.XXXXXX/s`: where it is born. */
const NEST_BYTES = 10;

const named = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

export const requireLoopback = (host: string): void => {
  if (LOOPBACK.test(host)) return;
  throw refuse(
    "invalid_input",
    `Skein does not listen on ${host}: without TLS that would show every session to the network.`,
    "Leave the host at 127.0.0.1 and reach it from elsewhere with `ssh -L 8765:127.0.0.1:8765 HOST`.",
  );
};

const listening = (server: Server, start: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    start();
  });

const ASK_MS = 1_000;

/** Whether a Skein listens there; one that does not answer in time is not told apart from anything else. */
const isSkein = async (host: string, port: number): Promise<boolean> => {
  const name = host.includes(":") ? `[${host}]` : host;
  try {
    const signal = AbortSignal.timeout(ASK_MS);
    const answer = await fetch(`http://${name}:${port}/openapi.json`, {
      signal,
      redirect: "error",
    });
    const { info } = (await answer.json()) as { readonly info?: { readonly title?: unknown } };
    return info?.title === "Skein";
  } catch {
    return false;
  }
};

const taken = async (host: string, port: number) =>
  (await isSkein(host, port))
    ? refuse(
        "invalid_input",
        `Port ${port} is in use by the Skein of another state folder.`,
        "Choose another with `skein up --port N`, or use that one: set SKEIN_HOME to its folder.",
      )
    : refuse(
        "invalid_input",
        `Port ${port} is in use by another program.`,
        "Choose another with `skein up --port N`, or stop that program.",
      );

const portProblem = (port: number, error: unknown): unknown => {
  return named(error) === "EACCES"
    ? refuse(
        "invalid_input",
        `Port ${port} may not be used by this user.`,
        "Choose one above 1023 with `skein up --port N`.",
      )
    : error;
};

/** Rejects with one sentence when the port is taken. Gives the port, which matters when 0 was asked for. */
export const listenTcp = async (server: Server, host: string, port: number): Promise<number> => {
  requireLoopback(host);
  try {
    await listening(server, () => server.listen({ host, port, exclusive: true, backlog: 1_024 }));
  } catch (error) {
    throw named(error) === "EADDRINUSE" ? await taken(host, port) : portProblem(port, error);
  }
  return (server.address() as AddressInfo).port;
};

/** Whether someone answers there. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Only a socket that nobody answers on may be replaced. */
const requireStale = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw refuse(
      "invalid_input",
      `${path} is in the way: it is not a socket.`,
      "Move it, or choose another state folder with SKEIN_HOME.",
    );
  }
  if (await answers(path)) {
    throw refuse(
      "invalid_input",
      `Another daemon answers on ${path}.`,
      "Use it (`skein status`), or stop it first with `skein down`.",
    );
  }
};

/**
 * Binds inside a fresh 0700 folder, narrows the socket to 0600 there, and only then moves it to its place: a stale
 * one is replaced in the same instant. The process's umask is not touched. The returned function removes the socket,
 * if it is still this one.
 */
export const listenUnix = async (server: Server, path: string): Promise<() => Promise<void>> => {
  const folder = dirname(path);
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(folder) + NEST_BYTES);
  if (longest > LIMITS.socketPathBytes) {
    throw refuse(
      "invalid_input",
      `The path of the unix socket is too long for this system: ${path}`,
      "Choose a state folder with a shorter path (SKEIN_HOME).",
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await requireStale(path);
  const nest = await mkdtemp(`${folder}/.`);
  try {
    const born = join(nest, "s");
    await listening(server, () => server.listen({ path: born, backlog: 1_024 }));
    await chmod(born, 0o600);
    await rename(born, path);
  } catch (error) {
    server.close();
    await rm(nest, { recursive: true, force: true });
    throw error;
  }
  await rmdir(nest);
  const mine = await lstat(path);
  return async () => {
    const now = await lstat(path).catch(() => null);
    if (now !== null && now.ino === mine.ino && now.dev === mine.dev)
      await rm(path, { force: true });
  };
};
