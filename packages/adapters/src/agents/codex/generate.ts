/**
 * Writes `generated/protocol.ts`: the types of Codex's own schema that this driver names, and nothing else.
 *
 *   npx -y @openai/codex@0.169.0 app-server generate-ts --experimental --out SCHEMA
 *   node packages/adapters/src/agents/codex/generate.ts SCHEMA 0.169.0
 *
 * The vendor writes one file for each of a thousand types; here those reachable from the list below stand in one file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const NAMED = [
  "v2/AskForApproval",
  "v2/CommandExecutionRequestApprovalParams",
  "v2/ErrorNotification",
  "v2/FileChangeRequestApprovalParams",
  "v2/GetAccountResponse",
  "v2/Model",
  "v2/SandboxMode",
  "v2/SandboxPolicy",
  "v2/ThreadItem",
  "v2/ThreadStatus",
  "v2/ThreadTokenUsage",
  "v2/ToolRequestUserInputParams",
  "v2/Turn",
];

/** The declaration of one type without comments and imports, and the files that it needs. */
const read = (schema: string, name: string): { text: string; needs: string[] } => {
  const source = readFileSync(join(schema, `${name}.ts`), "utf8");
  const needs = [...source.matchAll(/from "(\.[^"]+)"/g)].map((match) =>
    normalize(join(dirname(name), match[1] ?? "")),
  );
  const text = source
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^(\/\/|import ).*$/gm, "")
    .replaceAll(/\n\s*\n/g, "\n")
    .trim();
  return { text, needs };
};

/** Throws when the schema lacks a named type: then the vendor renamed it and the driver must learn of it. */
export const collect = (schema: string, version: string): string => {
  const found = new Map<string, string>();
  const open = [...NAMED];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const { text, needs } = read(schema, name);
    found.set(name, text);
    open.push(...needs);
  }
  const declared = [...found.keys()].toSorted().map((name) => found.get(name));
  const head = `// Codex ${version}, written by ../generate.ts out of \`codex app-server generate-ts --experimental\`. Do not edit.`;
  return `${head}\n${declared.join("\n")}\n`;
};

if (import.meta.main) {
  const [schema = "", version = ""] = (await import("node:util")).parseArgs({
    allowPositionals: true,
  }).positionals;
  writeFileSync(join(import.meta.dirname, "generated/protocol.ts"), collect(schema, version));
}
