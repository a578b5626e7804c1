/** From an operation and its input to the HTTP request that asks for it: derived from its route, for every operation. */
import type { HttpMethod, Input, Operation, OperationName } from "@skein/contract";

export type Route = readonly [method: HttpMethod, path: string, kind: Operation["kind"]];
/** What of the registry a request needs; who has no time to load the registry brings a copy. */
export type Routes = Readonly<Record<OperationName, Route>>;

export type OperationRequest = {
  readonly method: HttpMethod;
  readonly path: string;
  readonly body: string | null;
};

/** A dot or two would be taken for a step in the path. */
const segment = (value: unknown): string =>
  encodeURIComponent(String(value)).replace(/^\.{1,2}$/, (dots) => dots.replaceAll(".", "%2E"));

const queryText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** Arrays are repeated keys, objects JSON; what is undefined is left out. */
const queryOf = (input: Readonly<Record<string, unknown>>): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one !== undefined) query.append(key, queryText(one));
    }
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
};

export const requestBy = <N extends OperationName>(
  routes: Routes,
  name: N,
  input: Input<N>,
): OperationRequest => {
  const [method, template] = routes[name];
  const rest: Record<string, unknown> = { ...(input as Record<string, unknown>) };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field];
    delete rest[field];
    return segment(value);
  });
  return method === "POST" || method === "PATCH"
    ? { method, path, body: JSON.stringify(rest) }
    : { method, path: path + queryOf(rest), body: null };
};
