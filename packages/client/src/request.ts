/** From an operation and its input to the HTTP request that asks for it: derived from its route, for every operation. */
import type { HttpMethod, Input, Operation, OperationName } from "@skein/contract";
import { refuse } from "@skein/contract/light";

export type Route = readonly [method: HttpMethod, path: string, kind: Operation["kind"]];
/** What of the registry a request needs; who has no time to load the registry brings a copy. */
export type Routes = Readonly<Record<OperationName, Route>>;

export type OperationRequest = {
  readonly method: HttpMethod;
  readonly path: string;
  readonly body: string | null;
};

/**
 * What names nothing is refused here: as text it would be "undefined" or "[object Object]", which may well be the name of
 * something else. A dot or two would be taken for a step in the path.
 */
const segment = (field: string, value: unknown): string => {
  if ((typeof value !== "string" || value === "") && !Number.isFinite(value)) {
    const isMissing = value === undefined || value === null || value === "";
    throw refuse(
      "invalid_input",
      isMissing ? `The ${field} is missing.` : `The ${field} is no text.`,
      field === "session" ? "Give a session's name or id." : `Give the ${field}'s id.`,
    );
  }
  return encodeURIComponent(String(value)).replace(/^\.{1,2}$/, (dots) =>
    dots.replaceAll(".", "%2E"),
  );
};

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

/** Throws a Refusal when what the path has to name is missing. */
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
    return segment(field, value);
  });
  return method === "POST" || method === "PATCH"
    ? { method, path, body: JSON.stringify(rest) }
    : { method, path: path + queryOf(rest), body: null };
};
