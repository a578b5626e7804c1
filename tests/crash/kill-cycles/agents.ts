/**
 * Whoever works with the four agents: gives them prompts that leave a trace in a file, allows what they ask, and sends again
 * whatever was not answered. What the agents did is read from that file: each line was written by a command that an agent
 * ran, so a prompt that was delivered twice, or an approval that was answered twice, shows there.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SkeinEvent } from "@skein/contract";
import type { Chance } from "../chance.ts";
import { isRefused, type Line } from "../line.ts";
import { untilBroken, type Cycle } from "./cycle.ts";
import type { Book } from "./record.ts";

/** Prompts that an agent has to do at a time. */
const AHEAD = 2;
const PATIENCE_MS = 30_000;

type Prompt = {
  readonly clientId: string;
  readonly text: string;
  readonly mark: string | null;
  id: string | null;
};

export type Worker = {
  readonly session: string;
  play(cycle: Cycle): Promise<void>;
  /** The auditor's next event. */
  read(event: SkeinEvent): void;
  /** Everything given is done. */
  done(): boolean;
  /** Prompts given so far. */
  sent(): number;
  /** Tells what is wrong with what the agent did, now that it is done. */
  reckon(): void;
};

export const makeWorker = (deps: {
  readonly name: string;
  readonly session: string;
  readonly folder: string;
  readonly book: Book;
  readonly chance: Chance;
}): Worker => {
  const { name, session, folder, book, chance } = deps;
  const trace = join(folder, "trace");
  const prompts: Prompt[] = [];
  const accepted = new Map<string, number>();
  const ended = new Map<string, string>();
  const open = new Set<string>();
  const asked = new Set<string>();
  let wake = Promise.withResolvers<void>();

  const stir = (): void => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };

  const invent = (): Prompt => {
    const number = prompts.length + 1;
    const clientId = `${name}-prompt-${number}`;
    if (chance.next() < 0.35)
      return { clientId, text: `SLOW ${chance.pick([0.1, 0.2, 0.3])}`, mark: null, id: null };
    return { clientId, text: `RUN echo ${clientId} >> ${trace}`, mark: clientId, id: null };
  };

  const outstanding = (): number =>
    prompts.filter(({ id }) => id === null || !ended.has(id)).length;

  const send = async (line: Line, prompt: Prompt): Promise<void> => {
    const answer = await line.call("sessions.send", {
      session,
      text: prompt.text,
      clientId: prompt.clientId,
    });
    if (prompt.id !== null && prompt.id !== answer.prompt)
      book.fault(`${prompt.clientId} was acknowledged as ${prompt.id}, then as ${answer.prompt}`);
    prompt.id = answer.prompt;
  };

  const resolve = async (line: Line, approval: string): Promise<void> => {
    try {
      await line.call("approvals.resolve", {
        approval,
        decision: "allow",
        clientId: `${approval}-allow`,
      });
    } catch (error) {
      // The same client id gets the first receipt: neither "already resolved" nor anything else is right here.
      if (!isRefused(error)) throw error;
      book.fault(`${name}: ${approval} was refused: ${error.code} ${error.message}`);
    }
    open.delete(approval);
  };

  const work = async (cycle: Cycle): Promise<void> => {
    const line = await cycle.open();
    const broken = line.broken.then(() => "broken" as const);
    // A careful client that lost the answer asks again; now and then it had the answer already.
    for (const prompt of prompts.filter(({ id }) => id === null)) await send(line, prompt);
    const old = prompts[chance.between(0, Math.max(0, prompts.length - 1))];
    if (old !== undefined) await send(line, old);
    const late = performance.now() + PATIENCE_MS;
    while (performance.now() < late) {
      const next = wake.promise;
      for (const approval of open) await resolve(line, approval);
      if (!cycle.last && outstanding() < AHEAD) {
        const prompt = invent();
        prompts.push(prompt);
        await send(line, prompt);
        continue;
      }
      if (cycle.last && outstanding() === 0) return line.cut();
      const left = pause(late - performance.now(), "late" as const, { ref: false });
      if ((await Promise.race([next, broken, left])) === "broken") return;
    }
    throw new Error(`the agent was not done within ${PATIENCE_MS} ms`);
  };

  return {
    session,
    play: (cycle) =>
      untilBroken(
        () => work(cycle),
        (what) => book.fault(`${name}: ${what}`),
      ),
    done: () => outstanding() === 0,
    read: (event) => {
      if (event.stream !== session) return;
      const data = event.data as {
        prompt: string;
        turn: { prompt: string; outcome: string };
        approval: never;
      };
      if (event.type === "session.prompt.accepted")
        accepted.set(data.prompt, (accepted.get(data.prompt) ?? 0) + 1);
      if (event.type === "session.turn.ended") {
        ended.set(data.turn.prompt, data.turn.outcome);
        if (data.turn.outcome !== "completed")
          book.fault(`${name}: ${data.turn.prompt} ended as ${data.turn.outcome}`);
      }
      if (event.type === "approval.requested") {
        const { id } = data.approval as { id: string };
        open.add(id);
        asked.add(id);
      }
      if (event.type === "approval.expired")
        book.fault(`${name}: approval ${String(data.approval)} expired`);
      stir();
    },
    sent: () => prompts.length,
    reckon: () => {
      const lines = existsSync(trace) ? readFileSync(trace, "utf8").split("\n") : [];
      for (const { id, clientId, mark } of prompts) {
        const taken = accepted.get(id ?? "") ?? 0;
        if (taken !== 1) book.fault(`${clientId} was taken by the agent ${taken} times`);
        const outcome = ended.get(id ?? "");
        if (outcome !== "completed") book.fault(`${clientId} ended as ${outcome}`);
        const runs = lines.filter((line) => line === mark).length;
        if (mark !== null && runs !== 1) book.fault(`the command of ${clientId} ran ${runs} times`);
      }
      const marked = prompts.filter(({ mark }) => mark !== null).length;
      if (asked.size !== marked)
        book.fault(`${name}: ${asked.size} approvals for ${marked} commands`);
    },
  };
};
