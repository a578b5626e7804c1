import { expect, test } from "vitest";
import { findOperation, operationNames, type Operation } from "@skein/contract";
import { openApi } from "./openapi.ts";

const description = openApi("1.2.3") as {
  openapi: string;
  info: { version: string };
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        parameters: { name: string; in: string }[];
        requestBody?: object;
        responses: Record<string, object>;
      }
    >
  >;
  components: { schemas: Record<string, object> };
};

test("every operation stands at its path, with its parameters and what it may answer", () => {
  for (const name of operationNames) {
    const { http, kind } = findOperation(name) as Operation;
    const entry = description.paths[http.path]?.[http.method.toLowerCase()];
    expect(entry?.operationId).toBe(name);
    const inPath = [...http.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const listed = entry?.parameters.filter((one) => one.in === "path").map((one) => one.name);
    expect(new Set(listed)).toEqual(new Set(inPath));
    expect(entry?.requestBody !== undefined).toBe(
      http.method === "POST" || http.method === "PATCH",
    );
    expect(Object.keys(entry?.responses ?? {})).toEqual(
      expect.arrayContaining(["200", "400", "401", "403"]),
    );
    const answer = JSON.stringify(entry?.responses["200"]);
    expect(answer.includes("text/event-stream")).toBe(kind === "stream");
  }
});

test("no reference leads nowhere, and none is left in the contract's own form", () => {
  const text = JSON.stringify(description);
  expect(text).not.toContain("#/$defs/");
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(Object.keys(description.components.schemas)).toContain(name);
  }
  expect(description.openapi).toBe("3.1.0");
  expect(description.info.version).toBe("1.2.3");
});
