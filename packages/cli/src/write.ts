/** Writes what is made of other sources: docs/cli.md of the verbs, generated/routes.ts of the contract. */
import { writeFileSync } from "node:fs";
import { manual } from "./manual.ts";
import { routesText } from "./routes-text.ts";

writeFileSync(new URL("generated/routes.ts", import.meta.url), routesText());
writeFileSync(new URL("../../../docs/cli.md", import.meta.url), await manual());
