import { adapterFailure, type Report } from "@skein/sdk";
import { describe, expect, test } from "vitest";
import type { DiskRoom } from "../disk-room.ts";
import { effect, prompt, settle, setUp } from "./testkit/kit.ts";

const turn = { id: "t", prompt: "p", text: "x", accepted: true };

const full = adapterFailure("The spool cannot be written: No space left on device.", {
  kind: "unavailable",
  code: "storage_full",
  remedy: "Make room on that disk; then try again.",
  retryable: true,
});

/** A session in the middle of a turn, on a disk that the test fills. */
const makeSilent = async (given: { readonly turn: typeof turn | null } = { turn }) => {
  let room: DiskRoom = "enough";
  let looks = 0;
  const told: Report[] = [];
  const bereft: boolean[] = [];
  const { effects, clock, report } = setUp(
    given,
    {},
    {
      observe: async (_session, _backend, _generation, observed) => void told.push(observed),
      tick: async (_session, seen) => void bereft.push(seen.bereft),
    },
    {
      room: async () => {
        looks += 1;
        return room;
      },
    },
  );
  effects.offer([effect({ kind: "agent.start", how: "new", forkFrom: null })]);
  await settle();
  await report({ facts: [] });
  told.length = 0;
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms);
    effects.tick();
    await settle();
  };
  return {
    pass,
    report,
    bereft: () => bereft.at(-1),
    looks: () => looks,
    told: () => told.flatMap(({ facts }) => facts),
    becomes: (now: DiskRoom) => (room = now),
  };
};

const stalled = (words: RegExp | null) => ({
  fact: "stalled",
  reason: words === null ? null : expect.stringMatching(words),
});

describe("an agent that is silent in a turn", () => {
  test("on a full disk is said to be so, once, with what to do", async () => {
    const silent = await makeSilent();
    silent.becomes("full");
    await silent.pass(4_000);
    expect(silent.looks()).toBe(0);
    for (let times = 0; times < 3; times++) await silent.pass(5_000);
    expect(silent.told()).toEqual([
      {
        fact: "notice",
        level: "error",
        text: expect.stringMatching(/^the disk of local is full: .*Make room on local/),
      },
      stalled(/^the disk of local is full/),
    ]);
    expect(silent.bereft()).toBe(false);
  });

  test("once there is room again may have lost its words: that is told, and it is given less time", async () => {
    const silent = await makeSilent();
    silent.becomes("full");
    await silent.pass(5_000);
    // That nobody answers is no room.
    silent.becomes("unknown");
    await silent.pass(5_000);
    expect(silent.told()).toHaveLength(2);
    silent.becomes("enough");
    await silent.pass(5_000);
    await silent.pass(5_000);
    expect(silent.told().slice(2)).toEqual([
      { fact: "notice", level: "warning", text: expect.stringMatching(/is lost/) },
      stalled(/was full/),
    ]);
    expect(silent.bereft()).toBe(true);
  });

  test("is well as soon as it speaks", async () => {
    const silent = await makeSilent();
    silent.becomes("full");
    await silent.pass(5_000);
    silent.becomes("enough");
    await silent.pass(5_000);
    await silent.report({ facts: [] });
    await silent.pass(1_000);
    expect(silent.told().at(-1)).toEqual(stalled(null));
    expect(silent.bereft()).toBe(false);
  });

  test("with room is left alone, and so is one that owes no word", async () => {
    const silent = await makeSilent();
    await silent.pass(60_000);
    expect(silent.told()).toEqual([]);
    const idle = await makeSilent({ turn: null });
    idle.becomes("full");
    await idle.pass(60_000);
    expect(idle.told()).toEqual([]);
  });
});

test("a prompt for which there is no room over there fails, and does not stay for ever", async () => {
  const told: Report[] = [];
  const { effects } = setUp(
    { turn },
    { prompt: () => Promise.reject(full) },
    { observe: async (_session, _backend, _generation, observed) => void told.push(observed) },
  );
  effects.offer([prompt("eff_1")]);
  await settle();
  expect(told.flatMap(({ facts }) => facts)).toEqual([
    expect.objectContaining({
      fact: "turn-ended",
      outcome: "failed",
      error: expect.objectContaining({ message: expect.stringMatching(/No space left/) }),
    }),
  ]);
});
