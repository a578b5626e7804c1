/**
 * Who a credential stands for. The same work is done for every token, whatever it looks like: hash it, look the
 * hash up. Failures are counted by address; the unix socket has none and is never locked.
 */
import { hash } from "node:crypto";
import { Scope, problem, type Problem } from "@skein/contract";
import type { Credential } from "./guard.ts";
import type { Lockout } from "./lockout.ts";
import type { Logins } from "./login.ts";
import type { Authenticate, Caller } from "./ports.ts";

export type Entry =
  | { readonly ok: true; readonly caller: Caller; readonly recheck: () => Promise<boolean> }
  | {
      readonly ok: false;
      readonly why: "missing" | "wrong" | "locked";
      readonly status: number;
      readonly problem: Problem;
      readonly retryAfterMs: number;
    };

/** null: the unix socket. */
export type Address = string | null;

export type Admission = {
  /** Rejects when the store cannot be read; nothing is counted then. */
  admit(credential: Credential, address: Address): Promise<Entry>;
  /** A login code became a cookie's value, or counts as a failure. */
  redeem(code: string, address: Address): { readonly cookie: string } | (Entry & { ok: false });
  /** How long the address is locked out; null when it is not. */
  locked(address: Address): (Entry & { ok: false }) | null;
};

const LOCAL: Caller = {
  actor: "local",
  scopes: [...Scope.options],
  sessions: "all",
  token: null,
};

const missing: Entry & { ok: false } = {
  ok: false,
  why: "missing",
  status: 401,
  retryAfterMs: 0,
  problem: problem(
    "unauthenticated",
    "This needs a token.",
    "Create one with `skein token create` and send it in the header authorization: Bearer ….",
  ),
};

const wrong: Entry & { ok: false } = {
  ok: false,
  why: "wrong",
  status: 401,
  retryAfterMs: 0,
  problem: problem(
    "unauthenticated",
    "That token or login is not valid, has expired or was revoked.",
    "Create a token with `skein token create`, or a login link with `skein call system.loginLink`.",
  ),
};

const lockedOut = (retryAfterMs: number): Entry & { ok: false } => ({
  ok: false,
  why: "locked",
  status: 429,
  retryAfterMs,
  problem: problem(
    "locked_out",
    "Too many failed attempts came from this address.",
    `Try again in ${Math.ceil(retryAfterMs / 1000)} seconds; the unix socket works meanwhile.`,
    { retryAfterMs },
  ),
});

const always = async (): Promise<boolean> => true;

export const makeAdmission = (deps: {
  readonly authenticate: Authenticate;
  readonly logins: Logins;
  readonly lockout: Lockout;
}): Admission => {
  const { authenticate, logins, lockout } = deps;

  const locked = (address: Address): (Entry & { ok: false }) | null => {
    const ms = address === null ? 0 : lockout.lockedFor(address);
    return ms > 0 ? lockedOut(ms) : null;
  };

  const fail = (address: Address, seen?: string): Entry & { ok: false } => {
    if (address !== null) lockout.failed(address, seen);
    return wrong;
  };

  const byToken = async (token: string, address: Address): Promise<Entry> => {
    const secretHash = hash("sha256", token, "hex");
    const caller = await authenticate(secretHash);
    // Guesses sent side by side end with the tenth failure, also those that were already under way.
    const shut = locked(address);
    if (shut !== null) return shut;
    if (caller === null || token === "") return fail(address);
    return { ok: true, caller, recheck: async () => (await authenticate(secretHash)) !== null };
  };

  const byCookie = (value: string, address: Address): Entry => {
    const caller = logins.caller(value);
    if (caller === null) return fail(address, hash("sha256", value, "hex"));
    return { ok: true, caller, recheck: async () => logins.caller(value) !== null };
  };

  return {
    locked,
    admit: async (credential, address) => {
      if (credential.kind === "local") return { ok: true, caller: LOCAL, recheck: always };
      const shut = locked(address);
      if (shut !== null) return shut;
      switch (credential.kind) {
        case "token":
          return byToken(credential.token, address);
        case "cookie":
          return byCookie(credential.value, address);
        case "none":
          return missing;
      }
    },
    redeem: (code, address) => {
      const shut = locked(address);
      if (shut !== null) return shut;
      const cookie = logins.redeem(code);
      return cookie === null ? fail(address) : { cookie };
    },
  };
};
