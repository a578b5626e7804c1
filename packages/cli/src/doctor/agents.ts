/** The agents: by the daemon's own knowledge where it runs, else by asking the programs for their version. */
import type { Backend } from "@skein/contract";
import { agentWords, isUnasked } from "../format/backend.ts";
import type { NamedAgents } from "../daemon-door.ts";
import type { Env } from "../place.ts";
import { wordsOf } from "./command.ts";
import { broken, inShell, ok, warn, type Finding } from "./finding.ts";

const KNOWN = [
  { id: "claude-code", program: "claude", install: "npm install -g @anthropic-ai/claude-code" },
  { id: "codex", program: "codex", install: "npm install -g @openai/codex" },
] as const;

export const agentsOf = (backends: readonly Backend[]): Finding[] => {
  const shown = backends.filter((each) => !isUnasked(each));
  const findings = shown.map((backend) => {
    const { id, models, modelsSource, remedy } = backend;
    const install = KNOWN.find((each) => each.id === id)?.install ?? null;
    if (!backend.found) return warn(id, "not installed", remedy ?? install);
    const words = agentWords(backend);
    if (backend.login === "logged-out") return warn(id, words, remedy);
    if (modelsSource !== "asked" && models.length > 0)
      return warn(id, `${words} (a known list; it could not be asked)`, "skein backends --refresh");
    // Unknown with nothing to do about it: a provider that needs no login.
    return backend.login === "unknown" && remedy !== null ? warn(id, words, remedy) : ok(id, words);
  });
  return [...findings, ...none(backends.some(({ found }) => found))];
};

const ASKED_LATER = "login and models are asked once the daemon runs";

/** Without a daemon: only whether the programs are there, those that the configuration names before those of the PATH. */
export const agentsHere = async (env: Env, named: NamedAgents): Promise<Finding[]> => {
  const known = await Promise.all(KNOWN.map((each) => versionHere(each, named[each.id], env)));
  // What it names beside these is asked by nothing but its own protocol.
  const others = Object.entries(named)
    .filter(([id, { command }]) => command !== null && !KNOWN.some((each) => each.id === id))
    .map(([id]) => ok(id, `named in the configuration; ${ASKED_LATER}`));
  const findings = [...known, ...others];
  return [...findings, ...none(findings.some(({ level }) => level === "ok"))];
};

const versionHere = async (
  { id, program, install }: (typeof KNOWN)[number],
  named: NamedAgents[string] | undefined,
  env: Env,
): Promise<Finding> => {
  const command = named?.command ?? null;
  const [asked = program, ...leading] = command ?? [];
  const words = await wordsOf(asked, [...leading, "--version"], { ...env, ...named?.env });
  if (words !== null) return ok(id, `${words.split("\n")[0]}; ${ASKED_LATER}`);
  if (command === null) return warn(id, "not on the PATH", install);
  return warn(
    id,
    `${[...command, "--version"].map(inShell).join(" ")} does not work`,
    `correct backends.${id}.command in config.json5`,
  );
};

const none = (some: boolean): Finding[] =>
  some
    ? []
    : [
        broken(
          "agents",
          "no agent is installed",
          `${KNOWN[0].install}   # or: ${KNOWN[1].install}`,
        ),
      ];
