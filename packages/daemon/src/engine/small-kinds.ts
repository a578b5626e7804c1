/** Tokens and backends: one row each. */
import type { Backend } from "@skein/contract";
import {
  decideBackend,
  decideToken,
  evolveBackend,
  evolveToken,
  type BackendInput,
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
      id: `backend:${after.id}`,
      stream: `backend:${after.id}`,
      state: JSON.stringify(after),
      label: after.id,
      createdAt: Date.parse(after.checkedAt),
    };
    return { rows: [row], items: [], turns: [] };
  },
};
