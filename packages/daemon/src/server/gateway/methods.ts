/** What each set of scopes may call on the socket: looked up once per request, decided once per set. */
import {
  allows,
  findOperation,
  operationNames,
  type Operation,
  type OperationName,
  type Scope,
} from "@skein/contract";

export type Method = {
  readonly operation: Operation;
  readonly name: OperationName;
  readonly allowed: boolean;
};

const tables = new Map<string, ReadonlyMap<string, Method>>();

const build = (scopes: readonly Scope[]): ReadonlyMap<string, Method> =>
  new Map(
    operationNames.map((name) => {
      const operation = findOperation(name) as Operation;
      return [name, { name, operation, allowed: allows(scopes, operation.scope) }];
    }),
  );

/** There are as many tables as sets of the four scopes: sixteen. */
export const methodsFor = (scopes: readonly Scope[]): ReadonlyMap<string, Method> => {
  const key = [...new Set(scopes)].toSorted().join(" ");
  let table = tables.get(key);
  if (table === undefined) tables.set(key, (table = build(scopes)));
  return table;
};
