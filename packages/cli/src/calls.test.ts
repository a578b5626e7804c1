import { operations, type OperationName } from "@skein/contract";
import { expect, test } from "vitest";
import { requestFor } from "./calls.ts";

test.each([
  ["sessions.get", { session: "../etc/x?y" }, "GET /api/sessions/..%2Fetc%2Fx%3Fy"],
  ["sessions.get", { session: ".." }, "GET /api/sessions/%2E%2E"],
  [
    "sessions.list",
    { state: ["idle", "lost"], deleted: true, limit: 5 },
    "GET /api/sessions?state=idle&state=lost&deleted=true&limit=5",
  ],
  [
    "events.watch",
    { after: 0, filter: { live: false } },
    "GET /api/events/watch?after=0&filter=%7B%22live%22%3Afalse%7D",
  ],
  ["sessions.delete", { session: "x", clientId: "k" }, "DELETE /api/sessions/x?clientId=k"],
  ["sessions.send", { session: "x", text: "a&b" }, 'POST /api/sessions/x/send {"text":"a&b"}'],
  ["sessions.rename", { session: "x", name: "y" }, 'PATCH /api/sessions/x {"name":"y"}'],
] as const)("%s of %j", (name, input, expected) => {
  const { method, path, ...rest } = requestFor(name, input);
  expect([method, path, ...Object.values(rest)].join(" ")).toBe(expected);
});

test("every operation's example makes a request without holes", () => {
  for (const [name, { example, http }] of Object.entries(operations)) {
    const { method, path } = requestFor(name as OperationName, example);
    expect(method).toBe(http.method);
    expect(path).not.toMatch(/[{}]|undefined/);
  }
});
