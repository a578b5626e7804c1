import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { addressKey } from "./address.ts";
import { makeAdmission } from "./admission.ts";
import { makeLockout } from "./lockout.ts";
import { makeLogins } from "./login.ts";
import type { Caller } from "./ports.ts";
import { makeHands } from "./testkit/hands.ts";

const GOOD = "good-token";
const HERE = "127.0.0.1";
const me: Caller = { actor: "me", scopes: ["operator.read"], sessions: "all", token: "tok_1" };

const makeHouse = (authenticate?: (hash: string) => Promise<Caller | null>) => {
  const hands = makeHands();
  const lockout = makeLockout({ clock: hands, failures: 10, lockMs: 300_000 });
  const logins = makeLogins({ clock: hands, codeMs: 60_000, cookieMs: 86_400_000 });
  const asked: string[] = [];
  const admission = makeAdmission({
    lockout,
    logins,
    authenticate:
      authenticate ??
      (async (secretHash) => {
        asked.push(secretHash);
        return secretHash === hash("sha256", GOOD, "hex") ? me : null;
      }),
  });
  const byToken = (token: string, address: string | null = HERE) =>
    admission.admit({ kind: "token", token }, address);
  return { hands, logins, admission, asked, byToken };
};

const why = async (entry: Promise<{ ok: boolean; why?: string }>) => {
  const result = await entry;
  return result.ok ? "in" : result.why;
};

describe("ten failures", () => {
  test("lock an address out for five minutes, the right token included", async () => {
    const { byToken, hands } = makeHouse();
    for (let i = 0; i < 9; i++) expect(await why(byToken(`junk-${i}`))).toBe("wrong");
    expect(await why(byToken(GOOD))).toBe("in");
    expect(await why(byToken("junk"))).toBe("wrong");
    expect(await why(byToken(GOOD))).toBe("locked");
    expect(await why(byToken(GOOD, "10.0.0.2"))).toBe("in");
    hands.turn(299_999);
    expect(await why(byToken(GOOD))).toBe("locked");
    hands.turn(1);
    expect(await why(byToken(GOOD))).toBe("in");
  });

  test("of tokens, cookies and login codes are counted together", async () => {
    const { byToken, admission } = makeHouse();
    for (let i = 0; i < 4; i++) await byToken("junk");
    for (let i = 0; i < 3; i++) admission.redeem(`junk-${i}`, HERE);
    for (let i = 0; i < 3; i++) await admission.admit({ kind: "cookie", value: `junk-${i}` }, HERE);
    expect(await why(byToken(GOOD))).toBe("locked");
  });

  test("do not lock the unix socket, whatever is tried there", async () => {
    const { byToken, admission } = makeHouse();
    for (let i = 0; i < 30; i++) expect(await why(byToken("junk", null))).toBe("wrong");
    expect(await why(byToken(GOOD, null))).toBe("in");
    expect(await why(admission.admit({ kind: "local" }, null))).toBe("in");
  });

  test("are all that guesses sent side by side get, the right one among them", async () => {
    const answers: (() => void)[] = [];
    const { byToken } = makeHouse(
      (secretHash) =>
        new Promise((resolve) => {
          const caller = secretHash === hash("sha256", GOOD, "hex") ? me : null;
          answers.push(() => resolve(caller));
        }),
    );
    const guesses = Array.from({ length: 50 }, (_, i) =>
      why(byToken(i === 30 ? GOOD : `junk-${i}`)),
    );
    for (const answer of answers) answer();
    const results = await Promise.all(guesses);
    expect(results.filter((result) => result === "wrong")).toHaveLength(10);
    expect(results[30]).toBe("locked");
  });

  test("are not bought back by a success", async () => {
    const { byToken } = makeHouse();
    for (let i = 0; i < 10; i++) {
      await byToken("junk");
      await byToken(GOOD);
    }
    expect(await why(byToken(GOOD))).toBe("locked");
  });

  test("are not used up by a browser whose login has ended", async () => {
    const { admission } = makeHouse();
    for (let i = 0; i < 30; i++) {
      const entry = admission.admit({ kind: "cookie", value: "stale" }, HERE);
      expect(await why(entry)).toBe("wrong");
    }
  });

  test("are not counted when nothing was presented, or the store could not be read", async () => {
    const { admission } = makeHouse();
    for (let i = 0; i < 30; i++) {
      expect(await why(admission.admit({ kind: "none" }, HERE))).toBe("missing");
    }
    const broken = makeHouse(() => Promise.reject(new Error("disk")));
    for (let i = 0; i < 30; i++) await expect(broken.byToken("x")).rejects.toThrow("disk");
    expect(broken.admission.locked(HERE)).toBeNull();
  });
});

test("the table of failures is bounded", () => {
  const hands = makeHands();
  const lockout = makeLockout({ clock: hands, failures: 1, lockMs: 1_000 });
  for (let i = 0; i < 10_000; i++) lockout.failed(`10.0.${i >> 8}.${i & 255}`);
  expect(lockout.lockedFor("10.0.0.0")).toBe(0);
  expect(lockout.lockedFor("10.0.39.15")).toBe(1_000);
});

test("every token is hashed and looked up, whatever it looks like", async () => {
  const { byToken, asked } = makeHouse();
  const tokens = ["", "x", "null", "[]", "0", "\u0000", "x".repeat(1_000_000)];
  for (const token of tokens) expect(await why(byToken(token, null))).toBe("wrong");
  expect(asked).toEqual(tokens.map((token) => hash("sha256", token, "hex")));
});

test("an empty token stays wrong even when the store holds the hash of nothing", async () => {
  const { byToken } = makeHouse(async () => me);
  expect(await why(byToken("", null))).toBe("wrong");
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("failures of %s count for %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

describe("a login", () => {
  test("code is good once, for sixty seconds, and a new cookie each time", () => {
    const { logins, hands } = makeHouse();
    const { code, expiresAt } = logins.offer();
    expect(expiresAt - hands.now()).toBe(60_000);
    const cookie = logins.redeem(code) as string;
    expect(logins.caller(cookie)).toMatchObject({ actor: "browser" });
    expect(logins.redeem(code)).toBeNull();
    const late = logins.offer();
    hands.turn(60_000);
    expect(logins.redeem(late.code)).toBeNull();
    expect(logins.redeem(logins.offer().code)).not.toBe(cookie);
  });

  test("ends at logout, and by itself", () => {
    const { logins, hands } = makeHouse();
    const one = logins.redeem(logins.offer().code) as string;
    const two = logins.redeem(logins.offer().code) as string;
    const id = logins.caller(one)?.token;
    expect(logins.end(one)).toBe(id);
    expect(logins.caller(one)).toBeNull();
    expect(logins.caller(two)).not.toBeNull();
    hands.turn(86_400_000);
    expect(logins.caller(two)).toBeNull();
  });

  test("has no more than so many open codes", () => {
    const { logins } = makeHouse();
    const codes = Array.from({ length: 40 }, () => logins.offer().code);
    expect(logins.redeem(codes[0] as string)).toBeNull();
    expect(logins.redeem(codes[39] as string)).not.toBeNull();
  });
});
