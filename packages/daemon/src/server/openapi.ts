/** OpenAPI 3.1 of the HTTP surface, from the registry and nothing else. */
import { COMMON_ERRORS, ERRORS, LIMITS, type ErrorCode } from "@skein/contract";
import { contractSchema, type ContractSchema, type JsonSchema } from "@skein/contract/schema";

const moved = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(moved);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [
      key,
      key === "$ref" ? String(inside).replace("#/$defs/", "#/components/schemas/") : moved(inside),
    ]),
  );
};

type Row = ContractSchema["operations"][string];

const properties = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  (schema["properties"] ?? {}) as Record<string, JsonSchema>;

const required = (schema: JsonSchema): readonly string[] =>
  (schema["required"] ?? []) as readonly string[];

const pathNames = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);

const isObject = (schema: JsonSchema, defs: ContractSchema["$defs"]): boolean => {
  const reference = schema["$ref"];
  const name = typeof reference === "string" ? reference.slice("#/$defs/".length) : undefined;
  return (name === undefined ? schema : (defs[name] ?? {}))["type"] === "object";
};

/** Path parameters, and for reads the rest as query: an array as a repeated key, an object as JSON. */
const parameters = (row: Row, defs: ContractSchema["$defs"]): readonly unknown[] => {
  const inPath = pathNames(row.path);
  const names = Object.keys(properties(row.input));
  const listed = hasBody(row) ? names.filter((name) => inPath.includes(name)) : names;
  return listed.map((name) => {
    const schema = properties(row.input)[name] as JsonSchema;
    const place = inPath.includes(name)
      ? { name, in: "path", required: true }
      : { name, in: "query", required: required(row.input).includes(name) };
    return isObject(schema, defs)
      ? { ...place, content: { "application/json": { schema } } }
      : { ...place, schema };
  });
};

const errorsOf = (row: Row): ReadonlySet<ErrorCode> =>
  new Set([
    ...COMMON_ERRORS.every,
    ...(row.kind === "write" ? COMMON_ERRORS.write : []),
    ...(row.errors as readonly ErrorCode[]),
  ]);

const hasBody = (row: Row): boolean => row.method === "POST" || row.method === "PATCH";

const body = (row: Row): object => {
  if (!hasBody(row)) return {};
  const inPath = pathNames(row.path);
  const kept = Object.entries(properties(row.input)).filter(([name]) => !inPath.includes(name));
  const schema = {
    ...row.input,
    properties: Object.fromEntries(kept),
    required: required(row.input).filter((name) => !inPath.includes(name)),
  };
  return { requestBody: { required: true, content: { "application/json": { schema } } } };
};

const responses = (row: Row): Readonly<Record<string, unknown>> => {
  const byStatus = new Map<number, string[]>();
  for (const code of errorsOf(row)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const type = row.kind === "stream" ? "text/event-stream" : "application/json";
  const refusals = [...byStatus.entries()]
    .toSorted(([a], [b]) => a - b)
    .map(([status, codes]) => [
      String(status),
      {
        description: codes.join(", "),
        content: { "application/json": { schema: { $ref: "#/components/schemas/Refused" } } },
      },
    ]);
  return {
    "200": { description: row.summary, content: { [type]: { schema: row.output } } },
    ...Object.fromEntries(refusals),
  };
};

const paths = (schema: ContractSchema): Readonly<Record<string, unknown>> => {
  const result: Record<string, Record<string, unknown>> = {};
  for (const [name, row] of Object.entries(schema.operations)) {
    const place = (result[row.path] ??= {});
    place[row.method.toLowerCase()] = {
      operationId: name,
      summary: row.summary,
      tags: [name.split(".")[0]],
      security: [{ token: [row.scope] }],
      parameters: parameters(row, schema.$defs),
      ...body(row),
      responses: responses(row),
    };
  }
  return result;
};

export const openApi = (version: string): unknown => {
  const schema = contractSchema();
  return moved({
    openapi: "3.1.0",
    info: {
      title: "Skein",
      version,
      description:
        "Every operation of the daemon. A write is answered once it is recorded and synced to disk. The same operations are socket calls (gateway protocol 4) on `/`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths: paths(schema),
    components: {
      schemas: {
        ...schema.$defs,
        Refused: {
          type: "object",
          properties: { error: { $ref: "#/$defs/Problem" } },
          required: ["error"],
        },
      },
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: `A token of at most ${LIMITS.tokenChars} characters, from \`skein token create\`. The scope each operation needs is named in its security entry.`,
        },
      },
    },
  });
};
