/** `skein install-skill`: teaches agents to use Skein. All files are looked at before the first is written. */
import { rmSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused } from "../failure.ts";
import { visible } from "../format/escape.ts";
import { handoffSkill } from "../skills/handoff.ts";
import { AGENTS, isThere, skillFile, TITLES, type AgentId, type Scope } from "../skills/places.ts";
import { skeinSkill } from "../skills/skein.ts";
import { compare, mustBeOurs, readText, versionOf, writeText, type Found } from "../stamp.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly global?: boolean;
  readonly local?: boolean;
  readonly claude?: boolean;
  readonly codex?: boolean;
  readonly list?: boolean;
  readonly remove?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
};

const SKILLS: Readonly<Record<string, string>> = { skein: skeinSkill, handoff: handoffSkill };

type Place = {
  readonly skill: string;
  readonly agent: AgentId;
  readonly scope: Scope;
  readonly file: string;
  readonly text: string;
  readonly found: Found;
  /** Of the one that lies there. */
  readonly version: number | null;
};

export const installSkill = verb<Flags, []>({
  examples: [
    ["skein install-skill", "for every agent that is found here, for all projects"],
    ["skein install-skill --local --claude", "for Claude Code, in this project only"],
    ["skein install-skill --list", "where they are, and whether they are up to date"],
    ["skein install-skill --remove", "takes them away again"],
  ],
  notes:
    "Two skills: skein (work with other agents) and handoff (hand work over to another session).\n" +
    "Run it again after an update. A skill that you changed is left alone, unless --force is given.",
  define: (command) =>
    command
      .option("--global", "in the agent's own folder, for all projects (default)")
      .option("--local", "in this project, for all who work on it")
      .option("--claude", "for Claude Code (default: the agents that are found)")
      .option("--codex", "for Codex")
      .option("--list", "say what is installed where")
      .option("--remove", "take them away")
      .option("--force", "replace or remove also those that were changed")
      .option("--json", "print {skills: [{skill, agent, scope, file, found, version}]}"),
  run: async (cli, flags) => {
    if (flags.global === true && flags.local === true)
      throw misused("Both --global and --local were given.", "Give one of them.");
    if (flags.list === true && flags.remove === true)
      throw misused("Both --list and --remove were given.", "Give one of them.");
    if (flags.list === true) return list(cli, flags);
    return flags.remove === true ? remove(cli, flags) : write(cli, flags);
  },
});

const chosenAgents = ({ claude, codex }: Flags): readonly AgentId[] =>
  AGENTS.filter((agent) => (agent === "claude" ? claude : codex) === true);

const placesOf = (cli: Cli, agents: readonly AgentId[], scopes: readonly Scope[]): Place[] =>
  scopes.flatMap((scope) =>
    agents.flatMap((agent) =>
      Object.entries(SKILLS).map(([skill, text]) => {
        const file = skillFile(skill, agent, scope, cli);
        const there = readText(file);
        const version = there === null ? null : versionOf(there);
        return { skill, agent, scope, file, text, found: compare(there, text), version };
      }),
    ),
  );

const scopeOf = ({ local }: Flags): Scope => (local === true ? "local" : "global");

const agentsHere = (cli: Cli, flags: Flags): readonly AgentId[] => {
  const chosen = chosenAgents(flags);
  const found = chosen.length > 0 ? chosen : AGENTS.filter((agent) => isThere(agent, cli.env));
  if (found.length > 0) return found;
  throw fail(
    EXIT.refused,
    "no_agent",
    "Neither Claude Code nor Codex was found here.",
    "Install one of them, or say for which the skills are: --claude, --codex.",
  );
};

const shown = (places: readonly Place[]) => ({
  skills: places.map(({ text: _, ...rest }) => rest),
});

const write = async (cli: Cli, flags: Flags): Promise<number> => {
  const places = placesOf(cli, agentsHere(cli, flags), [scopeOf(flags)]);
  for (const { found, file } of places) mustBeOurs(found, file, flags.force === true);
  for (const { found, file, text } of places) if (found !== "same") writeText(file, text);
  if (flags.json === true) printJson(cli, shown(places));
  else
    for (const { skill, agent, file, found } of places) {
      const did = found === "same" ? "Up to date:" : found === "absent" ? "Installed" : "Renewed";
      cli.print(`${did} skill ${skill} for ${TITLES[agent]} (${visible(file)})`);
    }
  return EXIT.done;
};

const remove = async (cli: Cli, flags: Flags): Promise<number> => {
  const chosen = chosenAgents(flags);
  const agents = chosen.length > 0 ? chosen : AGENTS;
  const places = placesOf(cli, agents, [scopeOf(flags)]).filter(({ found }) => found !== "absent");
  for (const { found, file } of places) mustBeOurs(found, file, flags.force === true);
  for (const { file } of places) {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
  }
  if (flags.json === true) printJson(cli, shown(places));
  else if (places.length === 0) cli.print("No skills of skein are installed there");
  else
    for (const { skill, agent, file } of places)
      cli.print(`Removed skill ${skill} for ${TITLES[agent]} (${visible(file)})`);
  return EXIT.done;
};

/** What a person put beside the skill stays. */
const removeIfEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty.
  }
};

const FOUND: Readonly<Record<Found, string>> = {
  absent: "not installed",
  same: "up to date",
  older: "of another version: install again to renew it",
  changed: "changed by hand",
  foreign: "not written by skein",
};

const list = async (cli: Cli, flags: Flags): Promise<number> => {
  const chosen = chosenAgents(flags);
  const scopes: readonly Scope[] =
    flags.global === true || flags.local === true ? [scopeOf(flags)] : ["global", "local"];
  const places = placesOf(cli, chosen.length > 0 ? chosen : AGENTS, scopes);
  if (flags.json === true) printJson(cli, shown(places));
  else
    for (const { skill, agent, scope, file, found, version } of places)
      cli.print(
        `${skill.padEnd(8)}${TITLES[agent].padEnd(12)}${scope.padEnd(7)}${FOUND[found]}` +
          `${version === null ? "" : ` (version ${version})`}  ${cli.paint.dim(visible(file))}`,
      );
  return EXIT.done;
};
