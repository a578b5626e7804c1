import { describe, expect, test } from "vitest";
import { parseStrict } from "./strict-json.ts";

const parse = (text: string | Buffer) => parseStrict(Buffer.from(text as string), 8);

test.each([
  `{}`,
  `[]`,
  `"a:b"`,
  `{"a":{"b":[1,{"c":null}]}}`,
  `{"a:":":","\\"b\\":":"\\\\"}`,
  `{"\\u0061":1,"b":"}{:"}`,
  ` { "ä" : "😀:" } `,
  `{"a":[{"x":1},{"x":1}]}`,
])("%s is what JSON.parse makes of it", (text) => {
  expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
});

test.each([``, `{`, `nope`, `{"a":1}}`, `{'a':1}`, `\uFEFF{}`, `{"a":NaN}`])(
  "%j is no JSON",
  (text) => {
    expect(parse(text).ok).toBe(false);
  },
);

test("bytes that are no UTF-8 are refused, not replaced", () => {
  expect(parse(Buffer.from([0x22, 0xff, 0x22])).ok).toBe(false);
});

describe("a key that comes twice", () => {
  test.each([
    `{"a":1,"a":2}`,
    `{"a":1,"\\u0061":2}`,
    `[{"x":{"y":1,"z":2,"y":3}}]`,
    `{"scopes":["operator.read"],"scopes":["operator.admin"]}`,
  ])("%s", (text) => {
    expect(parse(text)).toEqual({ ok: false, fault: "a key comes twice in one object" });
  });
});

test.each([`{"__proto__":{"admin":true}}`, `{"a":[{"\\u005f_proto__":1}]}`])(
  "%s pollutes nothing",
  (text) => {
    expect(parse(text)).toEqual({ ok: false, fault: "it has a key __proto__" });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  },
);

test("depth is bounded, however deep it goes", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(parse(nested(8)).ok).toBe(true);
  for (const depth of [9, 10_000, 1_000_000]) {
    expect(parse(nested(depth))).toEqual({ ok: false, fault: "it is nested deeper than 8" });
  }
  expect(parse(`{"a":`.repeat(9) + "1" + "}".repeat(9)).ok).toBe(false);
});
