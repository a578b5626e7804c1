import { expect, test } from "vitest";
import { agentEnvironment } from "./environment.ts";

const daemon = {
  PATH: "/bin",
  HOME: "/home/me",
  LANG: "C.UTF-8",
  LC_ALL: "C",
  TERM: "xterm",
  ANTHROPIC_API_KEY: "a",
  CLAUDE_CONFIG_DIR: "/c",
  OPENAI_API_KEY: "o",
  NODE_OPTIONS: "--require x",
  LD_PRELOAD: "x.so",
  GIT_SSH_COMMAND: "x",
  BASH_ENV: "x",
  SKEIN_FAILPOINT: "x",
  AWS_SECRET_ACCESS_KEY: "x",
  EMPTY: undefined,
};

test("an agent gets the common names, its own vendor's, and nothing else of the daemon's", () => {
  expect(agentEnvironment(daemon, ["ANTHROPIC_", "CLAUDE_"], {})).toEqual({
    PATH: "/bin",
    HOME: "/home/me",
    LANG: "C.UTF-8",
    LC_ALL: "C",
    TERM: "xterm",
    ANTHROPIC_API_KEY: "a",
    CLAUDE_CONFIG_DIR: "/c",
  });
});

test("what the configuration adds wins", () => {
  const env = agentEnvironment(daemon, [], { PATH: "/opt/bin", EXTRA: "1" });
  expect([env["PATH"], env["EXTRA"]]).toEqual(["/opt/bin", "1"]);
});
