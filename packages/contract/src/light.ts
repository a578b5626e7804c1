/**
 * The part of the contract that needs no schemas, for programs that have no time to build them: zod takes 20 ms for all of
 * the contract, as much as all the rest of `skein list`. Nothing here may import zod, nor anything that does; a test looks.
 */
export * from "./alone.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export * from "./nearest.ts";
export * from "./refusal.ts";
export * from "./shell.ts";
export * from "./state-folder.ts";
export * from "./template.ts";
export * from "./terminal-bytes.ts";
