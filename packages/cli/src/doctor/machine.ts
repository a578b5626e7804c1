/** Node, git, tmux, and room on the disk. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Env } from "../place.ts";
import { wordsOf } from "./command.ts";
import { broken, inShell, ok, warn, type Finding } from "./finding.ts";

/** node:sqlite without a flag and type stripping; what Skein is tested on is 26. */
const LEAST_NODE = 24;
const TESTED_NODE = 26;
const MiB = 1024 * 1024;
const LEAST_ROOM = 100 * MiB;
const LITTLE_ROOM = 1024 * MiB;

export const checkNode = (version: string): Finding => {
  const major = Number(version.split(".")[0]);
  const fix = "npm install --no-save node@26, and start Skein with that one";
  if (major < LEAST_NODE) return broken("node", `${version} is too old`, fix);
  if (major < TESTED_NODE) return warn("node", `${version}; Skein is tested on 26`, fix);
  return ok("node", version);
};

export const checkTool = async (
  tool: "git" | "tmux",
  flag: string,
  env: Env,
  root: boolean,
): Promise<Finding> => {
  const words = await wordsOf(tool, [flag], env);
  if (words !== null) return ok(tool, words.split("\n")[0] ?? words);
  const apt = `apt-get install -y ${tool}`;
  const fix = process.platform === "darwin" ? `brew install ${tool}` : root ? apt : `sudo ${apt}`;
  const why = tool === "git" ? "worktrees need it" : "terminals need it";
  return warn(tool, `not found; ${why}`, fix);
};

export const checkDisk = async (home: string): Promise<Finding> => {
  const folder = await existing(home);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const words = `${(free / (1024 * MiB)).toFixed(1)} GB free for ${home}`;
  const fix = `free some space, or choose another disk: export SKEIN_HOME=/elsewhere`;
  if (free < LEAST_ROOM) return broken("disk", words, fix);
  return free < LITTLE_ROOM
    ? warn(
        "disk",
        words,
        `see what fills it: du -xh --max-depth=2 ${inShell(folder)} | sort -h | tail`,
      )
    : ok("disk", words);
};

/** The folder itself or the nearest one above that is there. */
const existing = async (folder: string): Promise<string> => {
  for (let each = folder; ; each = dirname(each)) {
    const isThere = await statfs(each).then(
      () => true,
      () => false,
    );
    if (isThere || each === dirname(each)) return each;
  }
};
