import { fileURLToPath } from "node:url";

/** The checkout, without a trailing slash. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Everything that can be thrown away and made again, but for node_modules and dist. */
export const cache = `${root}/.cache`;

/** The real Node 26, not the link in `.bin`. */
export const node = `${root}/node_modules/node/bin/node`;

export const bundle = `${root}/dist/skein.js`;
