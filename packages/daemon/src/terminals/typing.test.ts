import { expect, test } from "vitest";
import type { TerminalServerFrame } from "@skein/contract";
import { lineTooLong, nothingRuns, noAnswer } from "./failures.ts";
import type { Reply } from "./control.ts";
import { makeInputs } from "./inputs.ts";
import type { Seat } from "./seat.ts";
import { makeTyping } from "./typing.ts";

const made = async (paste: (text: string) => Promise<void> = async () => {}) => {
  const log: string[] = [];
  const waiting: ((replies: readonly Reply[] | null) => void)[] = [];
  const ask = (line: string, _: number, done: (replies: readonly Reply[] | null) => void): void => {
    log.push(line);
    waiting.push(done);
  };
  const told: TerminalServerFrame[] = [];
  const inputs = makeInputs();
  const sit = (text: (frame: TerminalServerFrame) => void): Seat =>
    ({ key: "ada tab", line: { text, close: (reason: string) => closed.push(reason) } }) as never;
  const closed: string[] = [];
  const seat = sit((frame) => told.push(frame));
  let tell = (): void => {};
  const typing = makeTyping({
    clock: { now: () => 0, monotonic: () => 0, after: (_, run) => ((tell = run), () => {}) },
    inputs,
    ready: Promise.resolve(),
    into: () => ({ control: { ask } as never, pane: "%1" }),
    paste: async (text) => {
      log.push(`paste ${text}`);
      await paste(text);
    },
  });
  const keys = (seq: number, text: string): void => typing.keys(seat, seq, Buffer.from(text));
  /** The moment in which what was typed is told is over. */
  const later = async (): Promise<void> => {
    await settled();
    tell();
    tell = () => {};
  };
  await settled();
  return { log, waiting, told, closed, inputs, sit, seat, typing, keys, later };
};
const done: readonly Reply[] = [{ ok: true, body: new Uint8Array() }];
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("each number is typed once, in order, and answered a moment after tmux has taken it", async () => {
  const { log, waiting, told, keys, later } = await made();
  keys(1, "ls");
  keys(1, "ls");
  keys(2, "\u0003");
  expect(log).toEqual(["send-keys -t %1 -H 6c 73", "send-keys -t %1 -H 03"]);
  await later();
  expect(told).toEqual([]);
  waiting.forEach((answer) => answer(done));
  await settled();
  expect(told).toEqual([]);
  await later();
  keys(1, "ls");
  await later();
  expect([told, log.length]).toEqual([
    [
      { type: "typed", seq: 2 },
      { type: "typed", seq: 1 },
    ],
    2,
  ]);
});

test("what tmux did not answer may have been typed: it is said so, and never typed again", async () => {
  const { log, waiting, told, keys } = await made();
  keys(1, "rm x\r");
  waiting[0]!(null);
  await settled();
  expect(told).toEqual([{ type: "refused", seq: 1, reason: "unsure" }]);
  keys(1, "rm x\r");
  expect(log).toHaveLength(1);
});

test("what comes again is answered as it was, or once that is known, to who asks last", async () => {
  const { log, waiting, inputs, sit, typing, keys, later } = await made();
  const answers = (): (number | null)[] => [inputs.typed("ada tab"), inputs.last("ada tab")];
  expect(answers()).toEqual([null, null]);
  keys(1, "a");
  keys(2, "b");
  keys(3, "c");
  expect(answers()).toEqual([0, 3]);
  waiting[0]!(done);
  waiting[1]!(null);
  await settled();
  expect(answers()).toEqual([1, 3]);
  const told: TerminalServerFrame[] = [];
  const again = sit((frame) => told.push(frame));
  for (const seq of [1, 2, 3]) typing.keys(again, seq, Buffer.from("x"));
  await later();
  expect(told).toEqual([
    { type: "refused", seq: 2, reason: "unsure" },
    { type: "typed", seq: 1 },
  ]);
  waiting[2]!(done);
  await later();
  expect(told.at(-1)).toEqual({ type: "typed", seq: 3 });
  expect([log.length, answers()]).toEqual([3, [1, 3]]);
});

