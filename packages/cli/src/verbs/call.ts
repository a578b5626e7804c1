/** `skein call`: any operation of the contract, as the daemon takes and gives it. */
import type { Input, OperationName } from "@skein/contract";
import { LIMITS, nearest } from "@skein/contract/light";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { json as jsonText, oneLine } from "../format/escape.ts";
import { table } from "../format/table.ts";
import { ROUTES } from "../generated/routes.ts";
import { verb } from "../verb.ts";

type Flags = { readonly json?: string | true; readonly list?: boolean };

export const call = verb<Flags, [operation: string | undefined]>({
  examples: [
    ["skein call sessions.list", "with an empty input"],
    [`skein call sessions.get --json '{"session": "fizz-top"}'`, "with an input"],
    ["skein call sessions.send --json - < input.json", "input from standard input"],
    ["skein call --list", "every operation, with an example"],
  ],
  notes:
    "Prints the operation's view as JSON. A stream (events.watch) prints one frame a line until Ctrl-C.\n" +
    "The schemas are in the daemon's /openapi.json.",
  define: (command) =>
    command
      .argument("[OPERATION]", "such as sessions.list")
      .option("--json [input]", "the input as JSON; - reads standard input (default: {})")
      .option("--list", "list the operations instead; with --json, as JSON"),
  run: async (cli, { json, list }, operation) => {
    if (list === true) return listOperations(cli, json !== undefined);
    if (operation === undefined)
      throw misused("No operation was named.", "See them with: skein call --list");
    if (!Object.hasOwn(ROUTES, operation)) throw unknown(operation);
    const name = operation as OperationName;
    const input = await inputFrom(cli, json);
    if (ROUTES[name][2] === "stream")
      for await (const frame of cli.watch(input as Input<"events.watch">))
        cli.print(jsonText(frame));
    else printJson(cli, await cli.call(name, input as never));
    return EXIT.done;
  },
});

const unknown = (operation: string) => {
  const meant = nearest(operation, Object.keys(ROUTES));
  const hint = meant === null ? "" : `Did you mean ${meant}? `;
  return misused(
    `There is no operation ${oneLine(operation)}.`,
    `${hint}See them all with: skein call --list`,
  );
};

const MOST_INPUT_BYTES = LIMITS.httpBodyBytes;

const inputFrom = async (cli: Cli, given: string | true | undefined): Promise<unknown> => {
  if (given === undefined || given === true) return {};
  const text = given === "-" ? await readInput(cli.stdin) : given;
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    const why = (error as Error).message;
    throw misused(`The input is not JSON: ${why}`, `Quote it, as in --json '{"session": "x"}'.`);
  }
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw misused("The input is not a JSON object.", "An operation takes {...}.");
  return input;
};

const readInput = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > MOST_INPUT_BYTES)
      throw misused(
        `The input is larger than ${MOST_INPUT_BYTES / 1024 / 1024} MiB.`,
        "No operation takes that much at once.",
      );
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString("utf8");
};

const listOperations = async (cli: Cli, asJson: boolean): Promise<number> => {
  const { operations } = await import("@skein/contract");
  const rows = Object.values(operations).map(({ name, kind, scope, summary, example, http }) => ({
    name,
    kind,
    scope,
    http,
    summary,
    example,
  }));
  if (asJson) printJson(cli, { operations: rows });
  else
    cli.print(
      table(
        [
          { title: "OPERATION", cell: ({ name }) => name },
          { title: "KIND", cell: ({ kind }) => kind },
          { title: "EXAMPLE INPUT", cell: ({ example }) => jsonText(example) },
        ],
        rows,
        cli.width,
      ).join("\n"),
    );
  return EXIT.done;
};
