import type { SessionContext } from "@skein/sdk";
import { expect, test } from "vitest";
import { makeLineLife, wait } from "./life.ts";
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
