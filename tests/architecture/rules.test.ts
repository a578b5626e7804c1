import { describe, expect, test } from "vitest";
import * as house from "./house.ts";

const at = (path: string, text: string) => ({ path, text });
const code = (text: string) => at("packages/core/src/a.ts", text);

describe("each rule of the house can fail", () => {
  test("length", () => {
    expect(house.tooLong(code("x\n".repeat(801)))).toHaveLength(1);
    expect(house.tooLong(code("x\n".repeat(800)))).toEqual([]);
    expect(
      house.tooLong(at("packages/adapters/src/agents/codex/generated/t.ts", "x\n".repeat(9000))),
    ).toEqual([]);
  });

  test("lengths of all files", () => {
    const counts = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(house.lengths(counts)).toEqual({ median: 51, p95: 96 });
    expect(house.lengths([])).toEqual({ median: 0, p95: 0 });
  });

  test("any", () => {
    expect(house.usesAny(code(`const a: any = 1; const b = a as any[];`))).toHaveLength(2);
    expect(house.usesAny(code(`const any = 1; // any`))).toEqual([]);
  });

  test("silenced types", () => {
    expect(
      house.silencesTypes(code(`// @ts-ignore\nconst a = 1;\n/* @ts-nocheck */`)),
    ).toHaveLength(2);
    expect(house.silencesTypes(code(`const a = "@ts-ignore";`))).toEqual([]);
  });

  test("default export", () => {
    expect(house.exportsDefault(code(`export default 1;`))).toHaveLength(1);
    expect(house.exportsDefault(code(`const a = 1; export { a as default };`))).toHaveLength(1);
    expect(house.exportsDefault(at("vitest.config.ts", `export default {};`))).toEqual([]);
  });

  test.each([
    `test.skip("x", () => {});`,
    `it.only("x", () => {});`,
    `describe.skipIf(true)("x", () => {});`,
    `test.each([1]).skip("x", () => {});`,
    `test.todo("x");`,
    `test("x", (context) => context.skip());`,
  ])("passed over: %s", (text) => expect(house.passesOver(code(text))).toHaveLength(1));

  test("reading on is not passing over", () => {
    expect(
      house.passesOver(code(`reader.skip(4); queue.only; test.each([1])("x", () => {});`)),
    ).toEqual([]);
  });

  test.each([
    "const sessionManager = 1;",
    "class TokenService {}",
    "type Utils = 1;",
    "const sendV2 = () => 1;",
  ])("empty name: %s", (text) => expect(house.emptyNames(code(text))).toHaveLength(1));

  test("names that say something", () => {
    expect(
      house.emptyNames(
        code(`const serviceTier = 1; const ipV4Address = 2; type Common = { x: 1 };`),
      ),
    ).toHaveLength(1);
  });

  test.each([
    "packages/core/src/utils/a.ts",
    "packages/core/src/helpers.ts",
    "packages/core/src/common.test.ts",
  ])("empty file name: %s", (path) => expect(house.emptyFileNames({ path })).toHaveLength(1));

  test("file names that say something", () => {
    expect(house.emptyFileNames({ path: "packages/cli/src/verbs/serve.ts" })).toEqual([]);
  });

  test("surroundings", () => {
    for (const text of [
      `const a = process.env.HOME;`,
      `const a = process.argv;`,
      `import { env } from "node:process";`,
    ]) {
      expect(house.readsSurroundings(code(text))).toHaveLength(1);
      expect(house.readsSurroundings(at("packages/daemon/src/main.ts", text))).toEqual([]);
      expect(
        house.readsSurroundings(at("packages/sdk/src/testkit/fake-agent/main.ts", text)),
      ).toEqual([]);
      expect(
        house.readsSurroundings(at("packages/adapters/src/agents/codex/main.ts", text)),
      ).toHaveLength(1);
    }
    expect(house.readsSurroundings(code(`const pid = process.pid;`))).toEqual([]);
  });

  test("a machine's folders", () => {
    const scratch = ["", "var", "tmp", "x"].join("/");
    const desk = ["", "work", "x"].join("/");
    expect(
      house.namesWorkplace(code(`const a = "${scratch}";\nconst b = \`${desk}\`;`), "/nowhere"),
    ).toHaveLength(2);
    expect(
      house.namesWorkplace(code(`// see /srv/me/skein/README.md`), "/srv/me/skein"),
    ).toHaveLength(1);
    expect(
      house.namesWorkplace(code(`const a = "./work/x"; // https://example.org/work/x`), "/nowhere"),
    ).toEqual([]);
  });
});
