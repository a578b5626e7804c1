/** One session in a test's hands: says things to it, waits for what comes of it, never sleeps. */
import type {
  Approval,
  Decision,
  Input,
  Item,
  Output,
  Session,
  SessionStatus,
  Turn,
} from "@skein/contract";
import { allPages } from "@skein/client";
import { dataOf, type Seen } from "./events.ts";
import type { House } from "./house.ts";

export type Agent = {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  send(
    text: string,
    how?: "queue" | "steer" | "interrupt",
  ): Promise<{ prompt: string; delivery: string }>;
  /** The turn of a prompt, once it has ended. */
  ended(prompt: string, ms?: number): Promise<Turn>;
  /** Sends, waits for the end of the turn, and gives its last message. */
  say(text: string, ms?: number): Promise<{ turn: Turn; answer: string }>;
  /** What the agent said last in a turn. */
  answer(turn: Turn): Promise<string>;
  /** The next approval that this agent asked for and that was not handed out before. */
  asked(ms?: number): Promise<Approval>;
  resolve(
    approval: Approval,
    decision: Decision,
    more?: Pick<Input<"approvals.resolve">, "message" | "answers">,
  ): Promise<Output<"approvals.resolve">>;
  /** How many approvals it has asked for so far. */
  asks(): number;
  /** Waits until it is in this state, and gives the status. */
  state(state: SessionStatus["state"], ms?: number): Promise<SessionStatus>;
  until(what: string, test: (event: Seen) => boolean, ms?: number): Promise<Seen>;
  /** The first words of a running turn have come; where words come whole only, its prompt was taken. */
  speaks(ms?: number): Promise<void>;
  view(): Promise<Session>;
  items(): Promise<Item[]>;
  events(): Seen[];
};

const lastStatus = (events: readonly Seen[], id: string): SessionStatus | null => {
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index]!;
    if (event.stream !== id) continue;
    const status = dataOf(event, "session.status");
    if (status !== null) return status;
  }
  return null;
};

/** A TUI tells its messages when they are whole. */
const showsWords = (session: Session): boolean =>
  !(session.backend === "claude-code" && session.interface === "tui");

export const takeAgent = (house: House, session: Session): Agent => {
  const { id, name, folder } = session;
  const { log, call } = house;
  const mine = (event: Seen): boolean => event.stream === id;
  let handedOut = 0;
  let newest = "";

  const until: Agent["until"] = (what, test, ms) =>
    log.until(`${name}: ${what}`, (event) => mine(event) && test(event), optional(ms));

  const items = (): Promise<Item[]> =>
    allPages(
      (page) => call("sessions.items", { session: id, from: "start", ...page }),
      (page) => page.items,
    );

  const send: Agent["send"] = async (text, how = "queue") => {
    const { prompt, delivery } = await call("sessions.send", { session: id, text, how });
    newest = prompt;
    return { prompt, delivery };
  };

  const ended: Agent["ended"] = async (prompt, ms) => {
    const event = await until(
      `the end of the turn of ${prompt}`,
      (one) => dataOf(one, "session.turn.ended")?.turn.prompt === prompt,
      ms,
    );
    return dataOf(event, "session.turn.ended")!.turn;
  };

  const answer: Agent["answer"] = async (turn) => {
    const said = (await items()).filter(
      (item) => item.turn === turn.id && item.body.kind === "message",
    );
    const last = said.at(-1);
    return last?.body.kind === "message" ? last.body.text : "";
  };

  return {
    id,
    name,
    folder,
    send,
    ended,
    answer,
    items,
    until,
    say: async (text, ms) => {
      const { prompt } = await send(text);
      const turn = await ended(prompt, ms);
      return { turn, answer: await answer(turn) };
    },
    asked: async (ms) => {
      const number = ++handedOut;
      let seen = 0;
      const event = await until(
        `its approval number ${number}`,
        (one) => one.type === "approval.requested" && ++seen === number,
        ms,
      );
      return dataOf(event, "approval.requested")!.approval;
    },
    resolve: (approval, decision, more = {}) =>
      call("approvals.resolve", { approval: approval.id, decision, ...more }),
    asks: () => log.events.filter((one) => mine(one) && one.type === "approval.requested").length,
    state: async (state, ms) => {
      const now = lastStatus(log.events, id);
      if (now?.state === state) return now;
      const event = await log.until(
        `${name}: the state ${state}`,
        (one) => mine(one) && dataOf(one, "session.status")?.state === state,
        { from: log.events.length, ...optional(ms) },
      );
      return dataOf(event, "session.status")!;
    },
    speaks: async (ms) => {
      const isTaken = (event: Seen): boolean =>
        dataOf(event, "session.prompt.accepted")?.prompt === newest;
      if (!showsWords(session)) return void (await until("its prompt is taken", isTaken, ms));
      const from = log.deltas.length;
      await log.untilDelta(`${name}: its first words`, (delta) => delta.session === id, {
        from,
        ...optional(ms),
      });
    },
    view: async () => (await call("sessions.get", { session: id })).session,
    events: () => log.events.filter(mine),
  };
};

const optional = (ms: number | undefined): { ms?: number } => (ms === undefined ? {} : { ms });
