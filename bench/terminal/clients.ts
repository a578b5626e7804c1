/** Three ways to the same `cat` in tmux: raw, through ttyd, and through the daemon; each as bare as it can be. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { connectTerminal, type TerminalSocketLike } from "@skein/client";
import type { World } from "../world.ts";

/** What is typed goes to the program; `shown` is called with each piece of what it shows. */
export type Client = {
  send(text: string): void;
  shown: (text: string) => void;
  close(): Promise<void>;
};

const COLUMNS = 80;
const ROWS = 24;

/** tmux on a socket of its own, with the given program in it. */
const ownTmux = (argv: readonly string[]) => {
  const dir = mkdtempSync(join(tmpdir(), "skein-bench-tmux-"));
  const socket = join(dir, "s");
  const tmux = ["tmux", "-S", socket, "-f", "/dev/null"] as const;
  const size = ["-x", String(COLUMNS), "-y", String(ROWS)];
  execFileSync(tmux[0], [...tmux.slice(1), "new-session", "-d", ...size, ...argv]);
  execFileSync(tmux[0], [...tmux.slice(1), "set", "-g", "status", "off"]);
  return {
    attach: [...tmux, "attach"],
    close: (): void => {
      execFileSync(tmux[0], [...tmux.slice(1), "kill-server"]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const ended = async (child: ChildProcess): Promise<void> => {
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};

/** `tmux attach` in a pty, which script(1) holds. */
export const rawTmux = async (argv: readonly string[]): Promise<Client> => {
  const tmux = ownTmux(argv);
  const command = `stty cols ${COLUMNS} rows ${ROWS}; exec ${tmux.attach.join(" ")}`;
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    env: { ...process.env, TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const client: Client = {
    send: (text) => void child.stdin.write(text),
    shown: () => undefined,
    close: async () => {
      tmux.close();
      await ended(child);
    },
  };
  child.stdout.on("data", (bytes: Buffer) => client.shown(bytes.toString("latin1")));
  return client;
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

const opened = async (url: string, protocols: string[]): Promise<WebSocket> => {
  for (let tries = 0; ; tries++) {
    const ws = new WebSocket(url, protocols);
    try {
      await once(ws, "open");
      return ws;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

/** null: there is no ttyd on PATH. Its messages (1.7.7) begin with one character: 0 is input, and output. */
export const ttyd = async (argv: readonly string[]): Promise<Client | null> => {
  const port = await freePort();
  const tmux = ownTmux(argv);
  const args = ["-W", "-i", "127.0.0.1", "-p", String(port), ...tmux.attach];
  const child = spawn("ttyd", args, { stdio: "ignore" });
  const isThere = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  if (!isThere) {
    tmux.close();
    return null;
  }
  const ws = await opened(`ws://127.0.0.1:${port}/ws`, ["tty"]);
  ws.send(JSON.stringify({ AuthToken: "", columns: COLUMNS, rows: ROWS }));
  const client: Client = {
    send: (text) => ws.send(Buffer.from(`0${text}`)),
    shown: () => undefined,
    close: async () => {
      ws.terminate();
      tmux.close();
      await ended(child);
    },
  };
  ws.on("message", (bytes: Buffer) => {
    if (bytes[0] === 0x30) client.shown(bytes.toString("latin1", 1));
  });
  return client;
};

export type Taking = (bytes: Uint8Array, done: () => void) => void;

/** Through the daemon, over TCP with a token. `take` works through what is shown; default: at once. */
export const throughDaemon = async (
  world: World,
  token: string,
  argv: readonly string[],
  take: Taking = (_bytes, done) => done(),
): Promise<Client & { readonly id: string }> => {
  const { terminal } = await world.call("terminals.open", {
    folder: world.folder,
    argv: [...argv],
    columns: COLUMNS,
    rows: ROWS,
  });
  const address = `${world.address.replace("http", "ws")}/api/terminals/${terminal.id}`;
  const ready = Promise.withResolvers<void>();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const connection = connectTerminal({
    socket: (query) =>
      new WebSocket(`${address}${query}`, {
        headers: { authorization: `Bearer ${token}` },
        perMessageDeflate: false,
      }) as unknown as TerminalSocketLike,
    size: { columns: COLUMNS, rows: ROWS },
    on: {
      snapshot: (bytes, done) => {
        ready.resolve();
        client.shown(text(bytes));
        take(bytes, done);
      },
      output: (bytes, done) => {
        client.shown(text(bytes));
        take(bytes, done);
      },
    },
  });
  const client: Client & { readonly id: string } = {
    id: terminal.id,
    send: (typed) => void connection.input(Buffer.from(typed)),
    shown: () => undefined,
    close: async () => {
      connection.close();
      await connection.ended;
      await world.call("terminals.close", { terminal: terminal.id });
    },
  };
  await Promise.race([
    ready.promise,
    connection.ended.then((end) => {
      throw new Error(`the terminal was not reached: ${JSON.stringify(end)}`);
    }),
  ]);
  return client;
};
