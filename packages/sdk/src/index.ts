/** The doors that adapters implement. */
export * from "./backend-context.ts";
export * from "./clock.ts";
export * from "./driver.ts";
export * from "./failure.ts";
export * from "./host.ts";
export * from "./marks.ts";
export * from "./outside.ts";
export * from "./stale.ts";
export * from "./terminal.ts";
