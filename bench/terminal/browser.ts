/** What a browser can take: a pty's bytes over a bare WebSocket into xterm.js, and beside it the same through the daemon. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { rolldown } from "rolldown";
import { WebSocketServer, type WebSocket } from "ws";
import { here, type World } from "../world.ts";
import { openPage, type Page } from "./chromium.ts";

const ROUNDS = 3;
/** What may be under way to the page, and how often it tells what it has parsed. */
const UNDER_WAY = 512 * 1024;
const ACK_BYTES = 256 * 1024;

const bundle = async (): Promise<string> => {
  const build = await rolldown({ input: here("terminal/page.mjs"), platform: "browser" });
  const { output } = await build.generate({ format: "iife" });
  const css = readFileSync(createRequire(import.meta.url).resolve("@xterm/xterm/css/xterm.css"));
  const style = `document.head.append(Object.assign(document.createElement("style"), { textContent: ${JSON.stringify(css.toString())} }));`;
  return `${output[0].code}\n${style}`;
};

const serveFlood = (socket: WebSocket, file: string): void => {
  let sent = 0;
  let parsed = 0;
  const start = (): void => {
    const command = `stty cols 80 rows 24; cat ${file}; echo AL''L OF IT`;
    const pty = spawn("script", ["-qfec", command, "/dev/null"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    pty.stdout.on("data", (bytes: Buffer) => {
      sent += bytes.length;
      socket.send(bytes);
      if (sent - parsed > UNDER_WAY) pty.stdout.pause();
    });
    socket.on("message", (data: Buffer) => {
      parsed = Number(data.toString());
      if (sent - parsed <= UNDER_WAY) pty.stdout.resume();
    });
    socket.once("close", () => pty.kill());
  };
  socket.once("message", start);
};

const bareServer = async (file: string) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket) => serveFlood(socket, file));
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { url: `ws://127.0.0.1:${port}`, close: () => server.close() };
};

const throughSkein = async (world: World, page: Page, file: string): Promise<number> => {
  const script = `read go; cat ${file}; echo AL''L OF IT; read end`;
  const { terminal } = await world.call("terminals.open", {
    folder: world.folder,
    argv: ["/bin/sh", "-c", script],
    columns: 80,
    rows: 24,
  });
  const url = `${world.address.replace("http", "ws")}/api/terminals/${terminal.id}`;
  const ms = await page.run(`measured.skein(${JSON.stringify(url)})`);
  await world.call("terminals.close", { terminal: terminal.id });
  return Number(ms);
};

/** Milliseconds of each round, interleaved; null: there is no browser on PATH. */
export const inBrowser = async (
  world: World,
  file: string,
): Promise<{ readonly bare: readonly number[]; readonly skein: readonly number[] } | null> => {
  // The daemon's own page: no other may speak to it.
  const { url } = await world.call("system.loginLink", {});
  const page = await openPage(url);
  if (page === null) return null;
  const server = await bareServer(file);
  try {
    await page.run(await bundle());
    const bare: number[] = [];
    const skein: number[] = [];
    // The first round warms both up.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const times = [
        Number(await page.run(`measured.bare(${JSON.stringify(server.url)}, ${ACK_BYTES})`)),
        await throughSkein(world, page, file),
      ] as const;
      if (round === 0) continue;
      bare.push(times[0]);
      skein.push(times[1]);
    }
    return { bare, skein };
  } finally {
    server.close();
    await page.close();
  }
};
