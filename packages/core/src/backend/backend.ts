/** What is known of an agent program on this machine. A finding is recorded only when it says something new. */
import type { Backend, NewEvent } from "@skein/contract";
import type { Decision } from "../decision.ts";

export type BackendInput = { readonly type: "observe"; readonly backend: Backend };

const same = (a: Backend, b: Backend): boolean =>
  JSON.stringify({ ...a, checkedAt: "" }) === JSON.stringify({ ...b, checkedAt: "" });

export const decideBackend = (state: Backend | null, input: BackendInput): Decision => ({
  ok: true,
  events:
    state !== null && same(state, input.backend)
      ? []
      : [{ type: "backend.checked", data: { backend: input.backend } }],
  effects: [],
  claims: { take: [], release: [] },
  result: {},
});

export const evolveBackend = (state: Backend | null, event: NewEvent): Backend | null =>
  event.type === "backend.checked" ? event.data.backend : state;
