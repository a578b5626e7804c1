import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { systemClock } from "@skein/sdk";
import { connect } from "./rpc.ts";

test("it is told who calls, and nothing is passed over when the connection is gone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-rpc-"));
  const socket = join(folder, "socket");
  const http = createServer();
  const heard: { method?: string; id?: number; params?: unknown }[] = [];
  const sockets = new WebSocketServer({ server: http }).on("connection", (each) =>
    each.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as (typeof heard)[number];
      heard.push(frame);
      if (frame.id !== undefined) each.send(JSON.stringify({ id: frame.id, result: {} }));
    }),
  );
  http.listen(socket);
  await once(http, "listening");
  try {
    const hearer = { notification: () => undefined, request: () => undefined };
    const rpc = await connect(socket, {
      clock: systemClock,
      hearer,
      timeoutMs: 5_000,
      version: "7.8.9",
    });
    expect(heard[0]).toMatchObject({ params: { clientInfo: { name: "skein", version: "7.8.9" } } });
    for (const each of sockets.clients) each.terminate();
    await rpc.closed;
    const failure = expect.objectContaining({ code: "backend_unavailable", retryable: true });
    const gone = { failure };
    expect(() => rpc.respond(0, {})).toThrow(expect.objectContaining(gone));
    expect(() => rpc.refuse(0, { code: 1, message: "" })).toThrow(expect.objectContaining(gone));
    await expect(rpc.call("any", {}, { timeoutMs: 5_000 })).rejects.toMatchObject(gone);
  } finally {
    sockets.close();
    http.close();
    rmSync(folder, { recursive: true });
  }
});
