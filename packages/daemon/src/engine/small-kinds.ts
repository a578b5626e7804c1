/** Tokens, backends, hosts and terminals: one row each. */
import { LOCAL_HOST, type Backend } from "@skein/contract";
import {
  decideBackend,
  decideHost,
  decideTerminal,
  decideToken,
  evolveBackend,
  evolveHost,
  evolveTerminal,
  evolveToken,
  type BackendInput,
  type HostInput,
  type HostState,
  type TerminalInput,
  type TerminalRecord,
  type TokenInput,
  type TokenState,
} from "@skein/core";
import type { Kind } from "./kind.ts";
import type { Row } from "./ports.ts";

const plain = {
  label: null,
  status: null,
  parent: null,
  secret: null,
  owner: null,
  live: true,
  attached: false,
} as const;

export const tokenKind: Kind<TokenState, TokenInput> = {
  name: "token",
  load: async (store, stream) => {
    const row = await store.row("token", stream);
    return row === null ? null : (JSON.parse(row.state) as TokenState);
  },
  decide: (state, input, context) => decideToken(state, input, context),
  evolve: evolveToken,
  write: (after, steps) => {
    if (after === null || steps.length === 0) return { rows: [], items: [], turns: [] };
    const row: Row = {
      ...plain,
      kind: "token",
      id: after.view.id,
      stream: after.view.id,
      state: JSON.stringify(after),
      label: after.view.label,
      secret: after.secret,
      live: after.view.revokedAt === null,
      createdAt: Date.parse(after.view.createdAt),
    };
    return { rows: [row], items: [], turns: [] };
  },
};

/** One record for each agent on each host. */
export const backendStream = (host: string, backend: string): string =>
  host === LOCAL_HOST ? `backend:${backend}` : `backend:${host}:${backend}`;

export const backendKind: Kind<Backend, BackendInput> = {
  name: "backend",
  load: async (store, stream) => {
    const row = await store.row("backend", stream);
    return row === null ? null : (JSON.parse(row.state) as Backend);
  },
  decide: (state, input) => decideBackend(state, input),
  evolve: evolveBackend,
  write: (after, steps) => {
    if (after === null || steps.length === 0) return { rows: [], items: [], turns: [] };
    const row: Row = {
      ...plain,
      kind: "backend",
      id: backendStream(after.host, after.id),
      stream: backendStream(after.host, after.id),
      state: JSON.stringify(after),
      label: after.id,
      createdAt: Date.parse(after.checkedAt),
    };
    return { rows: [row], items: [], turns: [] };
  },
};

export const hostStream = (name: string): string => `host:${name}`;

export const readHostRow = (row: Row): HostState => JSON.parse(row.state) as HostState;

export const hostKind: Kind<HostState, HostInput> = {
  name: "host",
  load: async (store, stream) => {
    const row = await store.row("host", stream);
    return row === null ? null : readHostRow(row);
  },
  decide: decideHost,
  evolve: evolveHost,
  write: (after, steps) => {
    if (after === null || steps.length === 0) return { rows: [], items: [], turns: [] };
    const row: Row = {
      ...plain,
      kind: "host",
      id: hostStream(after.name),
      stream: hostStream(after.name),
      state: JSON.stringify(after),
      label: after.name,
      live: after.removedAt === null,
      createdAt: Date.parse(after.addedAt),
    };
    return { rows: [row], items: [], turns: [] };
  },
};

export const readTerminalRow = (row: Row): TerminalRecord =>
  JSON.parse(row.state) as TerminalRecord;

export const terminalKind: Kind<TerminalRecord, TerminalInput> = {
  name: "terminal",
  load: async (store, stream) => {
    const row = await store.row("terminal", stream);
    return row === null ? null : readTerminalRow(row);
  },
  decide: decideTerminal,
  evolve: evolveTerminal,
  write: (after, steps) => {
    if (after === null || steps.length === 0) return { rows: [], items: [], turns: [] };
    const row: Row = {
      ...plain,
      kind: "terminal",
      id: after.id,
      stream: after.id,
      state: JSON.stringify(after),
      parent: after.session,
      live: after.closedAt === null,
      createdAt: Date.parse(after.createdAt),
    };
    return { rows: [row], items: [], turns: [] };
  },
};