test("a number that leaves out another ends the connection, and nothing of it is typed", async () => {
  const { log, waiting, told, closed, keys, later } = await made();
  for (const [seq, text] of [
    [1, "a"],
    [1, "a"],
    [5, "e"],
  ] as const)
    keys(seq, text);
  expect([closed, log.length]).toEqual([["bad.frame"], 1]);
  keys(2, "b");
  expect(log.at(-1)).toBe("send-keys -t %1 -H 62");
  waiting.forEach((answer) => answer(done));
  await later();
  expect(told).toEqual([{ type: "typed", seq: 2 }]);
});

test("who is refused again and again is not remembered without limit, and nothing of it is told as typed", () => {
  const inputs = makeInputs();
  const told: unknown[] = [];
  for (let seq = 40; seq < 2_040; seq += 1) {
    inputs.take("me", seq, () => {});
    inputs.settle("me", seq, "too_large");
  }
  for (const seq of [1, 39, 40, 2_039]) inputs.take("me", seq, (outcome) => told.push(outcome));
  expect(told).toEqual(["unsure", "unsure", "unsure", "too_large"]);
  expect(inputs.typed("me")).toBe(39);
});

test("a paste stands between the keys before it and behind it", async () => {
  const pasting = Promise.withResolvers<void>();
  const { log, waiting, told, seat, typing, keys, later } = await made(() => pasting.promise);
  keys(1, "a");
  typing.paste(seat, 2, Buffer.from("text"));
  keys(3, "b");
  await settled();
  expect(log).toEqual(["send-keys -t %1 -H 61"]);
  waiting[0]!(done);
  await later();
  expect(log).toEqual(["send-keys -t %1 -H 61", "paste text"]);
  pasting.resolve();
  await later();
  expect(log.at(-1)).toBe("send-keys -t %1 -H 62");
  waiting[1]!(done);
  await later();
  expect(told.map((frame) => "seq" in frame && frame.seq)).toEqual([1, 2, 3]);
});

test("a paste that failed says how: ended, not known, not text, too large, a line of it too long", async () => {
  const ended = await made(() => Promise.reject(nothingRuns("trm_x")));
  ended.typing.paste(ended.seat, 1, Buffer.from("x"));
  const lost = await made(() => Promise.reject(noAnswer("local")));
  lost.typing.paste(lost.seat, 1, Buffer.from("x"));
  lost.typing.paste(lost.seat, 2, Buffer.from([0xff, 0xfe]));
  lost.typing.paste(lost.seat, 3, new Uint8Array(1_048_577));
  const long = await made(() => Promise.reject(lineTooLong(5_000, 4_095)));
  long.typing.paste(long.seat, 1, Buffer.from("x"));
  await settled();
  await settled();
  const reasons = ({ told }: typeof lost) =>
    told.map((frame) => "reason" in frame && [frame.type, frame.reason].join(" "));
  expect(reasons(ended)).toEqual(["refused ended"]);
  expect(reasons(long)).toEqual(["refused too_large"]);
  expect(new Set(reasons(lost))).toEqual(
    new Set(["refused not_text", "refused too_large", "refused unsure"]),
  );
});

test("what a terminal does not take waits up to a limit; what is beyond it is refused, with no hole in what is typed", async () => {
  const { log, waiting, told, seat, typing, keys } = await made();
  const piece = "x".repeat(65_000);
  let seq = 0;
  while (told.length === 0 && seq < 1_000) keys((seq += 1), piece);
  expect(told).toEqual([{ type: "refused", seq, reason: "unreachable" }]);
  expect(seq * piece.length).toBeLessThan(10 * 1024 * 1024);
  const sent = log.length;
  keys((seq += 1), "y");
  typing.paste(seat, (seq += 1), Buffer.from("z"));
  expect([told.length, log.length]).toEqual([3, sent]);
  for (const answer of waiting) answer(done);
  await settled();
  keys((seq += 1), "ok");
  expect(log.at(-1)).toBe("send-keys -t %1 -H 6f 6b");
});
