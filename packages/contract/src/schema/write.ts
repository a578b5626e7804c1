/** `npm run schema`: writes the committed JSON Schema anew, after the contract was changed on purpose. */
import { writeFileSync } from "node:fs";
import { contractSchemaText } from "./build.ts";

writeFileSync(new URL("./generated/schema.json", import.meta.url), contractSchemaText());
