/**
 * What an operation is. The registry is a table of these; every surface (HTTP, OpenAPI, socket calls, typed client,
 * generic CLI verbs, later MCP) is derived from that table and from nothing else.
 */
import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import type { Scope } from "./scopes.ts";

export type HttpMethod = "GET" | "POST" | "PATCH" | "DELETE";

export type Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = {
  /** `resource.verb`; also the method name on the socket. */
  readonly name: string;
  readonly summary: string;
  /** read: changes nothing. write: recorded and synced before it is answered. stream: frames until the caller leaves. */
  readonly kind: "read" | "write" | "stream";
  readonly scope: Scope;
  /** Path parameters are named as in `input`: /api/sessions/{session}. GET and DELETE take the rest from the query. */
  readonly http: { readonly method: HttpMethod; readonly path: string };
  readonly input: I;
  readonly output: O;
  /** Beyond those that any operation may answer (invalid_input, unauthenticated, forbidden, overloaded, ...). */
  readonly errors: readonly ErrorCode[];
  /** Whether agents get it as an MCP tool. */
  readonly tool: boolean;
  readonly example: z.input<I>;
};

export const operation = <I extends z.ZodType, O extends z.ZodType>(
  definition: Operation<I, O>,
): Operation<I, O> => definition;

export type InputOf<T> = T extends Operation<infer I, z.ZodType> ? z.input<I> : never;
export type ParsedInputOf<T> = T extends Operation<infer I, z.ZodType> ? z.output<I> : never;
export type OutputOf<T> = T extends Operation<z.ZodType, infer O> ? z.output<O> : never;
