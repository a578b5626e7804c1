/** What the server is started with, and the measures it lives by. */
import { LIMITS } from "@skein/contract";
import type { Authenticate, OpenTerminal, OpenWatch, Operate } from "./ports.ts";
import type { Log } from "./log.ts";

/** Every limit of the house; a test turns single ones down so that it need not wait for the real ones. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };

export const limitsWith = (changed: Partial<Limits> = {}): Limits => ({ ...LIMITS, ...changed });

/** Time as the server needs it; the sdk's Clock is one. Timers never keep the process alive. */
export type ServerClock = {
  now(): number;
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
};

export type ServerOptions = {
  /** 0: any free one. */
  readonly port: number;
  /** A loopback address; anything else is refused. Default: 127.0.0.1. */
  readonly host?: string;
  /** At most LIMITS.socketPathBytes; its folder is made 0700. */
  readonly socketPath: string;
  readonly version: string;
  readonly operate: Operate;
  readonly authenticate: Authenticate;
  readonly openWatch: OpenWatch;
  readonly openTerminal: OpenTerminal;
  /** Whether operations can be answered now, those that write too; what /ready says. */
  readonly ready?: () => boolean;
  /** Called by close() once nothing new is accepted: tells every watcher where to resume (the feed's close). */
  readonly endWatches?: () => Promise<void>;
  readonly log: Log;
  readonly clock: ServerClock;
  /** `name:port` beyond the loopback names on the own port. */
  readonly allowedHosts?: readonly string[];
  /** `scheme://name:port` beyond the own ones. */
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Partial<Limits>;
};
