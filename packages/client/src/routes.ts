/** The client with the routes of the contract itself. */
import { operationNames, operations, type Input, type OperationName } from "@skein/contract";
import { makeRoutedClient, type Client, type ClientDeps } from "./client.ts";
import { requestBy, type OperationRequest, type Routes } from "./request.ts";

const ROUTES = Object.fromEntries(
  operationNames.map((name) => {
    const { http, kind } = operations[name];
    return [name, [http.method, http.path, kind]];
  }),
) as unknown as Routes;

export const requestOf = <N extends OperationName>(name: N, input: Input<N>): OperationRequest =>
  requestBy(ROUTES, name, input);

export const makeClient = (deps: Omit<ClientDeps, "routes">): Client =>
  makeRoutedClient({ ...deps, routes: ROUTES });
