/** All sockets: how they are let in, and how they end. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Address } from "../admission.ts";
import { entryAnswer, refuseSocket } from "../answer.ts";
import { refused, type Admitted } from "../guard.ts";
import type { AcceptUpgrade } from "../http.ts";
import { problemOf } from "../problems.ts";
import { serveConnection, type Connection, type ConnectionDeps } from "./connection.ts";
import type { Origin } from "./entrance.ts";
import { makeTurn } from "./outbox.ts";
import { startPulse } from "./pulse.ts";

type Gateway = {
  readonly accept: AcceptUpgrade;
  /** Tells all of them that the daemon stops. */
  shutdown(reason: string): void;
  /** Closes all with 1001; cuts off who does not answer. */
  close(): void;
};

const GOING_AWAY = 1001;

const full = refused(
  503,
  "overloaded",
  "Too many connections are waiting to log in.",
  "Try again in a few seconds, or send the token with the upgrade.",
  { "retry-after": "5" },
);

const stopping = refused(
  503,
  "shutting_down",
  "The daemon is stopping.",
  "Try again in a few seconds.",
);

/** How many sockets have not said yet who they are. A place is given back once: when its socket is known, or gone. */
const makeWaitingRoom = (most: number) => {
  let waiting = 0;
  return {
    /** null: full. */
    enter: (): (() => void) | null => {
      if (waiting >= most) return null;
      waiting += 1;
      let inside = true;
      return () => {
        if (inside) waiting -= 1;
        inside = false;
      };
    },
  };
};

const nowhere = (): void => {};

export const makeGateway = (given: Omit<ConnectionDeps, "turn">): Gateway => {
  const deps: ConnectionDeps = { ...given, turn: makeTurn() };
  const { admission, clock, limits, work, log } = deps;
  const connections = new Set<Connection>();
  const waitingRoom = makeWaitingRoom(limits.unauthenticatedConnections);
  const stopPulse = startPulse({ clock, everyMs: limits.tickIntervalMs, log }, connections);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.socketFrameBytes,
  });

  const begin = (incoming: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void => {
    const settled = origin.entry === null ? waitingRoom.enter() : nowhere;
    if (settled === null) return refuseSocket(socket, full);
    // ws answers a malformed upgrade by itself, without calling back: the place is given back here then.
    socket.once("close", settled);
    server.handleUpgrade(incoming, socket, head, (websocket) => {
      const connection: Connection = serveConnection(deps, websocket, socket, origin, {
        admitted: settled,
        left: () => {
          connections.delete(connection);
        },
      });
      connections.add(connection);
    });
  };

  const admit = async (
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { credential, fromOwnPage: hasOrigin }: Admitted,
    address: Address,
  ): Promise<void> => {
    if (work.stopping) return refuseSocket(socket, stopping);
    if (credential.kind === "none") {
      // The connect frame brings the token; but not from an address that is locked out.
      const locked = admission.locked(address);
      if (locked !== null) return refuseSocket(socket, entryAnswer(locked));
      return begin(incoming, socket, head, { address, hasOrigin, entry: null });
    }
    const entry = await admission.admit(credential, address);
    if (!entry.ok) return refuseSocket(socket, entryAnswer(entry));
    if (socket.destroyed) return;
    if (work.stopping) return refuseSocket(socket, stopping);
    begin(incoming, socket, head, { address, hasOrigin, entry });
  };

  return {
    accept: (incoming, socket, head, admitted, address) => {
      admit(incoming, socket, head, admitted, address).catch((error: unknown) => {
        const value = problemOf(error, false, "upgrade", log);
        refuseSocket(socket, { status: 500, problem: value, headers: {} });
      });
    },
    shutdown: (reason) => {
      for (const connection of connections) connection.shutdown(reason);
    },
    close: () => {
      stopPulse();
      for (const connection of connections) connection.close(GOING_AWAY, "the daemon stops");
      server.close();
    },
  };
};
