import { adapterFailure, type Detached, type SessionContext, type SpoolLine } from "@skein/sdk";
import { expect, test } from "vitest";
import { follow, makeLineLife, wait } from "./life.ts";
import { stepped } from "./step.ts";

test("a wait that is over leaves no timer behind, and looks at nothing any more", async () => {
  const timers = new Set<() => void>();
  const after = (_ms: number, run: () => void) => {
    timers.add(run);
    return () => void timers.delete(run);
  };
  const context = {
    session: { id: "ses_rig" },
    generation: 1,
    backend: { clock: { now: () => 0, monotonic: () => 0, after } },
  } as unknown as SessionContext;
  const life = makeLineLife(context, {
    title: "Parrot",
    begin: { state: {}, offset: 0 },
    step: (state) => stepped(state),
  });
  life.reading = new Promise(() => undefined);

  await wait(life, 10, () => true);
  expect(timers.size).toBe(0);

  let looks = 0;
  const inVain = wait(life, 10, () => {
    looks += 1;
    return false;
  });
  life.reader.change((state) => ({ ...state }));
  expect(looks).toBe(2);
  for (const late of timers) late();
  await inVain;
  life.reader.change((state) => ({ ...state }));
  expect(looks).toBe(2);
  expect(timers.size).toBe(0);
});

test("what cannot be read now is read on from where it was; what is over is let go", async () => {
  const unread = adapterFailure("An agent's words cannot be read: too many open files.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again.",
    retryable: true,
  });
  const soon = (_ms: number, run: () => void) => {
    queueMicrotask(run);
    return () => undefined;
  };
  const context = {
    session: { id: "ses_rig" },
    generation: 1,
    backend: { clock: { now: () => 0, monotonic: () => 0, after: soon } },
    log: () => undefined,
  } as unknown as SessionContext;
  const heard: string[] = [];
  const life = makeLineLife(context, {
    title: "Parrot",
    begin: { state: {}, offset: 0 },
    step: (state, line) => {
      heard.push(line.text);
      return stepped(state);
    },
  });
  const asked: number[] = [];
  const lines = async function* (from: number): AsyncGenerator<SpoolLine> {
    asked.push(from);
    if (asked.length === 1) throw unread;
    if (asked.length < 4) yield { text: `from ${from}`, cut: false, end: from + 10 };
    if (asked.length < 4) throw unread;
  };
  const exit = { exitCode: 0, signal: null, witnessed: true };
  const detached = { lines, exited: Promise.resolve(exit) } as unknown as Detached;
  follow(life, detached);
  expect(await life.reading).toEqual(exit);
  expect(heard).toEqual(["from 0", "from 10"]);
  expect(asked).toEqual([0, 0, 10, 20]);
});
