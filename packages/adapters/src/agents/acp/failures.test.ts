import { expect, test } from "vitest";
import { configuredAgent } from "./agents.ts";
import { failureOf } from "./failures.ts";

test.each([
  [401, "{}", {}, "login"],
  [-32000, "Authentication required", {}, "login"],
  [429, "scripted failure 429", {}, "limit"],
  [-32603, "Internal error: API Error", { errorKind: "rate_limit" }, "limit"],
  [500, "model not found", {}, "model"],
  [500, "terminated", {}, "cut"],
  [-32603, "Internal error: API Error: Unable to connect to API (ECONNRESET)", {}, "cut"],
  [-32603, "Internal error", { details: "scripted failure 500" }, "api"],
])("error %i %j %j is of the kind %s", (code, message, data, kind) => {
  const error = failureOf(configuredAgent("acp:mine"), { code, message, data });
  expect(error.kind).toBe(kind);
  expect(error.message).not.toMatch(/^Internal error: /);
});
