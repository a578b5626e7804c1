/** The WebSocket of a terminal, over the unix socket or TCP, as the rest of the command line reaches the daemon. */
import { isRefusal } from "@skein/contract/light";
import { outputOf } from "@skein/client/light";
import type { OpenTerminalSocket, TerminalSocketEvent } from "@skein/client/terminal";
import type { Problem } from "@skein/contract";
import { WebSocket } from "ws";
import type { Place } from "../place.ts";

const MAX_BODY = 64 * 1024;

const addressOf = (place: Place, path: string): string => {
  if (place.kind === "socket") return `ws+unix:${place.socketPath}:${path}`;
  const { protocol, host, pathname } = place.url;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${pathname.replace(/\/$/, "")}${path}`;
};

/** What the daemon says when it lets nobody in: an answer instead of an upgrade. */
const problemOf = (status: number, body: string): Problem | undefined => {
  try {
    outputOf(status, body);
  } catch (error) {
    if (isRefusal(error)) return error.problem;
  }
  return undefined;
};

export const terminalSocket =
  (place: Place, path: string): OpenTerminalSocket =>
  (query) => {
    const socket = new WebSocket(addressOf(place, `${path}${query}`), {
      headers: {
        ...(place.kind === "socket" ? { host: "localhost" } : {}),
        ...(place.token === undefined ? {} : { authorization: `Bearer ${place.token}` }),
      },
      perMessageDeflate: false,
      maxPayload: 32 * 1024 * 1024,
    });
    const onError: ((event: TerminalSocketEvent) => void)[] = [];
    const onClose: ((event: TerminalSocketEvent) => void)[] = [];
    let refused = false;
    socket.on("unexpected-response", (_request, response) => {
      refused = true;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += body.length < MAX_BODY ? part : ""));
      response.on("close", () => {
        const problem = problemOf(response.statusCode ?? 0, body);
        for (const tell of onError) tell(problem === undefined ? {} : { problem });
        for (const tell of onClose) tell({ code: 1006 });
      });
    });
    socket.on("error", () => undefined);
    return {
      set binaryType(type: string) {
        socket.binaryType = type as "arraybuffer";
      },
      get binaryType() {
        return socket.binaryType;
      },
      addEventListener: (type, listener) => {
        if (type === "error") onError.push(listener);
        else if (type === "close") {
          onClose.push(listener);
          socket.on("close", (code) => void (refused || listener({ code })));
        } else if (type === "message") {
          socket.on("message", (data, isBinary) =>
            listener({ data: isBinary ? data : (data as unknown as Buffer).toString() }),
          );
        } else socket.on("open", () => listener({}));
      },
      send: (data) => void (socket.readyState === WebSocket.OPEN && socket.send(data)),
      close: (code, reason) => {
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
        else socket.close(code, reason);
      },
    };
  };
