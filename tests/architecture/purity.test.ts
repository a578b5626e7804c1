import { expect, test } from "vitest";
import { impurities } from "./purity.ts";

const judge = (text: string) =>
  impurities({ path: "packages/core/src/a.ts", text }).map(({ what }) => what);

test.each([
  `const now = Date.now();`,
  `const now = new Date();`,
  `const now = Date();`,
  `const r = Math.random();`,
  `type Later = Promise<void>;`,
  `export const decide = async () => 1;`,
  `setTimeout(() => {}, 1);`,
  `const id = crypto.randomUUID();`,
  `const at = performance.now();`,
  `const home = process.env;`,
  `console.log("x");`,
])("refused in core: %s", (text) => expect(judge(text).length).toBeGreaterThan(0));

test.each([
  `const ms = Date.parse(instant);`,
  `const text = new Date(ms).toISOString();`,
  `const last = Math.max(1, 2);`,
  `const p = state.process;`,
  `const { process } = state; const q = process.pid;`,
  `const s = { process: "running" };`,
  `const f = (fetch: number) => fetch + 1;`,
])("allowed in core: %s", (text) => expect(judge(text)).toEqual([]));
