import { describe, expect, test } from "vitest";
import { z } from "zod";
import { findOperation, operationNames, type Operation } from "@skein/contract";
import { makeReadQuery } from "./query.ts";

const read = makeReadQuery(
  z.strictObject({
    id: z.string(),
    limit: z.int().default(50),
    price: z.number().nullable().optional(),
    deleted: z.boolean().default(false),
    state: z.array(z.enum(["idle", "working"])).optional(),
    counts: z.array(z.number()).optional(),
    filter: z.strictObject({ live: z.boolean() }).optional(),
    text: z.string().optional(),
  }),
  ["id"],
);
const of = (query: string) => read(new URLSearchParams(query));

test.each<[string, object]>([
  ["", {}],
  ["limit=3", { limit: 3 }],
  ["price=-1.5", { price: -1.5 }],
  ["deleted=true", { deleted: true }],
  ["state=idle", { state: ["idle"] }],
  ["state=idle&state=working", { state: ["idle", "working"] }],
  ["counts=1&counts=2", { counts: [1, 2] }],
  [`filter=${encodeURIComponent('{"live":false}')}`, { filter: { live: false } }],
  ["text=true", { text: "true" }],
  ["text=1", { text: "1" }],
  ["text=", { text: "" }],
  ["text=a%26b%3Dc", { text: "a&b=c" }],
])("%s", (query, input) => {
  expect(of(query)).toEqual({ ok: true, input });
});

test.each([
  ["limit=", "limit: is not a number"],
  ["limit=0x10", "limit: is not a number"],
  ["limit=1e9", "limit: is not a number"],
  ["limit=Infinity", "limit: is not a number"],
  ["limit=1&limit=2", "limit: came more than once"],
  ["deleted=1", "deleted: is neither true nor false"],
  ["filter={", "filter: is not JSON"],
  [`filter=${encodeURIComponent('{"__proto__":{}}')}`, "filter: has a key __proto__"],
  ["id=other", "id: there is no such parameter"],
  ["nope=1", "nope: there is no such parameter"],
  ["__proto__=1", "__proto__: there is no such parameter"],
  ["Limit=1", "Limit: there is no such parameter"],
  ["state[]=idle", "state[]: there is no such parameter"],
])("%s: %s", (query, fault) => {
  expect(of(query)).toEqual({ ok: false, fault });
});

describe("every operation that takes its input from the query", () => {
  const all = operationNames
    .map((name) => findOperation(name) as Operation)
    .filter(({ http }) => http.method === "GET" || http.method === "DELETE");

  test.each(all.map((operation) => [operation.name, operation] as const))(
    "%s: its example survives the way through a query",
    (_, operation) => {
      const example = operation.example as Record<string, unknown>;
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries(example)) {
        for (const one of Array.isArray(value) ? value : [value]) {
          query.append(key, typeof one === "string" ? one : JSON.stringify(one));
        }
      }
      const result = makeReadQuery(operation.input, [])(query);
      expect(result).toEqual({ ok: true, input: example });
    },
  );
});
