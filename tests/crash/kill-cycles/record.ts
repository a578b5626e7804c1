/**
 * The checker's own book, kept outside the daemon: what was acknowledged, what the log was seen to say, and every broken
 * promise. All watchers write into it, so a position that ever says two things is found whoever reads it.
 */
import type { SkeinEvent } from "@skein/contract";

export type Fact = { readonly session: string; readonly clientId: string };

export type Book = {
  readonly faults: string[];
  fault(what: string): void;
  /** An append was answered. The first answer counts; any later one must say the same. */
  acknowledged(fact: Fact, seq: number): void;
  readonly acks: ReadonlyMap<string, { readonly session: string; readonly seq: number }>;
  /** An event that somebody saw. */
  saw(event: SkeinEvent): void;
  /** Events by position - 1, as far as the auditor has read without a gap. */
  readonly log: readonly SkeinEvent[];
  /** The auditor's: the next event of the whole log. */
  read(event: SkeinEvent): void;
  /** A daemon has died: what was acknowledged up to here must be in the log of the next one. */
  died(): void;
  /** All that the dead left has been read: each of those acknowledgements is looked for, once. */
  audit(): void;
};

const MOST_FAULTS = 40;

/** Enough to tell two events apart that claim the same place. */
const signature = ({ stream, seq, at, type }: SkeinEvent): string =>
  `${stream} ${seq} ${at} ${type}`;

/** The client id that a producer puts into its fact, since the log does not tell it. */
const factId = (event: SkeinEvent): string | null => {
  if (event.type !== "session.reported") return null;
  const { data } = event.data as { data: { id?: string } | null };
  return data?.id ?? null;
};

export const makeBook = (): Book => {
  const faults: string[] = [];
  const acks = new Map<string, { session: string; seq: number }>();
  const seen: string[] = [];
  const log: SkeinEvent[] = [];
  const seqs = new Map<string, number>();
  const facts = new Map<string, SkeinEvent>();
  let alive: string[] = [];
  let due: string[] = [];

  const fault = (what: string): void => {
    if (faults.length < MOST_FAULTS) faults.push(what);
  };
  const saw = (event: SkeinEvent): void => {
    const known = seen[event.position];
    const told = signature(event);
    if (known === undefined) seen[event.position] = told;
    else if (known !== told) fault(`position ${event.position} was "${known}", is "${told}"`);
  };
  const readFact = (event: SkeinEvent): void => {
    const id = factId(event);
    if (id === null) return;
    const before = facts.get(id);
    if (before !== undefined) fault(`${id} is there twice: ${before.position}, ${event.position}`);
    facts.set(id, event);
  };

  return {
    faults,
    fault,
    acks,
    log,
    saw,
    acknowledged: ({ session, clientId }, seq) => {
      const before = acks.get(clientId);
      if (before === undefined) {
        acks.set(clientId, { session, seq });
        alive.push(clientId);
      } else if (before.seq !== seq) {
        fault(`${clientId} was acknowledged as seq ${before.seq}, then as ${seq}`);
      }
    },
    read: (event) => {
      saw(event);
      if (event.position !== log.length + 1)
        fault(`the log goes from ${log.length} to ${event.position}`);
      const seq = seqs.get(event.stream) ?? 0;
      if (event.seq !== seq + 1) fault(`${event.stream} goes from ${seq} to ${event.seq}`);
      seqs.set(event.stream, event.seq);
      readFact(event);
      log.push(event);
    },
    died: () => {
      due.push(...alive);
      alive = [];
    },
    audit: () => {
      const looked = due;
      due = [];
      for (const clientId of looked) {
        const ack = acks.get(clientId);
        const event = facts.get(clientId);
        if (event?.stream === ack?.session && event?.seq === ack?.seq) continue;
        const now = event === undefined ? "lost" : `seq ${event.seq} of ${event.stream}`;
        fault(`${clientId}, acknowledged as seq ${ack?.seq} of ${ack?.session}, is ${now}`);
      }
    },
  };
};
