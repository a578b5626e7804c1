/**
 * How a browser comes in: a one-time code in a link becomes a cookie, whose other half is kept here, hashed. Both
 * are 256 bit, both tables are bounded, and a restart of the daemon logs every browser out.
 */
import { hash, randomBytes } from "node:crypto";
import { Scope } from "@skein/contract";
import type { Caller } from "./ports.ts";
import type { ServerClock } from "./settings.ts";

export type Logins = {
  /** A new code, for one use. */
  offer(): { readonly code: string; readonly expiresAt: number };
  /** The cookie's value for a good code, always a fresh one; null for any other. A code is gone once it was shown. */
  redeem(code: string): string | null;
  /** Who a cookie stands for; null when nobody (any more). */
  caller(cookie: string): Caller | null;
  /** Ends the login of a cookie; gives the id under which its live connections run. */
  end(cookie: string): string | null;
};

const MAX_CODES = 32;
const MAX_BROWSERS = 1_000;

const secret = (): string => randomBytes(32).toString("base64url");
const digest = (value: string): string => hash("sha256", value, "hex");

/** Puts an entry in; the oldest goes when the table is full. */
const keep = <T>(table: Map<string, T>, key: string, value: T, most: number): void => {
  table.set(key, value);
  if (table.size > most) table.delete(table.keys().next().value as string);
};

export const makeLogins = (deps: {
  readonly clock: ServerClock;
  readonly codeMs: number;
  readonly cookieMs: number;
}): Logins => {
  const { clock } = deps;
  const codes = new Map<string, number>();
  const browsers = new Map<string, { readonly id: string; readonly until: number }>();

  return {
    offer: () => {
      const code = secret();
      keep(codes, digest(code), clock.monotonic() + deps.codeMs, MAX_CODES);
      return { code, expiresAt: clock.now() + deps.codeMs };
    },
    redeem: (code) => {
      const key = digest(code);
      const until = codes.get(key);
      codes.delete(key);
      if (until === undefined || until <= clock.monotonic()) return null;
      const cookie = secret();
      const id = `browser_${randomBytes(8).toString("hex")}`;
      keep(
        browsers,
        digest(cookie),
        { id, until: clock.monotonic() + deps.cookieMs },
        MAX_BROWSERS,
      );
      return cookie;
    },
    caller: (cookie) => {
      const key = digest(cookie);
      const entry = browsers.get(key);
      if (entry === undefined) return null;
      if (entry.until <= clock.monotonic()) {
        browsers.delete(key);
        return null;
      }
      return { actor: "browser", scopes: [...Scope.options], sessions: "all", token: entry.id };
    },
    end: (cookie) => {
      const key = digest(cookie);
      const entry = browsers.get(key);
      browsers.delete(key);
      return entry?.id ?? null;
    },
  };
};
