/** Reads the configuration. A broken one refuses the start: nothing is ever weaker because a file could not be read. */
import { readFileSync } from "node:fs";
import { nearest, refuse, type Refusal } from "@skein/contract";
import json5 from "json5";
import { z } from "zod";
import { ConfigSchema, type Config } from "./schema.ts";

const MAX_BYTES = 1024 * 1024;

type JsonObject = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
};

const knownKeys = (path: readonly PropertyKey[]): string[] => {
  let schema: unknown = z.toJSONSchema(ConfigSchema, { io: "input" });
  for (const part of path) {
    const { properties, additionalProperties } = schema as JsonObject;
    schema = properties?.[String(part)] ?? additionalProperties;
  }
  return Object.keys((schema as JsonObject | undefined)?.properties ?? {});
};

const unknownKey = (place: string, key: string, known: readonly string[]) => {
  const meant = nearest(key, known);
  const where = place === "" ? "" : ` in ${place}`;
  return {
    message: `${key} is no setting${where}.`,
    remedy: meant === null ? `Known there: ${known.join(", ")}.` : `Did you mean ${meant}?`,
  };
};

const explain = (issue: z.core.$ZodIssue): { message: string; remedy: string } => {
  const place = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return unknownKey(place, issue.keys[0] ?? "", knownKeys(issue.path));
  return {
    message: `${place === "" ? "The file" : place} is not right: ${issue.message}.`,
    remedy: "Correct it, or take the line out for the default.",
  };
};

const unknownAgent = ({ backends }: Config, agents: AgentIds) => {
  const configured = Object.keys(backends);
  const known = agents(configured);
  const stranger = configured.find((id) => !known.includes(id));
  return stranger === undefined ? null : unknownKey("backends", stranger, known);
};

const broken = (file: string, message: string, remedy: string): Refusal =>
  refuse("invalid_input", `${file}: ${message}`, remedy, { file });

const readText = (file: string): string | null => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw broken(
      file,
      `it cannot be read (${(error as Error).message}).`,
      "Give its owner the right to read it.",
    );
  }
};

/** Which agents there are, for a configuration that names these. */
export type AgentIds = (configured: readonly string[]) => readonly string[];

/** Throws a Refusal that names the file, what is wrong and what was likely meant. A file that is not there means defaults. */
export const loadConfig = (file: string, agents: AgentIds): Config => {
  const text = readText(file);
  if (text === null) return ConfigSchema.parse({});
  if (text.length > MAX_BYTES)
    throw broken(file, "it is larger than 1 MiB.", "Take out what does not belong there.");
  let value: unknown;
  try {
    value = json5.parse(text);
  } catch (error) {
    throw broken(file, `it is not JSON5 (${(error as Error).message}).`, "Correct that place.");
  }
  const parsed = ConfigSchema.safeParse(value);
  const wrong = parsed.success
    ? unknownAgent(parsed.data, agents)
    : explain(parsed.error.issues[0]!);
  if (wrong !== null) throw broken(file, wrong.message, wrong.remedy);
  return parsed.data!;
};
