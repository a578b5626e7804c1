/**
 * The first phase of a socket: nothing but a connect frame, small and soon; then the store is asked, and what comes
 * meanwhile waits, bounded. Ends in `enter`, once, or in a close.
 */
import type { Duplex } from "node:stream";
import type { Address, Admission, Entry } from "../admission.ts";
import type { Log } from "../log.ts";
import { problemOf } from "../problems.ts";
import type { Limits, ServerClock } from "../settings.ts";
import { parseStrict } from "../strict-json.ts";
import { errorText, gatewayError } from "./frames.ts";
import {
  deviceRequired,
  rateLimited,
  readHandshake,
  tokenMismatch,
  type Handshake,
} from "./handshake.ts";
import type { Line } from "./line.ts";

export type Origin = {
  readonly address: Address;
  readonly hasOrigin: boolean;
  /** Who the upgrade's own credential stands for; null when it had none. */
  readonly entry: (Entry & { ok: true }) | null;
};

export type Entered = {
  /** Of the connect request, which is still to be answered. */
  readonly id: string;
  readonly entry: Entry & { ok: true };
  /** null: all that was granted. */
  readonly asked: readonly string[] | null;
  /** Messages that came in one piece with the connect frame. */
  readonly backlog: readonly Buffer[];
};

export type EntranceDeps = {
  readonly admission: Admission;
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly log: Log;
};

type Failure = Handshake & { ok: false };

type Entrance = {
  take(data: Buffer): void;
  /** Answers the connect request with a failure and closes. */
  fail(failure: Failure): void;
  /** Gives its timer back. */
  end(): void;
};

const NORMAL = 1000;
const POLICY = 1008;
const TOO_BIG = 1009;
const INTERNAL = 1011;

/** The frame's own token decides when there is one; else what the upgrade brought. */
const admit = async (
  admission: Admission,
  { address, entry: brought }: Origin,
  { id, token }: Handshake & { ok: true },
): Promise<(Entry & { ok: true }) | Failure> => {
  if (token === null && brought !== null) return brought;
  const locked = admission.locked(address);
  if (locked !== null) return rateLimited(id, locked.retryAfterMs);
  if (token === null) return deviceRequired(id);
  const entry = await admission.admit({ kind: "token", token }, address);
  if (entry.ok) return entry;
  return entry.why === "locked" ? rateLimited(id, entry.retryAfterMs) : tokenMismatch(id);
};

export const makeEntrance = (
  deps: EntranceDeps,
  line: Line,
  socket: Duplex,
  origin: Origin,
  enter: (entered: Entered) => void,
): Entrance => {
  const { admission, limits, log } = deps;
  const backlog: Buffer[] = [];
  let asking = false;
  let early = 0;

  const cancelSilence = deps.clock.after(limits.socketPreAuthMs, () =>
    line.close(POLICY, "handshake timeout"),
  );

  const countEarly = (chunk: Buffer): void => {
    early += chunk.length;
    if (early > limits.socketPreAuthBytes) line.close(TOO_BIG, "");
  };
  socket.on("data", countEarly);

  const end = (): void => {
    cancelSilence();
    socket.off("data", countEarly);
  };

  const fail = (failure: Failure): void => {
    if (failure.id !== null) line.text(errorText(failure.id, failure.error));
    const code = failure.error.details?.["code"] ?? failure.error.code;
    log.info({ from: origin.address ?? "unix", code }, "socket refused");
    line.close(failure.close, failure.error.message);
  };

  const decide = async (shake: Handshake & { ok: true }): Promise<void> => {
    const entry = await admit(admission, origin, shake);
    if (line.closed) return;
    if (!entry.ok) return fail(entry);
    end();
    enter({ id: shake.id, entry, asked: shake.scopes, backlog });
  };

  const first = (data: Buffer): void => {
    if (data.length > limits.socketPreAuthBytes) return line.close(TOO_BIG, "");
    const parsed = parseStrict(data, limits.jsonDepth, true);
    if (!parsed.ok) return line.close(NORMAL, "");
    const shake = readHandshake(parsed.value, origin.hasOrigin);
    if (!shake.ok) return fail(shake);
    asking = true;
    line.pause();
    decide(shake).catch((error: unknown) => {
      const made = gatewayError(problemOf(error, false, "connect", log));
      fail({ ok: false, id: shake.id, error: made, close: INTERNAL });
    });
  };

  return {
    take: (data) => {
      if (!asking) return first(data);
      backlog.push(data);
      if (backlog.length > limits.socketInFlight) {
        line.close(POLICY, "too many requests before hello-ok");
      }
    },
    fail,
    end,
  };
};
