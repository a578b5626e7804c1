/**
 * JSON with what JSON.parse lets through and should not: values nested so deep that code which recurses over them
 * breaks, keys that come twice (two readers, two meanings), and `__proto__`. One pass over the bytes counts the
 * pairs, one over the value counts the keys: fewer keys than pairs means that one came twice.
 */

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Colons outside of strings. Only called with what JSON.parse has accepted. */
const pairs = (bytes: Uint8Array): number => {
  let count = 0;
  const end = bytes.length;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at];
    if (byte === COLON) {
      count++;
    } else if (byte === QUOTE) {
      at++;
      while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    }
  }
  return count;
};

const TOO_DEEP = -1;
const FORBIDDEN_KEY = -2;

/** The number of keys in a value; negative: a fault. Never deeper than `left`. */
const keys = (value: unknown, left: number): number => {
  if (typeof value !== "object" || value === null) return 0;
  if (left === 0) return TOO_DEEP;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) {
      const inside = keys(element, left - 1);
      if (inside < 0) return inside;
      count += inside;
    }
    return count;
  }
  for (const key in value) {
    if (key === "__proto__") return FORBIDDEN_KEY;
    const inside = keys((value as Record<string, unknown>)[key], left - 1);
    if (inside < 0) return inside;
    count += inside + 1;
  }
  return count;
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `trusted`: the bytes are known to be UTF-8 already. */
export const parseStrict = (bytes: Buffer, maxDepth: number, trusted = false): Parsed => {
  let value: unknown;
  try {
    value = JSON.parse(trusted ? bytes.toString("utf8") : decoder.decode(bytes));
  } catch {
    return { ok: false, fault: "it is not JSON" };
  }
  const count = keys(value, maxDepth);
  if (count === TOO_DEEP) return { ok: false, fault: `it is nested deeper than ${maxDepth}` };
  if (count === FORBIDDEN_KEY) return { ok: false, fault: "it has a key __proto__" };
  if (count !== pairs(bytes)) return { ok: false, fault: "a key comes twice in one object" };
  return { ok: true, value };
};
