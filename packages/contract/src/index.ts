/** The contract: every operation, event and view, each declared once. */
export * from "./approval.ts";
export * from "./backend.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./gateway.ts";
export * from "./item.ts";
export * from "./limits.ts";
export * from "./nearest.ts";
export * from "./operation.ts";
export * from "./primitives.ts";
export * from "./problem.ts";
export * from "./registry.ts";
export * from "./scopes.ts";
export * from "./session.ts";
export * from "./system.ts";
export * from "./token.ts";
export * from "./usage.ts";
