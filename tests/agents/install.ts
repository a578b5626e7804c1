/**
 * The pinned real CLIs, in a folder of their own: they are large, nobody needs them but these tests, and the product
 * never depends on them. Installed by npm from the lockfile that lies beside; installed again only when that changes.
 *
 * No install script is run: all that theirs do is to put the vendor's native program under another name, and that
 * program is taken from where it lies.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const wanted = fileURLToPath(new URL("./cli/", import.meta.url));
const folder = fileURLToPath(new URL("../../.cache/agents/", import.meta.url));
const stamp = join(folder, ".installed");

export type RealAgents = {
  readonly claude: string;
  readonly codex: string;
  readonly opencode: string;
  /** Scripts, to be run with Node. */
  readonly gemini: string;
  readonly claudeAcp: string;
  readonly codexAcp: string;
};

const INSTALL_MS = 10 * 60_000;

const wantedStamp = async (): Promise<string> => {
  const lock = await readFile(join(wanted, "package-lock.json"));
  return `${createHash("sha256").update(lock).digest("hex")} ${process.platform}-${process.arch}\n`;
};

/** The vendor's program for this machine; of two (glibc and musl) npm installs the one that runs here. */
const findProgram = async (name: string, patterns: readonly string[]): Promise<string> => {
  for (const pattern of patterns)
    for await (const found of glob(pattern, { cwd: join(folder, "node_modules") }))
      return join(folder, "node_modules", found);
  throw new Error(
    `${name} has no program for ${process.platform}-${process.arch} in ${folder}. Remove that folder and run the tests again.`,
  );
};

const install = async (): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    await copyFile(join(wanted, file), join(folder, file));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await promisify(execFile)("npm", args, { cwd: folder, timeout: INSTALL_MS });
  await writeFile(stamp, await wantedStamp());
};

/** Says one line on stderr. Rejects with npm's own words when they cannot be installed. */
export const installRealAgents = async (): Promise<RealAgents> => {
  const { dependencies } = JSON.parse(await readFile(join(wanted, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const names = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const current = await readFile(stamp, "utf8").catch(() => "");
  const isCurrent = current === (await wantedStamp());
  const began = performance.now();
  if (!isCurrent) await install();
  const took = isCurrent ? "installed before" : `installed in ${seconds(began)} s`;
  process.stderr.write(`real agents: ${names.join(", ")} (${took})\n`);
  return {
    claude: await findProgram("@anthropic-ai/claude-code", ["@anthropic-ai/claude-code-*/claude"]),
    codex: await findProgram("@openai/codex", ["@openai/codex-*/vendor/*/bin/codex"]),
    opencode: await findProgram("opencode-ai", [
      `opencode-${process.platform}-${process.arch}/bin/opencode`,
      "opencode-*/bin/opencode",
    ]),
    gemini: await findProgram("@google/gemini-cli", ["@google/gemini-cli/bundle/gemini.js"]),
    claudeAcp: await findProgram("@agentclientprotocol/claude-agent-acp", [
      "@agentclientprotocol/claude-agent-acp/dist/index.js",
    ]),
    codexAcp: await findProgram("@agentclientprotocol/codex-acp", [
      "@agentclientprotocol/codex-acp/dist/index.js",
    ]),
  };
};

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(0);
