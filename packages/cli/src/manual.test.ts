import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manual, routesText } from "./index.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("docs/cli.md says what the program's help says (else: node packages/cli/src/write.ts)", async () => {
  expect(await manual()).toBe(read("../../../docs/cli.md"));
});

test("the routes are those of the contract (else: node packages/cli/src/write.ts)", () => {
  expect(routesText()).toBe(read("generated/routes.ts"));
});
