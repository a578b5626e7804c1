/**
 * The contract as JSON Schema (2020-12): every operation, event and frame, with what they share under `$defs`. From
 * it come the committed file that shows when the contract drifts, and OpenAPI.
 */
import { z } from "zod";
import * as contract from "../index.ts";

export type JsonSchema = { readonly [key: string]: unknown };

export type ContractSchema = {
  readonly $schema: string;
  readonly title: string;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly summary: string;
        readonly kind: string;
        readonly scope: string;
        readonly method: string;
        readonly path: string;
        readonly errors: readonly string[];
        readonly tool: boolean;
        readonly example: unknown;
        readonly input: JsonSchema;
        readonly output: JsonSchema;
      }
    >
  >;
  readonly events: Readonly<Record<string, JsonSchema>>;
  readonly frames: Readonly<Record<string, JsonSchema>>;
  readonly errors: Readonly<Record<string, unknown>>;
  readonly $defs: Readonly<Record<string, JsonSchema>>;
};

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** What the contract's door exports under a capital letter is a shape with a name of its own. */
const named = (): z.core.$ZodRegistry<{ id: string }> => {
  const registry = z.registry<{ id: string }>();
  for (const [name, value] of Object.entries(contract)) {
    if (value instanceof z.ZodType && /^[A-Z]/.test(name)) registry.add(value, { id: name });
  }
  return registry;
};

/**
 * Descriptions live in zod's own registry, names in ours. And what the daemon answers may get new fields later, so
 * readers must not refuse them: only what is declared strict is closed.
 */
const describeAndOpen = (context: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void => {
  const description = z.globalRegistry.get(context.zodSchema)?.description;
  if (description !== undefined) context.jsonSchema.description = description;
  const { def } = context.zodSchema._zod;
  if (def.type === "object" && def.catchall === undefined) {
    delete context.jsonSchema.additionalProperties;
  }
};

const renamed = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((element) => renamed(element, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => {
      const target = key === "$ref" ? names.get(String(inside)) : undefined;
      return [key, target ?? renamed(inside, names)];
    }),
  );
};

/** Converts schemas one by one and gathers what they share. */
const makeConvert = (defs: Map<string, JsonSchema>) => {
  const registry = named();

  /** A name under which the definition fits: its own, or one with the owner's when another has it. */
  const placeOf = (name: string, owner: string, text: string): string => {
    const wanted = name.startsWith("__") ? `${owner}.${name.slice(2)}` : name;
    const other = defs.get(wanted);
    if (other === undefined || JSON.stringify(other) === text) return wanted;
    return `${wanted}.input`;
  };

  return (schema: z.ZodType, owner: string, io: "input" | "output"): JsonSchema => {
    const {
      $schema: _,
      $defs = {},
      ...body
    } = z.toJSONSchema(schema, {
      io,
      metadata: registry,
      override: describeAndOpen,
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    const names = new Map<string, string>();
    for (const [name, definition] of Object.entries($defs)) {
      const { id: __, ...rest } = definition;
      const place = placeOf(name, owner, JSON.stringify(rest));
      names.set(`#/$defs/${name}`, `#/$defs/${place}`);
      $defs[name] = rest;
    }
    for (const [name, definition] of Object.entries($defs)) {
      const place = names.get(`#/$defs/${name}`)?.slice("#/$defs/".length) as string;
      defs.set(place, renamed(definition, names) as JsonSchema);
    }
    const { id: ___, ...rest } = renamed(body, names) as JsonSchema;
    return rest;
  };
};

const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> =>
  Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The same object, key for key, at every call. */
export const contractSchema = (): ContractSchema => {
  const defs = new Map<string, JsonSchema>();
  const convert = makeConvert(defs);
  const operations = contract.operationNames.map((name) => {
    const operation = contract.operations[name];
    return [
      name,
      {
        summary: operation.summary,
        kind: operation.kind,
        scope: operation.scope,
        method: operation.http.method,
        path: operation.http.path,
        errors: operation.errors,
        tool: operation.tool,
        example: operation.example,
        output: convert(operation.output, `${name}.output`, "output"),
        input: convert(operation.input, `${name}.input`, "input"),
      },
    ] as const;
  });
  const events = Object.entries(contract.EVENT_DATA).map(
    ([type, data]) => [type, convert(data, type, "output")] as const,
  );
  const frames = {
    request: convert(contract.RequestFrame, "request", "output"),
    response: convert(contract.ResponseFrame, "response", "output"),
    event: convert(contract.EventFrame, "event", "output"),
    connect: convert(contract.ConnectParams, "connect", "input"),
    helloOk: convert(contract.HelloOk, "helloOk", "output"),
    watch: convert(contract.WatchFrame, "watch", "output"),
    problem: convert(contract.Problem, "problem", "output"),
  };
  return {
    $schema: DIALECT,
    title: "The contract of Skein",
    operations: sorted(operations),
    events: sorted(events),
    frames,
    errors: sorted(Object.entries(contract.ERRORS)),
    $defs: sorted(defs),
  };
};

/** As it is written to disk. */
export const contractSchemaText = (): string => `${JSON.stringify(contractSchema(), null, 2)}\n`;
