/** What the tests of the Claude Code driver share: a home with its stand-in, and what it has said and done. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@skein/sdk";
import { fakeClaudeCommand, makeRigHome, rigMessages, type Rig } from "@skein/sdk/testkit";
import { makeClaudeCodeDriver, makeLocalHost } from "./index.ts";

export const makeHome = (change: { readonly env?: Readonly<Record<string, string>> } = {}) =>
  makeRigHome({
    open: makeClaudeCodeDriver().open,
    makeHost: (home) => makeLocalHost({ home, clock: systemClock }),
    command: fakeClaudeCommand,
    env: (home) => ({
      CLAUDE_CONFIG_DIR: join(home, "config"),
      ANTHROPIC_API_KEY: "sk-fake-000",
      CLAUDE_CODE_MAX_RETRIES: "1",
      ...change.env,
    }),
  });

export const lastMessage = (rig: Rig): string | undefined => rigMessages(rig).at(-1);

export const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );
