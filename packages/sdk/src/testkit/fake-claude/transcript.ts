/** Conversations on disk, where the real one keeps them: by folder, one file each, not there before the first prompt. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Env } from "./flags.ts";

type Entry = { readonly uuid: string; readonly text: string };

export type Transcript = {
  readonly id: string;
  /** Prompts so far, oldest first. */
  readonly turns: () => readonly string[];
  readonly has: (uuid: string) => boolean;
  readonly add: (entry: Entry) => void;
};

const folder = (env: Env): string => {
  const config = env["CLAUDE_CONFIG_DIR"] ?? join(homedir(), ".claude");
  return join(config, "projects", process.cwd().replace(/[^a-zA-Z0-9]/g, "-"));
};

const fileOf = (env: Env, id: string): string => join(folder(env), `${id}.jsonl`);

export const exists = (env: Env, id: string): boolean => existsSync(fileOf(env, id));

const read = (env: Env, id: string): readonly Entry[] => {
  const lines = readFileSync(fileOf(env, id), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
};

/** `from`: the conversation that this one begins as a copy of. Written with the first new prompt. */
export const openTranscript = (env: Env, id: string, from: string | null): Transcript => {
  const entries: Entry[] = from === null ? [] : [...read(env, from)];
  let unwritten = from === null || from === id ? 0 : entries.length;
  return {
    id,
    turns: () => entries.map((entry) => entry.text),
    has: (uuid) => entries.some((entry) => entry.uuid === uuid),
    add: (entry) => {
      entries.push(entry);
      unwritten += 1;
      mkdirSync(folder(env), { recursive: true });
      const lines = entries.slice(-unwritten).map((one) => `${JSON.stringify(one)}\n`);
      appendFileSync(fileOf(env, id), lines.join(""));
      unwritten = 0;
    },
  };
};
