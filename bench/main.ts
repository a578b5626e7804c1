/**
 * `npm run bench [part...]`: every figure beside its limit, in one run. Exit 1 when one is not reached; it is printed with
 * what was measured all the same.
 */
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { claudeEnv, fakeClaudeCommand, makeFakeLlm } from "@skein/sdk/testkit";
import { measureAppends, measureWatching } from "./append.ts";
import { measureCommands } from "./commands.ts";
import { measureFanOut } from "./fan-out.ts";
import { reached, table, type Figure } from "./figures.ts";
import { measureMemory } from "./memory.ts";
import { measureOverhead } from "./overhead.ts";
import { measureStarts } from "./start.ts";
import { measureTerminals } from "./terminal/measure.ts";
import { here, makeHome, openWorld, scripted } from "./world.ts";

const figures: Figure[] = [];
const add = (more: readonly Figure[]): void => {
  for (const one of more) {
    figures.push(one);
    console.error(`  ${one.what}: ${one.measured.toFixed(2)} ${one.unit}`);
  }
};

const withDaemon = async (): Promise<void> => {
  const world = await openWorld();
  try {
    const { secret } = await world.call("tokens.create", {
      label: "bench",
      scopes: ["operator.write", "operator.approvals"],
    });
    const made = await Promise.all(
      Array.from({ length: 8 }, () => world.call("sessions.create", { folder: world.folder })),
    );
    const sessions = made.map(({ session }) => session.id);
    await world.call("sessions.wait", { sessions, timeoutMs: 60_000 });
    if (wanted("append")) {
      add(await measureAppends(world, secret, sessions));
      add(await measureWatching(world, secret, sessions[0]!));
    }
    if (wanted("fan-out")) add(await measureFanOut(world, secret, sessions[1]!));
    if (wanted("commands")) add(measureCommands(world, sessions[2]!));
    if (wanted("overhead")) {
      add(
        await measureOverhead(world, secret, {
          title: "the scripted agent",
          argv: [...fakeClaudeCommand],
          env: scripted(world.home).env,
        }),
      );
    }
  } finally {
    await world.close();
  }
};

const withTerminals = async (): Promise<void> => {
  const world = await openWorld();
  try {
    const scopes = ["operator.write", "operator.approvals"] as const;
    const { secret } = await world.call("tokens.create", { label: "bench", scopes: [...scopes] });
    await measureTerminals(world, secret, add);
  } finally {
    await world.close();
  }
};

/** With the real Claude Code where the agents' tests have installed it, against the fake model. */
const withClaude = async (): Promise<void> => {
  const [claude] = globSync("@anthropic-ai/claude-code-*/claude", {
    cwd: here("../.cache/agents/node_modules"),
  }).map((found) => here(`../.cache/agents/node_modules/${found}`));
  if (claude === undefined) {
    console.error(
      "  the real Claude Code is not installed here (npm run test:agents does): not measured",
    );
    return;
  }
  const llm = await makeFakeLlm();
  const configDir = mkdtempSync(join(tmpdir(), "skein-bench-claude-"));
  const env = { ...claudeEnv({ configDir, url: llm.url }), HOME: configDir };
  const world = await openWorld(makeHome({ "claude-code": { command: claude, env } }));
  try {
    const { secret } = await world.call("tokens.create", {
      label: "bench",
      scopes: ["operator.write"],
    });
    add(await measureOverhead(world, secret, { title: "Claude Code", argv: [claude], env }));
  } finally {
    await world.close();
    await llm.close();
    rmSync(configDir, { recursive: true, force: true });
  }
};

const parts = process.argv.slice(2);
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);

console.error(
  `${cpus().length} processors (${cpus()[0]?.model ?? "unknown"}), Node ${process.version}`,
);
if (["append", "fan-out", "commands", "overhead"].some(wanted)) await withDaemon();
if (wanted("terminal")) await withTerminals();
if (wanted("claude")) await withClaude();
if (wanted("start")) add(await measureStarts());
if (wanted("memory")) add(await measureMemory());

console.log(`\n${table(figures)}`);
const missed = figures.filter((one) => !reached(one));
console.log(missed.length === 0 ? "\nAll reached." : `\n${missed.length} not reached.`);
process.exitCode = missed.length === 0 ? 0 : 1;
