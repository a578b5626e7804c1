import { describe, expect, test } from "vitest";
import { crossings, importsOf, type House } from "./walls.ts";

const ours = (folder: string, declared: string[], doors: Record<string, string> = {}) =>
  [
    `@skein/${folder}`,
    {
      folder: `packages/${folder}`,
      declared,
      doors: new Map(
        Object.entries({ [`@skein/${folder}`]: `packages/${folder}/src/index.ts`, ...doors }),
      ),
    },
  ] as const;

const house: House = {
  testTools: ["vitest", "fast-check"],
  packages: new Map([
    ours("contract", ["zod"]),
    ours("core", ["@skein/contract"], { "@skein/core/views": "packages/core/src/views/index.ts" }),
    ours("sdk", ["@skein/contract", "ws"], {
      "@skein/sdk/testkit": "packages/sdk/src/testkit/index.ts",
    }),
    ours("adapters", ["@skein/contract", "@skein/sdk", "ws"]),
    ours("client", ["@skein/contract", "@skein/core"]),
    ours("daemon", ["@skein/contract", "@skein/core", "@skein/sdk", "@skein/adapters", "hono"]),
    ours("cli", ["@skein/contract", "@skein/client", "@skein/daemon", "commander"]),
  ]),
};

const judge = (path: string, text: string) =>
  crossings({ path: `packages/${path}`, text }, house).map(({ what }) => what);

describe("every kind of import is seen", () => {
  test.each([
    [`import { a } from "./a.ts";`, "static"],
    [`import "./a.ts";`, "static"],
    [`import type { A } from "./a.ts";`, "type"],
    [`export { a } from "./a.ts";`, "static"],
    [`export * from "./a.ts";`, "static"],
    [`export type { A } from "./a.ts";`, "type"],
    [`type A = import("./a.ts").A;`, "type"],
    [`const a = await import("./a.ts");`, "dynamic"],
  ])("%s", (text, kind) => {
    expect(importsOf({ path: "x.ts", text })).toEqual([{ specifier: "./a.ts", line: 1, kind }]);
  });

  test("with its line", () => {
    expect(importsOf({ path: "x.ts", text: `// one\n\nimport "zod";` })[0]?.line).toBe(3);
  });

  test("words in strings and comments are none", () => {
    expect(importsOf({ path: "x.ts", text: `// import "a"\nconst s = 'import "b"';` })).toEqual([]);
  });
});

describe("walls that hold", () => {
  test.each([
    ["contract/src/a.ts", `import { readFile } from "node:fs";`],
    ["contract/src/a.ts", `import "hono";`],
    ["contract/src/a.ts", `import "@skein/core";`],
    ["core/src/a.ts", `import "node:crypto";`],
    ["core/src/a.ts", `import type { Host } from "@skein/sdk";`],
    ["core/src/a.ts", `import "zod";`],
    ["sdk/src/a.ts", `import "@skein/core";`],
    ["sdk/src/a.ts", `import "node:fs";`],
    ["sdk/src/testkit/a.ts", `import "@skein/daemon";`],
    ["adapters/src/agents/codex/a.ts", `import "../claude-code/wire.ts";`],
    ["adapters/src/agents/lines/a.ts", `import "../codex/wire.ts";`],
    ["adapters/src/agents/lines/a.ts", `import "node:fs";`],
    ["adapters/src/agents/codex/a.ts", `import "@skein/core";`],
    ["adapters/src/agents/codex/a.ts", `const d = await import("@skein/daemon");`],
    ["client/src/a.ts", `import "node:net";`],
    ["client/src/a.ts", `import "@skein/sdk";`],
    ["client/src/a.ts", `import "@skein/core";`],
    ["daemon/src/engine/a.ts", `import "../store/sqlite.ts";`],
    ["daemon/src/engine/a.ts", `import "@skein/adapters";`],
    ["daemon/src/engine/a.ts", `import "@skein/sdk";`],
    ["daemon/src/engine/ports.ts", `import "./lane.ts";`],
    ["daemon/src/store/a.ts", `import "../engine/lane.ts";`],
    ["daemon/src/store/a.ts", `import type { F } from "../feed/queue.ts";`],
    ["daemon/src/server/a.ts", `import "../store/sqlite.ts";`],
    ["daemon/src/operations/a.ts", `import "../server/guard.ts";`],
    ["daemon/src/operations/a.ts", `import "@skein/adapters";`],
    ["daemon/src/failpoint.ts", `import "./engine/lane.ts";`],
    ["daemon/src/server/a.ts", `import "../main.ts";`],
    ["cli/src/a.ts", `import { up } from "@skein/daemon";`],
    ["cli/src/a.ts", `import type { Up } from "@skein/daemon";`],
    ["cli/src/a.ts", `import { a } from "../../contract/src/event.ts";`],
    ["cli/src/a.ts", `import { a } from "@skein/contract/src/event.ts";`],
    ["cli/src/a.ts", `import "picocolors";`],
    ["cli/src/a.ts", `import "../../../scripts/bundle.ts";`],
    ["cli/src/a.ts", `import "vitest";`],
    ["sdk/src/a.ts", `import "./testkit/index.ts";`],
    ["daemon/src/attic/a.ts", ``],
  ])("%s: %s", (path, text) => expect(judge(path, text)).toHaveLength(1));
});

describe("doors that are open", () => {
  test.each([
    ["contract/src/a.ts", `import { z } from "zod"; import "./event.ts";`],
    ["contract/src/schema/write.ts", `import "node:fs"; import "../index.ts";`],
    ["core/src/session/a.ts", `import "@skein/contract"; import "../task/view.ts";`],
    ["sdk/src/testkit/a.ts", `import "node:net"; import "ws"; import "../driver.ts";`],
    ["adapters/src/index.ts", `import "./agents/codex/driver.ts"; import "./hosts/local/host.ts";`],
    [
      "adapters/src/agents/codex/a.ts",
      `import "./wire.ts"; import "@skein/sdk"; import "ws"; import "node:fs";`,
    ],
    ["adapters/src/agents/codex/a.ts", `import "../lines/step.ts"; import "../hunk.ts";`],
    ["client/src/a.ts", `import "@skein/contract"; import "@skein/core/views";`],
    [
      "daemon/src/engine/a.ts",
      `import "./ports.ts"; import "@skein/core"; import "../failpoint.ts";`,
    ],
    ["daemon/src/store/a.ts", `import "../engine/ports.ts"; import "node:sqlite";`],
    ["daemon/src/server/a.ts", `import "hono"; import type { Watch } from "../feed/ports.ts";`],
    ["daemon/src/operations/a.ts", `import "@skein/core"; import type { D } from "@skein/sdk";`],
    [
      "daemon/src/main.ts",
      `import "./store/sqlite.ts"; import "./server/http.ts"; import "@skein/adapters";`,
    ],
    [
      "cli/src/a.ts",
      `import "commander"; import "@skein/client"; const d = await import("@skein/daemon");`,
    ],
    ["core/src/a.test.ts", `import "vitest"; import "fast-check"; import "node:fs";`],
    ["adapters/src/agents/codex/a.test.ts", `import { llm } from "@skein/sdk/testkit";`],
  ])("%s: %s", (path, text) => expect(judge(path, text)).toEqual([]));
});
