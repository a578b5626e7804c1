import { describe, expect, test } from "vitest";
import { answerOf } from "./approvals.ts";
import { threadSettings, turnSettings } from "./modes.ts";
import { loginOf } from "./probe.ts";
import { placeOf } from "./process.ts";
import { shellWords, withoutShell } from "./shell-words.ts";
import { startFailureOf } from "./start-failure.ts";
import { withAbove } from "./surroundings.ts";
import { totalsInRollout, turnUsage } from "./usage.ts";
import { parseFrame, type Asked } from "./wire.ts";

describe("frames", () => {
  test("an id of 0 is an id", () => {
    expect(parseFrame('{"method":"x","id":0,"params":{}}')).toMatchObject({
      frame: "request",
      request: { id: 0 },
    });
    expect(parseFrame('{"id":0,"result":1}')).toEqual({ frame: "result", id: 0, result: 1 });
  });

  test.each(["", "no json", "[]", "null", "{}", '{"id":true}'])("%s is no frame", (text) =>
    expect(parseFrame(text)).toBeNull(),
  );
});

describe("command lines", () => {
  test.each([
    ["/bin/bash -lc 'echo hi'", "echo hi"],
    [`/bin/zsh -c "say \\"x\\""`, 'say "x"'],
    ["/bin/bash -lc ls", "ls"],
    ["git status", "git status"],
    ["bash script.sh", "bash script.sh"],
    ["bash -lc 'open", "bash -lc 'open"],
  ])("%s is %s", (line, inner) => expect(withoutShell(line)).toBe(inner));

  test("words keep what was quoted together", () =>
    expect(shellWords(`a 'b c' "d $e" f\\ g ''`)).toEqual(["a", "b c", "d $e", "f g", ""]));
});

describe("answers", () => {
  const said = (decision: "allow" | "always" | "deny" | "answer") => ({
    decision,
    message: null,
    answers: decision === "answer" ? { colour: ["blue"] } : null,
    by: "test",
    at: "2026-01-01T00:00:00.000Z",
  });
  const asked = (method: Asked["method"]) =>
    ({ method, params: { permissions: { network: {} } } }) as unknown as Asked;

  test.each([
    ["item/commandExecution/requestApproval", "allow", { decision: "accept" }],
    ["item/commandExecution/requestApproval", "always", { decision: "acceptForSession" }],
    ["item/commandExecution/requestApproval", "deny", { decision: "decline" }],
    ["item/fileChange/requestApproval", "always", { decision: "acceptForSession" }],
    ["item/tool/requestUserInput", "answer", { answers: { colour: { answers: ["blue"] } } }],
    ["item/tool/requestUserInput", "deny", { answers: {} }],
    ["mcpServer/elicitation/request", "allow", { action: "accept", content: {}, _meta: null }],
    ["mcpServer/elicitation/request", "always", { _meta: { persist: "session" } }],
    ["mcpServer/elicitation/request", "deny", { action: "decline" }],
    ["item/permissions/requestApproval", "allow", { permissions: { network: {} }, scope: "turn" }],
    ["item/permissions/requestApproval", "deny", { permissions: {} }],
  ] as const)("%s, %s", (method, decision, answer) =>
    expect(answerOf(asked(method), said(decision))).toMatchObject(answer),
  );
});

describe("tokens", () => {
  const line = (input: number) =>
    JSON.stringify({
      payload: { type: "token_count", info: { total_token_usage: { input_tokens: input } } },
    });

  test("the newest count of a file whose beginning was cut off", () =>
    expect(
      totalsInRollout(`s":1}\n${line(5)}\n${line(9)}\n{"payload":{"type":"x"}}\n`),
    ).toMatchObject({
      input: 9,
      output: 0,
    }));

  test("no count is null, not nothing", () => {
    expect(totalsInRollout("")).toBeNull();
    expect(totalsInRollout('{"payload":{"type":"token_count","info":null}}')).toBeNull();
    expect(turnUsage(null, null, null)).toBeNull();
  });
});

describe("where the server lives", () => {
  const env = { HOME: "/home/me" };
  test("one place for a CODEX_HOME, another for another", () => {
    const place = placeOf({ dir: "/s/codex", env });
    expect(placeOf({ dir: "/s/codex", env: { ...env, CODEX_HOME: "/home/me/.codex" } })).toEqual(
      place,
    );
    expect(placeOf({ dir: "/s/codex", env: { ...env, CODEX_HOME: "/other" } }).owner).not.toEqual(
      place.owner,
    );
    expect(place.runtime).toBeNull();
  });

  test("a state folder that is too long for a socket gets a short one", () => {
    const place = placeOf({ dir: `/${"x".repeat(120)}`, env });
    expect(Buffer.byteLength(place.socket)).toBeLessThan(100);
    expect(place.runtime).not.toBeNull();
  });
});

test("a broken configuration is told in the vendor's words", () => {
  const message = "failed to load configuration: /c/config.toml:16:9: extra `=`, expected nothing";
  const error = Object.assign(new Error("x"), { rpc: { code: -32600, message } });
  expect(startFailureOf(error).message).toBe(
    "Codex cannot read its configuration: /c/config.toml:16:9: extra `=`, expected nothing.",
  );
});

test.each([
  [{ account: null, requiresOpenaiAuth: true }, "logged-out"],
  [{ account: null, requiresOpenaiAuth: false }, "unknown"],
  [{ account: { type: "apiKey" }, requiresOpenaiAuth: true }, "api-key"],
  [
    { account: { type: "chatgpt", email: "a@b.c", planType: "plus" }, requiresOpenaiAuth: true },
    "logged-in",
  ],
])("login: %j is %s", (answer, login) =>
  expect(loginOf(answer as Parameters<typeof loginOf>[0]).login).toBe(login),
);

describe("what a thread is told of its surroundings", () => {
  const session = { folder: "/home/me/project", model: null };
  const around = {
    untrusted: withAbove("/home/me/project"),
    closed: ["/home/me/.skein"],
  };
  const modes = ["read-only", "guarded", "workspace", "full"] as const;

  test("in every mode, no folder from which a configuration could come is trusted", () => {
    for (const permissions of modes) {
      const { config } = threadSettings({ ...session, permissions }, around);
      const untrusted = { trust_level: "untrusted" };
      expect(config["projects"]).toEqual({
        "/home/me/project": untrusted,
        "/home/me": untrusted,
        "/home": untrusted,
        "/": untrusted,
      });
    }
  });

  test("a sandbox is a profile that sees nothing of the state folder, in the thread and in each turn", () => {
    for (const permissions of ["read-only", "workspace"] as const) {
      const {
        config,
        permissions: name,
        sandbox,
      } = threadSettings({ ...session, permissions }, around);
      expect(sandbox).toBeUndefined();
      expect(config[`permissions.${name}`]).toEqual({
        extends: `:${permissions}`,
        filesystem: { "/home/me/.skein": "deny" },
      });
      expect(turnSettings({ effort: null, permissions })).toMatchObject({ permissions: name });
    }
  });
});
