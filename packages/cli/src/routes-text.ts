/**
 * The text of generated/routes.ts: each operation's method, path and kind, without the schemas. Loading the contract
 * itself costs 20 ms (zod builds every schema), which `skein list` does not have.
 */
import { operations } from "@skein/contract";

export const routesText = (): string => {
  const rows = Object.values(operations).map(
    ({ name, http, kind }) => `  "${name}": ["${http.method}", "${http.path}", "${kind}"],\n`,
  );
  return [
    "/** Made from the contract by `node packages/cli/src/write.ts`; a test fails when it drifts. */\n",
    'import type { Routes } from "@skein/client/light";\n\n',
    "export const ROUTES: Routes = {\n",
    ...rows,
    "};\n",
  ].join("");
};
