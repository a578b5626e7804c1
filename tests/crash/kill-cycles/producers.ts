/**
 * Eight producers, eight appends under way each. What was not answered when the daemon died is sent again with the same
 * client id and the same words, as a careful client does; now and then so is what was answered long ago.
 */
import type { Chance } from "../chance.ts";
import type { Line } from "../line.ts";
import { untilBroken, type Cycle } from "./cycle.ts";
import type { Book, Fact } from "./record.ts";

const UNDER_WAY = 8;
const REPEATED = 3;

type Producer = { play(cycle: Cycle): Promise<void> };

export const makeProducer = (deps: {
  readonly name: string;
  readonly sessions: readonly string[];
  readonly book: Book;
  readonly chance: Chance;
}): Producer => {
  const { name, sessions, book, chance } = deps;
  const slots: (Fact | null)[] = Array.from({ length: UNDER_WAY }, () => null);
  const answered: Fact[] = [];
  let made = 0;

  const append = async (
    line: Line,
    { session, clientId }: Fact,
  ): Promise<{ seq: number; repeated: boolean }> => {
    const { events } = await line.call("events.append", {
      session,
      events: [{ type: "load.fact", data: { id: clientId }, clientId }],
    });
    const [answer] = events;
    if (answer === undefined || answer.clientId !== clientId)
      throw new Error(`the answer to ${clientId} is about something else`);
    return answer;
  };

  const fill = async (line: Line, slot: number, last: boolean): Promise<void> => {
    for (;;) {
      const waiting = slots[slot] ?? null;
      if (waiting === null && last) return;
      const fact = waiting ?? { session: chance.pick(sessions), clientId: `${name}-${++made}` };
      slots[slot] = fact;
      const { seq } = await append(line, fact);
      book.acknowledged(fact, seq);
      slots[slot] = null;
      answered.push(fact);
    }
  };

  const repeat = async (line: Line): Promise<void> => {
    if (answered.length === 0) return;
    for (let left = REPEATED; left > 0; left--) {
      const fact = chance.pick(answered);
      const { seq, repeated } = await append(line, fact);
      book.acknowledged(fact, seq);
      if (!repeated) book.fault(`${fact.clientId} was taken for new when it was sent again`);
    }
  };

  return {
    play: (cycle) =>
      untilBroken(
        async () => {
          const line = await cycle.open();
          await Promise.all([
            repeat(line),
            ...slots.map((_, slot) => fill(line, slot, cycle.last)),
          ]);
          line.cut();
        },
        (what) => book.fault(`${name}: ${what}`),
      ),
  };
};
