/** What the quick verbs do not load. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { skein } from "./run-skein.ts";
import { startStub, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub(worldAnswers);
});
afterAll(() => daemon.close());

/** Refuses zod to whoever imports it: building the contract's schemas takes as long as all the rest of `skein list`. */
const withoutZod = () => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      if (name === "zod") throw new Error("zod is loaded by " + context.parentURL);
      return next(name, context);
    } });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
};

test.each([
  ["list"],
  ["status"],
  ["send", "fizz-top", "hi"],
  ["wait", "fizz-top"],
  ["ask", "fizz-top", "hi"],
])("skein %s loads no schemas", async (...words) => {
  const ran = await skein(words, { home: daemon.home, env: withoutZod() });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
});

test("and that would be seen: skein call --list needs them", async () => {
  const ran = await skein(["call", "--list"], { home: daemon.home, env: withoutZod() });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("zod is loaded by ");
});
