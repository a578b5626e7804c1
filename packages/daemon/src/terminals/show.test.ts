/** A show with a tmux that says what the test says. */
import { expect, test } from "vitest";
import { decodeTerminalBytes, type TerminalServerFrame } from "@skein/contract";
import type { Clock, Pipe } from "@skein/sdk";
import type { Ends } from "./ends.ts";
import { makeInputs } from "./inputs.ts";
import { makeFlow, type Seat } from "./seat.ts";
import { makeShow } from "./show.ts";
import type { Answer, Tmux } from "./tmux.ts";

const makeClock = () => {
  let now = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const turn = (ms: number): void => {
    now += ms;
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer);
      timer.run();
    }
  };
  return { clock, turn };
};

const breathe = async (): Promise<void> => {
  for (let times = 0; times < 20; times += 1) await new Promise((resolve) => setImmediate(resolve));
};

const makePipe = () => {
  let wake = (): void => {};
  let over = false;
  const chunks: Uint8Array[] = [];
  const written: string[] = [];
  const ended = Promise.withResolvers<Awaited<Pipe["ended"]>>();
  const output = async function* (): AsyncGenerator<Uint8Array> {
    while (!over || chunks.length > 0) {
      const chunk = chunks.shift();
      if (chunk !== undefined) yield chunk;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const end = (): void => {
    over = true;
    ended.resolve({ exitCode: 0, signal: null, witnessed: true, errors: "", linkLost: false });
    wake();
  };
  const pipe: Pipe = {
    write: async (bytes) => void written.push(Buffer.from(bytes).toString().trimEnd()),
    output: output(),
    ended: ended.promise,
    close: end,
  };
  const say = async (...lines: string[]): Promise<void> => {
    chunks.push(Buffer.from(lines.map((line) => `${line}\n`).join("")));
    wake();
    await breathe();
  };
  return { pipe, written, say, end };
};

const FIELDS = "20 3 0 0 0 1 0 0 0 1 0 0 0 0 0 0 0 2 0 0 a title";
const snapshot = (screen: string): string[] =>
  [FIELDS, "", "", "", `${screen}\n\n`].flatMap((body, at) => [
    `%begin 1 ${at} 1`,
    ...body.split("\n"),
    `%end 1 ${at} 1`,
  ]);
const reply = (body: readonly string[] = []): string[] => ["%begin 2 2 1", ...body, "%end 2 2 1"];

/** `late`: tmux answers nothing before `begin` is called. */
const open = async (late = false) => {
  const begun = Promise.withResolvers<void>();
  if (!late) begun.resolve();
  const { clock, turn } = makeClock();
  const pipes: ReturnType<typeof makePipe>[] = [];
  let answer: Answer = { is: "done", out: "trm_1|0 trm_1|$4|%7|9|0|||20|3|\n" };
  const tmux = {
    host: { id: "local", reach: () => ({ state: "reachable" }) },
    run: () => begun.promise.then(() => answer),
    open: async () => {
      pipes.push(makePipe());
      return pipes.at(-1)!.pipe;
    },
  } as unknown as Tmux;
  const end = Promise.withResolvers<{ exitCode: number | null; signal: string | null }>();
  const ends: Ends = { wait: () => end.promise };
  const reasons: string[] = [];
  const pasted: string[] = [];
  const show = makeShow({
    tmux,
    ends,
    clock,
    id: "trm_1",
    inputs: makeInputs(),
    paste: async (text) => void pasted.push(text),
    isClosing: () => false,
    over: (reason) => void reasons.push(reason),
  });
  let stream = "";
  /** `from`: it comes back, and would go on there. */
  const sit = (client: string, from?: number): { seat: Seat; got: string[] } => {
    const got: string[] = [];
    const note = (frame: TerminalServerFrame): void => {
      if (frame.type === "attached") ({ stream } = frame);
      got.push(frame.type === "program" ? `program ${frame.program.state}` : frame.type);
    };
    const flow = makeFlow((frame) => {
      const { kind, number, bytes } = decodeTerminalBytes(frame)!;
      got.push(
        kind === "output"
          ? `output ${number} ${Buffer.from(bytes).toString()}`
          : `snapshot ${number}`,
      );
    });
    const line = {
      text: note,
      bytes: () => {},
      close: (reason: string) => void got.push(`close ${reason}`),
    };
    const seat: Seat = {
      line,
      key: client,
      client,
      mayType: true,
      history: 0,
      describe: () => ({}) as never,
      wants: null,
      typedAt: 0,
      greeted: false,
      flow,
    };
    show.enter(seat, from === undefined ? null : { stream, offset: from });
    return { seat, got };
  };
  await breathe();
  return {
    show,
    sit,
    pipes,
    turn,
    end,
    begin: begun.resolve,
    answers: (next: Answer) => (answer = next),
    reasons,
    pasted,
    overs: () => reasons.length,
  };
};

test("output joins a snapshot in the place where it stands, and what came before it is not shown twice", async () => {
  const { sit, pipes, turn } = await open();
  const { got } = sit("a");
  await breathe();
  const [{ say, written }] = pipes as [ReturnType<typeof makePipe>];
  expect(written[0]).toMatch(/^display-message .* ; capture-pane .*%7/);
  await say("%output %7 before", ...snapshot("shown"), "%output %7 behind");
  turn(10);
  expect(got).toEqual(["attached", "snapshot 0", "output 0 behind"]);
});

test("what is typed before tmux is found waits for it; where it cannot be found it is refused", async () => {
  const { show, sit, pipes, begin, pasted } = await open(true);
  const { seat, got } = sit("a");
  show.input(seat, "input", 1, Buffer.from("a"));
  show.input(seat, "paste", 2, Buffer.from("text"));
  show.input(seat, "input", 3, Buffer.from("b"));
  await breathe();
  expect([got, pasted]).toEqual([[], []]);
  begin();
  await breathe();
  const [{ say, written }] = pipes as [ReturnType<typeof makePipe>];
  await say(...snapshot("shown"));
  expect([written.at(-1), pasted]).toEqual(["send-keys -t %7 -H 61", []]);
  await say(...reply());
  expect([written.at(-1), pasted]).toEqual(["send-keys -t %7 -H 62", ["text"]]);
  show.input(seat, "input", 4, Buffer.from("c"));
  expect(written.at(-1)).toBe("send-keys -t %7 -H 63");

  const lost = await open(true);
  const away = lost.sit("a");
  lost.show.input(away.seat, "input", 1, Buffer.from("a"));
  lost.answers({ is: "unknown", failure: { message: "no link" } as never });
  lost.begin();
  await breathe();
  expect(away.got).toEqual(["close terminal.unavailable", "refused"]);
});

test("output that tmux left out is made good by a snapshot", async () => {
  const { sit, pipes, turn } = await open();
  const { got, seat } = sit("a");
  await breathe();
  const [{ say, written }] = pipes as [ReturnType<typeof makePipe>];
  await say(...snapshot("shown"), "%output %7 one");
  seat.flow.ack(3, 0);
  turn(10);
  await say("%pause %7", "%output %7 lost");
  expect(written.at(-1)).toBe("refresh-client -A '%7:continue'");
  await say(...reply());
  expect(written.at(-1)).toMatch(/^display-message/);
  await say(...snapshot("later"), "%output %7 two");
  turn(10);
  expect(got.slice(-2)).toEqual(["snapshot 3", "output 3 two"]);
});

test("a line to tmux that breaks is found again; what is not known harms nobody, what is gone is said so", async () => {
  const { sit, pipes, turn, answers, overs } = await open();
  const { got } = sit("a");
  await breathe();
  await pipes[0]!.say(...snapshot("shown"));
  const failure = Object.assign(new Error("no answer"), { failure: {} }) as never;
  answers({ is: "unknown", failure });
  pipes[0]!.end();
  await breathe();
  expect([got.at(-1), overs()]).toEqual(["program unknown", 0]);
  turn(100);
  await breathe();
  expect([pipes.length, got.at(-1)]).toEqual([1, "program unknown"]);
  answers({ is: "done", out: "trm_1|0 trm_1|$4|%7|9|0|||20|3|\n" });
  turn(300);
  await breathe();
  await pipes[1]!.say(...snapshot("shown"), "%output %7 on");
  turn(10);
  expect(got.slice(-3)).toEqual(["program running", "snapshot 0", "output 0 on"]);
  answers({ is: "absent" });
  pipes[1]!.end();
  await breathe();
  expect([got.at(-1), overs()]).toEqual(["close terminal.gone", 1]);
});

test("a line to tmux that breaks before it says anything is tried again with growing pauses", async () => {
  const { sit, pipes, turn } = await open();
  const { got } = sit("a");
  await breathe();
  await pipes[0]!.say(...snapshot("shown"));
  const dies = async (): Promise<void> => {
    pipes.at(-1)!.end();
    await breathe();
  };
  await dies();
  expect([pipes.length, got.at(-1)]).toEqual([2, "snapshot 0"]);
  for (const [count, ms] of [100, 300, 1_000].entries()) {
    await dies();
    expect([pipes.length, got.at(-1)]).toEqual([count + 2, "program unknown"]);
    turn(ms - 1);
    await breathe();
    expect(pipes).toHaveLength(count + 2);
    turn(1);
    await breathe();
    expect(pipes).toHaveLength(count + 3);
  }
  await pipes.at(-1)!.say(...snapshot("again"));
  await dies();
  expect(pipes).toHaveLength(6);
});

test("a tmux that says nothing is not known, until it speaks", async () => {
  const { sit, pipes, turn } = await open();
  const { got } = sit("a");
  await breathe();
  await pipes[0]!.say(...snapshot("shown"));
  turn(5_000);
  expect(pipes[0]!.written.at(-1)).toBe("display-message -p ok");
  turn(5_000);
  expect(got.at(-1)).toBe("program unknown");
  await pipes[0]!.say(...reply(["ok"]));
  expect(got.at(-1)).toBe("program running");
});

test("whoever acknowledges nothing is sent away, and a show that nobody looks at ends", async () => {
  const { sit, pipes, turn, show, overs } = await open();
  const { got, seat } = sit("deaf");
  await breathe();
  await pipes[0]!.say(...snapshot("shown"), "%output %7 more");
  for (let seconds = 0; seconds < 70; seconds += 5) turn(5_000);
  expect(got).toContain("close lagged");
  show.leave(seat);
  turn(29_000);
  expect(overs()).toBe(0);
  turn(2_000);
  expect(overs()).toBe(1);
});

test("whoever comes while nothing is known is sent away at once, to come back later", async () => {
  const { sit, pipes, turn } = await open();
  sit("a");
  await breathe();
  await pipes[0]!.say(...snapshot("shown"));
  turn(5_000);
  turn(5_000);
  expect(sit("b").got).toEqual(["close terminal.unavailable"]);
});

test("why a show ended is told to who keeps what outlives it", async () => {
  const { sit, pipes, turn, answers, reasons } = await open();
  sit("a");
  await breathe();
  answers({ is: "absent" });
  pipes[0]!.end();
  await breathe();
  turn(100);
  await breathe();
  expect(reasons).toEqual(["terminal.gone"]);
});

test("tmux throws away what it has not written of a program's last words when its terminal closes: whoever looks, or comes back, is shown them", async () => {
  const { sit, pipes, turn, end, show } = await open();
  const { got } = sit("a");
  const { seat: away } = sit("b");
  await breathe();
  const [{ say, written }] = pipes as [ReturnType<typeof makePipe>];
  await say(...snapshot("shown"), "%output %7 one");
  turn(10);
  show.leave(away);
  end.resolve({ exitCode: 0, signal: null });
  await breathe();
  expect(written.at(-1)).toBe("display-message -p -t %7 '#{pane_dead}'");
  // A child holds its terminal: what that writes is shown as it comes.
  await say(...reply(["0"]), "%output %7 two");
  turn(20);
  expect(got.slice(-2)).toEqual(["program ended", "output 3 two"]);
  sit("late");
  await breathe();
  expect(written.at(-1)).toMatch(/capture-pane/);
  const before = written.length;
  await say(...reply(["1"]));
  expect(written.slice(before)).toEqual([expect.stringMatching(/capture-pane/)]);
  // What was asked for before that may not show it.
  await say(...snapshot("shown"));
  expect(got.at(-1)).toBe("output 3 two");
  const back = sit("b", 6);
  await say(...snapshot("all"));
  expect(got.at(-1)).toBe("snapshot 6");
  expect(back.got).toEqual(["attached", "snapshot 6"]);
  turn(60_000);
  expect(written.filter((line) => line.endsWith("'#{pane_dead}'"))).toHaveLength(2);
});
