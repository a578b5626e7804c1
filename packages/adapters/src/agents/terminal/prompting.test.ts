/** A prompt for a terminal that does not answer: a link that was cut and is not yet known as such. */
import { expect, test, vi } from "vitest";
import {
  adapterFailure,
  isHostAway,
  systemClock,
  type Fact,
  type Screen,
  type SessionContext,
  type Terminals,
} from "@skein/sdk";
import { makeLink } from "./link.ts";

const noAnswer = () =>
  adapterFailure("tmux on far does not answer.", {
    kind: "timeout",
    code: "terminal_unavailable",
    remedy: "",
    retryable: true,
  });

const shown = (...lines: string[]): Screen => ({
  columns: 40,
  rows: 6,
  lines: [...lines, ...Array<string>(6 - lines.length).fill("")],
  history: 0,
  cursor: { column: lines.at(-1)!.length + 1, row: lines.length - 1 },
  title: "",
});

const waiting = shown("Welcome", ">");

/** A program in a terminal that answers or not, as the test says. */
const open = async () => {
  const now = { screen: waiting, away: "" };
  const typed: string[] = [];
  const facts: Fact[] = [];
  const never = new Promise<never>(() => undefined);
  const call = async (name: string, done?: string): Promise<void> => {
    if (now.away === name) throw noAnswer();
    if (done !== undefined) typed.push(done);
  };
  const terminals = {
    look: async () => ({ liveness: "alive", held: true, process: null, exit: null }),
    screen: async () => {
      await call("screen");
      return now.screen;
    },
    paste: (_: string, text: string) => call("paste", text),
    keys: (_: string, keys: readonly string[]) => call("keys", keys.join(" ")),
    ended: () => never,
    output: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
  } as unknown as Terminals;
  const context = {
    session: { id: "ses_1", program: { argv: ["repl"], quietMs: 300, ready: "^> ?$" } },
    generation: 1,
    checkpoint: { version: 1, ready: true, turn: null },
    turn: null,
    backend: { terminals, clock: systemClock, host: { id: "far" } },
    report: async (batch: { facts: readonly Fact[] }) => void facts.push(...batch.facts),
    live: () => undefined,
    log: () => undefined,
  } as unknown as SessionContext;
  const link = makeLink(context);
  await link.attach();
  const prompt = () => link.prompt({ turn: "trn_1", prompt: "prm_1", text: "say PONG" });
  const words = () => facts.map(({ fact }) => fact);
  return { now, typed, facts, link, prompt, words };
};

const waits = (given: Promise<void>): Promise<unknown> =>
  given.then(
    () => false,
    (error: unknown) => isHostAway(error),
  );

test("before anything was typed it waits, and is typed when somebody answers", async () => {
  const { now, typed, prompt, words, link } = await open();
  now.away = "screen";
  expect(await waits(prompt())).toBe(true);
  expect(words()).toEqual([]);
  now.away = "";
  await prompt();
  expect(typed).toEqual(["say PONG", "Enter"]);
  expect(words()).toEqual(["accepted"]);
  await link.detach();
});

test("pasted and not entered, as the screen shows afterwards, it is entered", async () => {
  const { now, typed, prompt, words, link } = await open();
  now.away = "keys";
  expect(await waits(prompt())).toBe(true);
  now.away = "";
  now.screen = shown("Welcome", "> say PONG");
  await prompt();
  expect(typed).toEqual(["say PONG", "Enter"]);
  expect(words()).toEqual(["accepted"]);
  await link.detach();
});

test("where nothing of it is to be seen afterwards it is not typed again, and says so", async () => {
  const { now, typed, facts, prompt, words, link } = await open();
  now.away = "paste";
  expect(await waits(prompt())).toBe(true);
  now.away = "";
  await prompt();
  expect(typed).toEqual([]);
  expect(words()).toEqual(["accepted", "turn-ended"]);
  expect(facts[1]).toMatchObject({
    outcome: "failed",
    error: { message: expect.stringMatching(/may or may not have been typed/) },
  });
  await link.detach();
});

test("an interrupt waits as well, and the turn is watched as before", async () => {
  const { now, typed, facts, prompt, words, link } = await open();
  await prompt();
  now.screen = shown("Welcome", "> say PONG", "working");
  now.away = "keys";
  expect(await waits(link.interrupt({ turn: "trn_1" }))).toBe(true);
  now.away = "";
  now.screen = shown("Welcome", "> say PONG", "PONG", ">");
  await vi.waitFor(() => expect(words()).toEqual(["accepted", "item", "turn-ended"]), 10_000);
  expect(typed).toEqual(["say PONG", "Enter"]);
  expect(facts.at(-1)).toMatchObject({ outcome: "completed" });
  await link.detach();
});
