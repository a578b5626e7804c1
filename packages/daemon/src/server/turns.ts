/**
 * Requests that one connection sends without waiting for answers (HTTP/1.1 pipelining) take turns with everybody
 * else's: so many are under way at once, the others wait, and nothing more is read meanwhile.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Runs `run` now or when its turn comes. What waits is what one read from the socket held, at most. */
type TakeTurn = (socket: Socket, outgoing: ServerResponse, run: () => void) => void;

const UNDER_WAY = 32;

type Line = { underWay: number; waiting: { outgoing: ServerResponse; run: () => void }[] };

export const makeTakeTurn = (): TakeTurn => {
  const lines = new WeakMap<Socket, Line>();

  const begin = (socket: Socket, line: Line, outgoing: ServerResponse, run: () => void): void => {
    // Its connection has ended while it waited, and with it all others of this line.
    if (outgoing.destroyed) return;
    line.underWay += 1;
    outgoing.once("close", () => {
      line.underWay -= 1;
      const next = line.waiting.shift();
      if (next === undefined) return;
      setImmediate(begin, socket, line, next.outgoing, next.run);
      // The last that waited may need the rest of its body.
      if (line.waiting.length === 0) socket.resume();
    });
    run();
  };

  return (socket, outgoing, run) => {
    const line = lines.get(socket) ?? { underWay: 0, waiting: [] };
    lines.set(socket, line);
    if (line.underWay < UNDER_WAY && line.waiting.length === 0) {
      return begin(socket, line, outgoing, run);
    }
    line.waiting.push({ outgoing, run });
    socket.pause();
  };
};
