/** Transcripts, turns and the log, page by page. */
import { refuse, type Item, type Turn } from "@skein/contract";
import { findSessionId } from "./find.ts";
import type { Handlers } from "./handlers.ts";
import { optional } from "./optional.ts";
import type { OperationDeps } from "./ports.ts";

export const pagingHandlers = (
  deps: OperationDeps,
): Pick<Handlers, "sessions.items" | "sessions.turns" | "events.list"> => {
  const { store } = deps;
  return {
    "sessions.items": async (input) => {
      const session = await findSessionId(store, input.session);
      const page = await store.items({
        session,
        from: input.from,
        limit: input.limit,
        ...optional("cursor", input.cursor),
      });
      return { items: page.rows.map((row) => JSON.parse(row.item) as Item), next: page.next };
    },

    "sessions.turns": async (input) => {
      const session = await findSessionId(store, input.session);
      const page = await store.turns({
        session,
        limit: input.limit,
        ...optional("cursor", input.cursor),
      });
      return { turns: page.rows.map((row) => JSON.parse(row.turn) as Turn), next: page.next };
    },

    "events.list": async (input) => {
      const head = await store.head();
      if (input.after > head)
        throw refuse(
          "cursor_ahead",
          `The log ends at ${head}; ${input.after} lies after it.`,
          "Begin at a position that this daemon gave.",
        );
      const stream =
        input.session === undefined ? undefined : await findSessionId(store, input.session);
      const events = await store.events({
        after: input.after,
        limit: input.limit,
        ...optional("stream", stream),
      });
      return {
        events: events.map(({ position, stream: of, seq, at, type, data }) => ({
          position,
          stream: of,
          seq,
          at: new Date(at).toISOString(),
          type,
          data: JSON.parse(data) as unknown,
        })),
        next: events.length < input.limit ? null : String(events.at(-1)?.position ?? head),
        head,
      };
    },
  };
};
