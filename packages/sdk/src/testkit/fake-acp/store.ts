/** Conversations on disk, one file each, not there before the first prompt; replaced whole, so that nobody reads half of one. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Stored = {
  readonly id: string;
  readonly model: string;
  readonly effort: string;
  /** Prompts so far, oldest first. */
  readonly turns: readonly string[];
  /** How many of them are over. */
  readonly ended: number;
};

export const makeStore = (env: Readonly<Record<string, string | undefined>>) => {
  const folder = join(env["FAKE_ACP_HOME"] ?? join(homedir(), ".fake-acp"), "sessions");
  const fileOf = (id: string): string => join(folder, `${id.replace(/[^\w-]/g, "")}.json`);
  return {
    read: (id: string): Stored | null => {
      try {
        return JSON.parse(readFileSync(fileOf(id), "utf8")) as Stored;
      } catch {
        return null;
      }
    },
    write: (stored: Stored): void => {
      mkdirSync(folder, { recursive: true });
      const fresh = `${fileOf(stored.id)}.${process.pid}`;
      writeFileSync(fresh, JSON.stringify(stored));
      renameSync(fresh, fileOf(stored.id));
    },
  };
};

export type Store = ReturnType<typeof makeStore>;
