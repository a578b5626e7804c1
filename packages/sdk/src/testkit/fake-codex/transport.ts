/** The two ways to a fake app-server: lines on stdio, and WebSocket on a unix socket. */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { WebSocketServer, type WebSocket } from "ws";
import type { FakeServer } from "./server.ts";
import type { Client } from "./wire.ts";

export const serveStdio = async (
  server: FakeServer,
  streams: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
): Promise<void> => {
  const client: Client = {
    initialized: false,
    send: (message) => void streams.output.write(`${JSON.stringify(message)}\n`),
  };
  for await (const line of createInterface({ input: streams.input })) server.hear(client, line);
};

/** Whether someone listens there. What is left of a server that was killed is removed. */
const isTaken = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  } finally {
    socket.destroy();
  }
};

/** Rejects when the socket is in use. `hangUp` ends all connections, and nothing else. */
export const serveSocket = async (
  server: FakeServer,
  path: string,
): Promise<{ hangUp(): void; close(): void }> => {
  if (await isTaken(path))
    throw new Error(`app-server control socket is already in use at ${path}`);
  const http = createServer();
  const sockets = new Set<WebSocket>();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  wss.on("connection", (ws) => {
    const client: Client = {
      initialized: false,
      send: (message) => ws.send(JSON.stringify(message)),
    };
    sockets.add(ws);
    ws.on("message", (data: Buffer) => server.hear(client, data.toString("utf8")));
    ws.on("close", () => {
      sockets.delete(ws);
      server.gone(client);
    });
  });
  http.listen(path);
  await once(http, "listening");
  return {
    hangUp: () => {
      for (const ws of sockets) ws.terminate();
    },
    close: () => {
      for (const ws of sockets) ws.terminate();
      http.close();
      rmSync(path, { force: true });
    },
  };
};
