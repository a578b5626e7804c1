// A fake LLM to try Skein with when there is no login: `node main.ts [--port 8766]`.
import { parseArgs } from "node:util";

import { makeFakeLlm } from "./server.ts";

try {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const fake = await makeFakeLlm({ port: Number(values.port), log });
  // The URL alone, first and on stdout, for scripts.
  process.stdout.write(`${fake.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void fake.close());
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `The fake LLM did not start (${reason}): give it a free port, or none: --port 0.\n`,
  );
  process.exitCode = 1;
}
