/** `skein install-skill`: teaches agents to use Skein. Each file by itself: one that is left alone keeps none of the others from it. */
import { rmSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused, toFailure } from "../failure.ts";
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
    "Run it again after an update. A skill that you changed is left alone, unless --force is given: the\n" +
    "others are written, and the exit code is 1.",
  define: (command) =>
    command
      .option("--global", "in the agent's own folder, for all projects (default)")
      .option("--local", "in this project, for all who work on it")
      .option("--claude", "for Claude Code (default: the agents that are found)")
      .option("--codex", "for Codex")
      .option("--list", "say what is installed where")
      .option("--remove", "take them away")
      .option("--force", "replace or remove also those that were changed")
      .option("--json", "print {skills: [{skill, agent, scope, file, found, version, error}]}"),
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

const shown = ({ text: _, ...rest }: Place) => rest;

/** What was done at a place, in words; a place that refuses keeps none of the others from it. */
const atEach = (
  cli: Cli,
  flags: Flags,
  places: readonly Place[],
  act: (place: Place) => string,
): number => {
  let exit: number = EXIT.done;
  const done = places.map((place) => {
    const title = `skill ${place.skill} for ${TITLES[place.agent]} (${visible(place.file)})`;
    try {
      mustBeOurs(place.found, place.file, flags.force === true);
      const did = act(place);
      if (flags.json !== true) cli.print(`${did} ${title}`);
      return { ...shown(place), error: null };
    } catch (error) {
      const { exit: own, code, message, remedy } = toFailure(error).failure;
      exit = Math.max(exit, own);
      cli.tell(`skein: ${visible(message)} [${code}]\n  ${visible(remedy)}`);
      return { ...shown(place), error: { code, message, remedy } };
    }
  });
  if (flags.json === true) printJson(cli, { skills: done });
  return exit;
};

const DID: Readonly<Partial<Record<Found, string>>> = { same: "Up to date:", absent: "Installed" };

const write = async (cli: Cli, flags: Flags): Promise<number> => {
  const places = placesOf(cli, agentsHere(cli, flags), [scopeOf(flags)]);
  return atEach(cli, flags, places, ({ found, file, text }) => {
    if (found !== "same") writeText(file, text);
    return DID[found] ?? "Renewed";
  });
};

const remove = async (cli: Cli, flags: Flags): Promise<number> => {
  const chosen = chosenAgents(flags);
  const agents = chosen.length > 0 ? chosen : AGENTS;
  const places = placesOf(cli, agents, [scopeOf(flags)]).filter(({ found }) => found !== "absent");
  if (places.length === 0 && flags.json !== true)
    cli.print("No skills of skein are installed there");
  return atEach(cli, flags, places, ({ file }) => {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
    return "Removed";
  });
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
  if (flags.json === true) printJson(cli, { skills: places.map(shown) });
  else
    for (const { skill, agent, scope, file, found, version } of places)
      cli.print(
        `${skill.padEnd(8)}${TITLES[agent].padEnd(12)}${scope.padEnd(7)}${FOUND[found]}` +
          `${version === null ? "" : ` (version ${version})`}  ${cli.paint.dim(visible(file))}`,
      );
  return EXIT.done;
};
