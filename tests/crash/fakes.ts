/** The scripted agents of the testkit, as `backends` of the configuration: same wire, same files, no network. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = (name: string): string =>
  fileURLToPath(new URL(`../../packages/sdk/src/testkit/${name}/main.ts`, import.meta.url));
const COMPILED = fileURLToPath(new URL("../../.cache/compile", import.meta.url));

const home = (place: string, name: string): string => {
  const path = join(place, name);
  mkdirSync(path, { recursive: true });
  return path;
};

const fakeAgents = (place: string) => ({
  "claude-code": {
    command: [process.execPath, program("fake-claude")],
    env: {
      CLAUDE_CONFIG_DIR: home(place, "claude-home"),
      ANTHROPIC_API_KEY: "dummy",
      NODE_COMPILE_CACHE: COMPILED,
    },
  },
  codex: {
    command: [process.execPath, program("fake-codex")],
    env: {
      CODEX_HOME: home(place, "codex-home"),
      OPENAI_API_KEY: "dummy",
      NODE_COMPILE_CACHE: COMPILED,
    },
  },
});

/** The configuration of a crash test: agents that answer at once, and are not waited for when they end. */
export const crashConfig = async (place: string) => ({
  sessions: { graceSeconds: 1, idleMinutes: 0 },
  backends: fakeAgents(place),
});
