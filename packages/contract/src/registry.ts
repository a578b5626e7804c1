/** The one table of operations. */
import { approvalOperations } from "./approval.ts";
import { backendOperations } from "./backend.ts";
import { eventOperations } from "./event.ts";
import { goalOperations } from "./goal-operations.ts";
import { hostOperations } from "./host.ts";
import type { InputOf, Operation, OutputOf, ParsedInputOf } from "./operation.ts";
import { outsideOperations } from "./outside.ts";
import { sessionOperations } from "./session-operations.ts";
import { systemOperations } from "./system.ts";
import { terminalOperations } from "./terminal.ts";
import { tokenOperations } from "./token.ts";

export const operations = {
  ...sessionOperations,
  ...goalOperations,
  ...approvalOperations,
  ...eventOperations,
  ...backendOperations,
  ...hostOperations,
  ...outsideOperations,
  ...terminalOperations,
  ...tokenOperations,
  ...systemOperations,
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Input<N extends OperationName> = InputOf<Operations[N]>;
export type ParsedInput<N extends OperationName> = ParsedInputOf<Operations[N]>;
export type Output<N extends OperationName> = OutputOf<Operations[N]>;

export const operationNames = Object.keys(operations) as OperationName[];

/** The definition by name; undefined when there is none of that name (own keys only). */
export const findOperation = (name: string): Operation | undefined =>
  Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined;
