import type { Detached, Liveness, SessionContext } from "@skein/sdk";
import { expect, test } from "vitest";
import { makeLineLife } from "./life.ts";
import { untilReady } from "./starting.ts";
import { stepped } from "./step.ts";

type State = { readonly ready: boolean };

/** A life whose start may take no time at all; what is known of its process is what is asked for, one answer after the other. */
const starting = (seen: Liveness[]) => {
  const after = (_ms: number, run: () => void) => {
    queueMicrotask(run);
    return () => undefined;
  };
  const context = {
    session: { id: "ses_rig" },
    generation: 1,
    backend: { clock: { after }, timing: { startMs: 0 } },
  } as unknown as SessionContext;
  const life = makeLineLife<State, never>(context, {
    title: "Parrot",
    begin: { state: { ready: false }, offset: 0 },
    step: (state) => stepped(state),
  });
  life.reading = new Promise(() => undefined);
  const liveness = async (): Promise<Liveness> => seen.shift() ?? "alive";
  life.detached = { liveness } as unknown as Detached;
  return life;
};

const isReady = ({ ready }: State): boolean => ready;

test("an agent of which nothing can be heard is not late", async () => {
  const seen: Liveness[] = ["unknown", "unknown", "alive", "unknown"];
  const life = starting(seen);
  await untilReady(life, isReady);
  expect(seen).toEqual(["unknown"]);
});

test("one that got ready while its host was away is waited for no longer, nor is one that was let go", async () => {
  const seen: Liveness[] = ["unknown", "unknown"];
  const life = starting(seen);
  life.reader.change(() => ({ ready: true }));
  await untilReady(life, isReady);
  const leftAlone = starting(seen);
  leftAlone.closed = true;
  await untilReady(leftAlone, isReady);
  expect(seen).toHaveLength(2);
});
