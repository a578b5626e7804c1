import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { findOperation, operationNames, operations, type Operation } from "../index.ts";
import { contractSchema, contractSchemaText } from "./build.ts";

const all = operationNames.map((name) => [name, operations[name] as Operation] as const);
const pathParameters = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);

test("the committed schema is that of the contract (after a change on purpose: npm run schema)", () => {
  const committed = readFileSync(new URL("./generated/schema.json", import.meta.url), "utf8");
  expect(
    committed === contractSchemaText(),
    "The contract has drifted from its committed schema. If that was on purpose, run: npm run schema",
  ).toBe(true);
});

test("every reference in the schema leads to a definition", () => {
  const schema = contractSchema();
  const references = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(20);
  for (const [, name] of references) expect(Object.keys(schema.$defs)).toContain(name);
});

test("no definition of one name hides another of the same name", () => {
  // The session view is the same wherever it appears; its input form, if there ever is one, is told apart.
  const { $defs } = contractSchema();
  expect($defs["Session"]).toBeDefined();
  expect(Object.keys($defs).filter((name) => name.endsWith(".input.input"))).toEqual([]);
});

describe.each(all)("%s", (name, operation) => {
  test("is found under its own name", () => {
    expect(operation.name).toBe(name);
    expect(findOperation(name)).toBe(operation);
  });

  test("has an example that its input accepts", () => {
    expect(operation.input.safeParse(operation.example).error).toBeUndefined();
  });

  test("takes what its path names, refuses what it does not know", () => {
    const { input } = operation;
    if (!(input instanceof z.ZodObject)) throw new Error("an input must be an object");
    for (const parameter of pathParameters(operation.http.path)) {
      expect(Object.keys(input.shape)).toContain(parameter);
    }
    const strange = { ...(operation.example as object), strange: 1 };
    expect(input.safeParse(strange).success).toBe(false);
  });

  test("changes nothing when it is asked for with GET", () => {
    expect(operation.kind === "write" && operation.http.method === "GET").toBe(false);
  });
});

test("no two operations share a method and a path, whatever their parameters are called", () => {
  const places = all.map(
    ([, { http }]) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, "{}")}`,
  );
  expect(new Set(places).size).toBe(places.length);
});

test("a name that only every object has is no operation", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(findOperation(name)).toBeUndefined();
  }
});
