import { expect, it } from "vitest";
import { makeFeed } from "./feed.ts";
import type { WatchRequest } from "./ports.ts";
import { caughtUp, everything, makeClock, makeLog, makeRecorder, until } from "./testkit/kit.ts";

const OWN = "ses_00000000000000000000000001";
const OTHER = "ses_00000000000000000000000002";
const LATER = "ses_00000000000000000000000003";

const house = () => {
  const ids = new Set([OWN]);
  const asked: unknown[] = [];
  const log = makeLog();
  const clock = makeClock();
  const source = {
    ...log,
    snapshot: async (...args: Parameters<typeof log.snapshot>) => {
      asked.push(args);
      return log.snapshot(...args);
    },
  };
  const feed = makeFeed({ source, clock });
  const watch = async (request: Partial<WatchRequest> = {}) => {
    const recorder = makeRecorder();
    await feed.watch({ ...everything, ...request }, recorder);
    await until("caught up", caughtUp(recorder));
    return recorder;
  };
  const owner = { id: "tok_a", has: (stream: string) => ids.has(stream) };
  return { ids, asked, log, clock, feed, watch, owner };
};

const delta = (session: string) => ({
  session,
  item: "i1",
  kind: "message" as const,
  text: session,
});

it("an owner sees its own streams alone, in what was missed and in what is published", async () => {
  const { log, feed, watch, owner, ids } = house();
  feed.publish(log.record([{ stream: OWN }, { stream: OTHER }, { stream: "backend:x" }]));
  const watcher = await watch({ owner, after: 0 });
  expect(watcher.positions()).toEqual([1]);
  feed.publish(log.record([{ stream: OTHER }, { stream: OWN }]));
  expect(watcher.positions()).toEqual([1, 5]);
  // A stream that becomes its own while it watches is seen from then on.
  ids.add(LATER);
  feed.publish(log.record([{ stream: LATER }, { stream: OTHER }]));
  expect(watcher.positions()).toEqual([1, 5, 6]);
});

it("an owner hears its own words alone, and nobody hears an empty frame", async () => {
  const { feed, clock, watch, owner } = house();
  const [own, all] = [await watch({ owner }), await watch()];
  feed.live(delta(OTHER));
  clock.turn(40);
  feed.live(delta(OTHER));
  feed.live(delta(OWN));
  clock.turn(40);
  const heard = (recorder: typeof own) =>
    recorder
      .seen()
      .flatMap((frame) => (frame.frame === "deltas" ? [frame.deltas.map(({ text }) => text)] : []));
  expect(heard(own)).toEqual([[OWN]]);
  expect(heard(all)).toEqual([[OTHER], [OTHER, OWN]]);
});

it("an owner asks for a snapshot of its own, and shares it with nobody else", async () => {
  const { watch, owner, asked } = house();
  await watch({ owner });
  await watch();
  await watch({ owner: { ...owner, id: "tok_b" } });
  await watch({ owner });
  expect(asked).toEqual([
    [undefined, "tok_a"],
    [undefined, undefined],
    [undefined, "tok_b"],
  ]);
});

it("sessions that an owner names are no more than its own", async () => {
  const { log, feed, watch, owner } = house();
  const watcher = await watch({ owner, sessions: [OWN, OTHER] });
  feed.publish(log.record([{ stream: OTHER }, { stream: OWN }]));
  expect(watcher.positions()).toEqual([2]);
});
