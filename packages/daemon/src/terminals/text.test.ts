import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { startScript } from "./program.ts";
import { harmless } from "./text.ts";

test("nothing in a paste is a key or ends it; all else stays", () => {
  expect(harmless("größe 日本 🙂\ttab\nline; #{x} `id` $(id) -t %1")).toBe(
    "größe 日本 🙂\ttab\nline; #{x} `id` $(id) -t %1",
  );
  expect(harmless("a\u001b[201~\nrm -rf ~\n")).toBe("a\nrm -rf ~\n");
  expect(harmless("\u001b[20\u001b[201~1~x\u009b201~y")).not.toContain("\u001b");
  expect(harmless("\u0000\u0003\u0004\r\u001b\u007f\u0085\u009b")).toBe("");
});

test("a program gets its words and its whole environment as they are, whatever stands in them", () => {
  const odd = "a'b\"c$(echo no)`echo no`\\ \n;#{x}*";
  const script = startScript(
    {
      id: "trm_x",
      argv: ["printf", "%s|", odd, "$ODD", "-n", ""],
      env: { ODD: odd, "NOT-A-NAME": "x", TERM: "dumb" },
      folder: "/",
      owner: { session: "ses_y", generation: 3 },
      columns: 80,
      rows: 24,
    },
    "/a home",
    "tmux-256color",
  );
  const run = (text: string): string =>
    execFileSync("/bin/sh", ["-c", text, "/nonexistent"], {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin" },
    });
  expect(run(script)).toBe(`${odd}|$ODD|-n||`);
  const told = script.replace(
    /^exec .*$/ms,
    'printf "%s|" "$ODD" "$TERM" "$SKEIN_HOME" "$SKEIN_SESSION" "$SKEIN_GENERATION" "$PWD"',
  );
  expect(run(told)).toBe(`${odd}|tmux-256color|/a home|ses_y|3|/|`);
});
