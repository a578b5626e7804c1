/** Claude Code's TUI in a tmux that falls silent: what was asked for waits, and is done once when it answers. */
import { adapterFailure, type Terminals } from "@skein/sdk";
import { expect, test, vi } from "vitest";
import { makeHome, words } from "./claude-code-tui-home.testkit.ts";

const noAnswer = () =>
  adapterFailure("tmux on local does not answer.", {
    kind: "timeout",
    code: "terminal_unavailable",
    remedy: "",
    retryable: true,
  });

/** `until`: the calls that are still answered. `late`: the one that is not is done all the same, when tmux goes on. */
const makeSilence = (real: Terminals) => {
  let answered = Infinity;
  let left: (() => Promise<unknown>)[] = [];
  let isLate = false;
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (answered > 0) {
      answered -= 1;
      return run();
    }
    if (isLate) left.push(run);
    isLate = false;
    throw noAnswer();
  };
  const terminals: Terminals = {
    ...real,
    open: (spec) => call(() => real.open(spec)),
    look: async (id) =>
      answered > 0
        ? real.look(id)
        : { liveness: "unknown", held: false, process: null, exit: null },
    paste: (id, text) => call(() => real.paste(id, text)),
    keys: (id, keys) => call(() => real.keys(id, keys)),
  };
  return {
    terminals,
    stop: (until: number, late: boolean): void => {
      [answered, isLate] = [until, late];
    },
    goOn: async (): Promise<void> => {
      answered = Infinity;
      const runs = left;
      left = [];
      for (const run of runs) await run();
    },
  };
};

const started = async (home: Awaited<ReturnType<typeof makeHome>>) => {
  const silence = makeSilence(home.terminals);
  const rig = await home.rig({}, silence.terminals);
  await rig.link.start();
  await rig.next("started");
  return { silence, rig };
};

const away = { failure: { code: "host_unreachable" } };

/** Four keys that clear the line, the paste, Enter. */
const moments = [
  { at: "before anything is typed", until: 0 },
  { at: "while the line is cleared", until: 2 },
  { at: "at the paste", until: 4 },
  { at: "at Enter", until: 5 },
] as const;

for (const { at, until } of moments)
  for (const late of [false, true])
    test(`silent ${at}, ${late ? "and done late" : "and never done"}: the prompt waits, says so, and is given once`, async () => {
      await using home = await makeHome(20);
      const { silence, rig } = await started(home);
      silence.stop(until, late);
      await expect(rig.link.prompt(words("SAY p1"))).rejects.toMatchObject(away);
      expect((await rig.next("unreachable")).reason).toBe("tmux on local does not answer.");
      await expect(rig.link.prompt(words("SAY p1"))).rejects.toMatchObject(away);
      await silence.goOn();
      await rig.link.prompt(words("SAY p1"));
      expect(await rig.next("turn-ended")).toMatchObject({ turn: "trn_1", outcome: "completed" });
      expect(home.tui.heard).toEqual(["SAY p1"]);
      expect(home.tui.menus).toBe(0);
      await rig.link.prompt(words("SAY p2", 2));
      await rig.next("turn-ended");
      expect(home.tui.heard).toEqual(["SAY p1", "SAY p2"]);
    });

test("back again, it is told as in reach", async () => {
  await using home = await makeHome(20);
  const { silence, rig } = await started(home);
  silence.stop(0, false);
  await expect(rig.link.prompt(words("SAY p1"))).rejects.toMatchObject(away);
  await silence.goOn();
  await rig.link.prompt(words("SAY p1"));
  await rig.next("reachable");
});

test("a person's turn that came while tmux was silent goes first: the prompt of before is not typed for its old turn", async () => {
  await using home = await makeHome(20);
  const { silence, rig } = await started(home);
  silence.stop(0, false);
  await expect(rig.link.prompt(words("SAY mine"))).rejects.toMatchObject(away);
  home.tui.input = "SAY theirs";
  await silence.goOn();
  await home.terminals.keys("", ["Enter"]);
  await rig.next("turn-ended");
  await rig.link.prompt(words("SAY mine"));
  await rig.link.prompt(words("SAY mine", 2, 1));
  expect((await rig.next("turn-ended")).turn).toBe("trn_2");
  expect(home.tui.heard).toEqual(["SAY theirs", "SAY mine"]);
});

for (const late of [false, true])
  test(`an interrupt that tmux does not answer, ${late ? "and does late" : "and never does"}: the turn is interrupted, and nothing else`, async () => {
    await using home = await makeHome();
    const { silence, rig } = await started(home);
    await rig.link.prompt(words("TALK"));
    await vi.waitUntil(() => home.tui.interrupt !== null);
    silence.stop(0, late);
    await expect(rig.link.interrupt({ turn: "trn_1" })).rejects.toMatchObject(away);
    await rig.next("unreachable");
    await silence.goOn();
    await rig.link.interrupt({ turn: "trn_1" });
    expect(await rig.next("turn-ended")).toMatchObject({ outcome: "interrupted" });
    expect(home.tui.pressed.filter((key) => key === "Escape")).toHaveLength(3);
  });

test("words for a turn that tmux does not answer go into it once", async () => {
  await using home = await makeHome(20);
  const { silence, rig } = await started(home);
  await rig.link.prompt(words("TALK"));
  const steer = { turn: "trn_1", prompt: "prm_2", text: "SAY more" };
  for (const until of [0, 7]) {
    silence.stop(until, until > 0);
    await expect(rig.link.steer(steer)).rejects.toMatchObject(away);
    await silence.goOn();
  }
  // Their paste was not answered, and came late: what stands there is taken away before they are typed again.
  await rig.link.steer(steer);
  await vi.waitUntil(() => home.tui.queue.length > 0);
  expect(home.tui.queue).toEqual(["SAY more"]);
});

test("a start that tmux does not answer has not failed: it says so, and the next one starts", async () => {
  await using home = await makeHome();
  const silence = makeSilence(home.terminals);
  silence.stop(0, true);
  const rig = await home.rig({}, silence.terminals);
  await expect(rig.link.start()).rejects.toMatchObject(away);
  expect(rig.facts.map(({ fact }) => fact)).toEqual(["unreachable"]);
  await rig.kill();
  await silence.goOn();
  const next = await home.rig({ checkpoint: rig.checkpoint() }, silence.terminals);
  await next.link.start();
  await next.link.prompt(words("SAY one"));
  expect((await next.next("turn-ended")).outcome).toBe("completed");
  expect(home.tui.starts).toBe(1);
});
