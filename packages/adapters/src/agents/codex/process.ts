/**
 * The process of the app-server that all sessions of one CODEX_HOME share: started detached, so that it outlives the
 * daemon, and found again by the owner's marks. `codex app-server --listen unix://PATH` speaks WebSocket there (0.169.0);
 * the socket itself lies in a 0700 folder of the vendor's under /tmp, PATH is a link to it.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { LIMITS } from "@skein/contract";
import {
  pause,
  adapterFailure,
  hostAway,
  isHostAway,
  type AdapterFailure,
  type BackendContext,
  type Detached,
  type Owner,
} from "@skein/sdk";
import { connect, unreachable, type Hearer, type Rpc } from "./rpc.ts";

export type Place = {
  readonly dir: string;
  readonly owner: Owner;
  readonly socket: string;
  /** Made by us because `dir` is too long for a socket; null when the socket lies in `dir`. */
  readonly runtime: string | null;
};

const retryMs = 15;
const folderMs = 10_000;
const reasonBytes = 2_000;

const hashOf = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 12);

/** CODEX_HOME as the server will take it; without HOME there is none, and the server refuses to start. */
export const codexHome = (env: BackendContext["env"]): string =>
  env["CODEX_HOME"] ?? posix.join(env["HOME"] ?? "", ".codex");

/** The same for the same state folder and CODEX_HOME, so that the next daemon finds what this one started. */
export const placeOf = (backend: Pick<BackendContext, "dir" | "env">): Place => {
  const hash = hashOf(codexHome(backend.env));
  const dir = posix.join(backend.dir, `server-${hash}`);
  const owner = { session: `codex-server-${hash}`, generation: 1 };
  const socket = posix.join(dir, "socket");
  if (Buffer.byteLength(socket) <= LIMITS.socketPathBytes)
    return { dir, owner, socket, runtime: null };
  // Of one person's own: of two with the same name, in no folder that both could make.
  const runtime = `/tmp/skein-${hashOf(backend.env["HOME"] ?? "")}`;
  return { dir, owner, socket: posix.join(runtime, `codex-${hashOf(dir)}`), runtime };
};

const unsafe = (folder: string): AdapterFailure =>
  adapterFailure(`${folder} is not a folder of yours alone, so no socket can be made in it.`, {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: `Remove ${folder} or set its rights to 0700, or move SKEIN_HOME to a shorter path.`,
    retryable: false,
  });

/** 0700. On another host than the daemon's own nobody else has made it. */
export const makeFolder = async (backend: BackendContext, folder: string): Promise<void> => {
  const { host, env } = backend;
  const { exitCode, stderr } = await host.run(["mkdir", "-p", "-m", "700", "--", folder], {
    env,
    timeoutMs: folderMs,
  });
  if (exitCode === 0) return;
  throw adapterFailure(`The folder ${folder} cannot be made: ${stderr.trim()}`, {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Make room, or give yourself the right to write there.",
    retryable: true,
  });
};

/** Anyone may write into /tmp: a folder of that name that is not ours, or open to others, is refused. */
const makeRuntime = async (backend: BackendContext, folder: string): Promise<void> => {
  const { host, env } = backend;
  await makeFolder(backend, folder);
  const options = { env: { ...env, LC_ALL: "C" }, timeoutMs: folderMs };
  const [listed, asked] = await Promise.all([
    host.run(["ls", "-ldn", "--", folder], options),
    host.run(["id", "-u"], options),
  ]);
  const [rights = "", , owner = ""] = listed.stdout.trim().split(/\s+/);
  const ours = owner !== "" && owner === asked.stdout.trim();
  if (!ours || !rights.startsWith("drwx------")) throw unsafe(folder);
};

const notInstalled = (): AdapterFailure =>
  adapterFailure("Codex is not installed: there is no program `codex` on the PATH.", {
    kind: "unavailable",
    code: "backend_not_installed",
    remedy: "Install it with `npm install -g @openai/codex`, or name it in backends.codex.command.",
    retryable: false,
  });

/** Kills what is left of a server and removes its folder. A new one may only start after this: the old one removes the socket as it goes. */
export const clear = async (backend: BackendContext, place: Place): Promise<void> => {
  await backend.host.sweep(place.owner);
  await backend.host.remove(place.dir);
  if (place.runtime !== null) await backend.host.files.remove(place.socket);
};

/** Rejects with an AdapterFailure; leaves nothing behind then. */
export const startProcess = async (backend: BackendContext, place: Place): Promise<Detached> => {
  if (backend.command === null) throw notInstalled();
  if (place.runtime !== null) await makeRuntime(backend, place.runtime);
  await clear(backend, place);
  await makeFolder(backend, backend.dir);
  return backend.host.start({
    dir: place.dir,
    argv: [...backend.command, "app-server", "--listen", `unix://${place.socket}`],
    env: backend.env,
    // Its own folder: a session's may be removed under it.
    folder: backend.dir,
    owner: place.owner,
  });
};

export const adoptProcess = (backend: BackendContext, place: Place): Promise<Detached | null> =>
  backend.host.adopt(place.dir, place.owner);

/** What a server wrote before it died, without the colours and the log lines about what it goes on without. */
export const lastWords = async (process: Detached): Promise<string> => {
  const text = await process.errors(reasonBytes).catch(() => "");
  const lines = text.replaceAll(/\u001b\[[0-9;]*m/g, "").split("\n");
  const said = lines.filter(
    (line) => line.trim() !== "" && !/^\d{4}-\d\d-\d\dT\S+\s+(ERROR|WARN|INFO)/.test(line),
  );
  return said.slice(-5).join(" ").trim();
};

const diedAtStart = async (process: Detached): Promise<AdapterFailure> => {
  const words = await lastWords(process);
  return adapterFailure(
    `Codex's app-server ended as it started: ${words || "it gave no reason"}.`,
    {
      kind: "unavailable",
      code: "backend_unavailable",
      remedy:
        "Run `codex app-server` in a terminal with the same environment and read what it says.",
      retryable: true,
    },
  );
};

/** Connects as soon as the server listens, within `timeoutMs`; rejects with an AdapterFailure, at once when it dies or its host goes away. */
export const connectTo = async (
  backend: BackendContext,
  place: Place,
  process: Detached,
  wish: { readonly hearer: Hearer; readonly timeoutMs: number },
): Promise<Rpc> => {
  const { clock, host } = backend;
  const until = clock.monotonic() + wish.timeoutMs;
  let dead = false;
  void process.exited.then(() => (dead = true));
  for (;;) {
    const left = until - clock.monotonic();
    if (dead) throw await diedAtStart(process);
    if (left <= 0) break;
    try {
      return await connect(await host.socket(place.socket), {
        clock,
        hearer: wish.hearer,
        timeoutMs: left,
        version: backend.version,
      });
    } catch (error) {
      if (isHostAway(error)) throw error;
      backend.log("debug", "the app-server does not answer yet", { error: String(error) });
    }
    await Promise.race([pause(clock, retryMs), process.exited]);
  }
  if ((await process.liveness()) === "unknown") throw hostAway(host.id);
  throw unreachable(`Codex's app-server did not listen within ${wish.timeoutMs} ms.`);
};
