/** The agents: by the daemon's own knowledge where it runs, else by asking the programs for their version. */
import type { Backend } from "@skein/contract";
import { agentWords, isUnasked } from "../format/backend.ts";
import type { Env } from "../place.ts";
import { wordsOf } from "./command.ts";
import { broken, ok, warn, type Finding } from "./finding.ts";

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

/** Without a daemon: only whether the programs are there. */
export const agentsHere = async (env: Env): Promise<Finding[]> => {
  const asked = await Promise.all(
    KNOWN.map(async (each) => ({
      ...each,
      words: await wordsOf(each.program, ["--version"], env),
    })),
  );
  const findings = asked.map(({ id, words, install }) =>
    words === null
      ? warn(id, "not on the PATH", install)
      : ok(id, `${words.split("\n")[0]}; login and models are asked once the daemon runs`),
  );
  return [...findings, ...none(asked.some(({ words }) => words !== null))];
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
