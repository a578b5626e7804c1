/** Sessions that come and go: created, sometimes used at once, deleted. One at a time, so that a slow machine keeps up. */
import type { SkeinEvent } from "@skein/contract";
import type { Chance } from "../chance.ts";
import { isRefused, type Line } from "../line.ts";
import { untilBroken, type Cycle } from "./cycle.ts";
import type { Book } from "./record.ts";

type Visit = {
  readonly tag: string;
  readonly backend: string;
  /** Decided at the beginning, so that what is sent again is the same. */
  readonly plan: { readonly sends: boolean; readonly waits: boolean };
  id: string | null;
  leaving: boolean;
  over: boolean;
};

export type Visitor = {
  play(cycle: Cycle): Promise<void>;
  read(event: SkeinEvent): void;
  /** Visits made; each must be in the log once. */
  reckon(): number;
};

export const makeVisitor = (deps: {
  readonly backends: readonly string[];
  readonly folder: string;
  readonly book: Book;
  readonly chance: Chance;
}): Visitor => {
  const { book, chance, folder } = deps;
  const visits: Visit[] = [];
  const created = new Map<string, string[]>();

  const create = async (line: Line, visit: Visit): Promise<void> => {
    const { session } = await line.call("sessions.create", {
      backend: visit.backend,
      folder,
      tags: [visit.tag],
      clientId: `${visit.tag}-create`,
    });
    if (visit.id !== null && visit.id !== session.id)
      book.fault(`${visit.tag} was created as ${visit.id}, then as ${session.id}`);
    visit.id = session.id;
  };

  const remove = async (line: Line, visit: Visit): Promise<void> => {
    try {
      await line.call("sessions.delete", { session: visit.id!, clientId: `${visit.tag}-delete` });
    } catch (error) {
      if (!isRefused(error)) throw error;
      book.fault(`${visit.tag}: the delete was refused: ${error.code} ${error.message}`);
    }
    visit.over = true;
  };

  const visitOnce = async (line: Line, visit: Visit): Promise<void> => {
    await create(line, visit);
    if (chance.next() < 0.3) await create(line, visit);
    const session = visit.id!;
    if (!visit.leaving && visit.plan.sends)
      await line.call("sessions.send", {
        session,
        text: "SLOW 0.1",
        clientId: `${visit.tag}-send`,
      });
    if (!visit.leaving && visit.plan.waits)
      await line.call("sessions.wait", { sessions: [session], timeoutMs: 300 });
    visit.leaving = true;
    await remove(line, visit);
  };

  const begin = (): Visit => ({
    tag: `visit-${visits.length + 1}`,
    backend: deps.backends[visits.length % deps.backends.length]!,
    plan: { sends: chance.next() < 0.3, waits: chance.next() < 0.5 },
    id: null,
    leaving: false,
    over: false,
  });

  const come = async (cycle: Cycle): Promise<void> => {
    const line = await cycle.open();
    for (;;) {
      let visit = visits.find(({ over }) => !over);
      if (visit === undefined) {
        if (cycle.last) return line.cut();
        visit = begin();
        visits.push(visit);
      }
      await visitOnce(line, visit);
    }
  };

  return {
    play: (cycle) =>
      untilBroken(
        () => come(cycle),
        (what) => book.fault(`visitor: ${what}`),
      ),
    read: (event) => {
      if (event.type !== "session.created") return;
      const { session } = event.data as { session: { id: string; tags: string[] } };
      for (const tag of session.tags) created.set(tag, [...(created.get(tag) ?? []), session.id]);
    },
    reckon: () => {
      for (const { tag, id } of visits) {
        const ids = created.get(tag) ?? [];
        if (ids.length !== 1 || ids[0] !== id)
          book.fault(`${tag} is in the log as ${ids.join(", ")}, acknowledged as ${id}`);
      }
      return visits.length;
    },
  };
};
