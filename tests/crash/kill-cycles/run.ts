/** The whole run: a place, the actors, the lives and deaths of the daemon, the reckoning. */
import { setTimeout as pause } from "node:timers/promises";
import { makeChance, type Chance } from "../chance.ts";
import { boot, makePlace, type Daemon, type Place } from "../daemon.ts";
import { crashConfig } from "../fakes.ts";
import type { Line } from "../line.ts";
import { processFaults, remainsOf, spoolFaults } from "../remains.ts";
import { untilTrue } from "../../scenarios/processes.ts";
import { makeWorker, type Worker } from "./agents.ts";
import { makeCycle, type Cycle } from "./cycle.ts";
import { planEnds, type End } from "./plan.ts";
import { makeProducer } from "./producers.ts";
import { makeBook, type Book } from "./record.ts";
import { makeVisitor, type Visitor } from "./visitors.ts";
import { makeWatcher, type Watcher } from "./watchers.ts";

const PRODUCERS = 8;
const WATCHERS = 20;
const BACKENDS = ["claude-code", "codex", "claude-code", "codex"] as const;
/** A failpoint that this life does not come by in time is given up, and the daemon killed as in the other lives. */
const FAILPOINT_MS = 1_500;
const CLEARED_MS = 30_000;
/** A machine that is too slow for the whole plan is told so, with everything put away. */
const CYCLES_MS = 330_000;

export type Outcome = {
  readonly faults: readonly string[];
  readonly remains: readonly string[];
  readonly acknowledged: number;
  readonly prompts: number;
  /** How often each failpoint killed. */
  readonly deaths: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
  clear(): Promise<unknown>;
};

type Cast = {
  readonly book: Book;
  readonly auditor: Watcher;
  readonly watchers: readonly Watcher[];
  readonly workers: readonly Worker[];
  readonly visitor: Visitor;
  readonly players: readonly { play(cycle: Cycle): Promise<void> }[];
};

const readyLine = async (daemon: Daemon): Promise<Line> => {
  const line = await daemon.ready;
  if (line === null) throw new Error(`the daemon did not start: ${daemon.said()}`);
  return line;
};

/** The first life is an ordinary one: four sessions come to be in it. */
const makeSessions = async (place: Place): Promise<string[]> => {
  const daemon = boot({ home: place.home });
  const line = await readyLine(daemon);
  const sessions: string[] = [];
  for (const [index, backend] of BACKENDS.entries()) {
    const folder = place.folder(`agent-${index}`);
    const { session } = await line.call("sessions.create", {
      backend,
      folder,
      name: `agent-${index}`,
    });
    sessions.push(session.id);
  }
  daemon.kill("SIGKILL");
  await daemon.exited;
  return sessions;
};

const makeCast = (place: Place, sessions: readonly string[], chance: Chance): Cast => {
  const book = makeBook();
  const visitor = makeVisitor({
    backends: ["claude-code", "claude-code", "codex"],
    folder: place.folder("visits"),
    book,
    chance,
  });
  const workers = sessions.map((session, index) =>
    makeWorker({
      name: `worker-${index}`,
      session,
      folder: place.folder(`agent-${index}`),
      book,
      chance,
    }),
  );
  const auditor = makeWatcher({
    name: "auditor",
    session: null,
    book,
    chance,
    cuts: 0,
    each: (event) => {
      book.read(event);
      visitor.read(event);
      for (const worker of workers) worker.read(event);
    },
    caughtUp: () => book.audit(),
  });
  const watchers = Array.from({ length: WATCHERS }, (_, index) =>
    makeWatcher({
      name: `watcher-${index}`,
      session: index % 3 === 2 ? sessions[index % sessions.length]! : null,
      book,
      chance,
      cuts: index % 4 === 0 ? 0.03 : 0,
    }),
  );
  const producers = Array.from({ length: PRODUCERS }, (_, index) =>
    makeProducer({ name: `p${index}`, sessions, book, chance }),
  );
  const players = [...workers, ...producers, visitor];
  return { book, auditor, watchers, workers, visitor, players };
};

/** One life. Gives the name of the failpoint that killed it, or null. */
const live = async (
  place: Place,
  cast: Cast,
  end: End,
  boots: number[],
): Promise<string | null> => {
  const failpoint = end.end === "failpoint" ? { failpoint: end.setting } : {};
  const daemon = boot({ home: place.home, ...failpoint });
  const line = await daemon.ready;
  let killed = false;
  if (line !== null) {
    boots.push(daemon.bootMs());
    line.cut();
    const cycle = makeCycle(place.home, false);
    const played = [cast.auditor, ...cast.watchers, ...cast.players].map((one) => one.play(cycle));
    const ms = end.end === "after" ? end.ms : FAILPOINT_MS;
    killed = await Promise.race([daemon.exited.then(() => false), pause(ms).then(() => true)]);
    if (killed) daemon.kill("SIGKILL");
    await Promise.all(played);
  }
  const { signal } = await daemon.exited;
  cast.book.died();
  if (signal !== "SIGKILL")
    cast.book.fault(`the daemon ended by itself: ${daemon.said().slice(-500)}`);
  return end.end === "failpoint" && !killed ? end.name : null;
};

/** The last life: everything begun is brought to its end, everything is read once more, everything is deleted. */
const finish = async (place: Place, cast: Cast, sessions: readonly string[]): Promise<string[]> => {
  const { book, auditor, watchers, workers } = cast;
  const daemon = boot({ home: place.home });
  const line = await readyLine(daemon);
  const cycle = makeCycle(place.home, true);
  const watched = [auditor, ...watchers].map((one) => one.play(cycle));
  await Promise.all(cast.players.map((one) => one.play(cycle)));
  for (const worker of workers) await countTurns(line, auditor, worker, book);
  for (const session of sessions) await line.call("sessions.delete", { session });
  const cleared = async (): Promise<boolean> =>
    (await processFaults(place.home)).length === 1 && spoolFaults(place.home).length === 0;
  await untilTrue("only the daemon is left", cleared, CLEARED_MS).catch((error: unknown) =>
    book.fault(String(error)),
  );
  const { head } = await line.call("events.list", { after: 0, limit: 1 });
  const whole = watchers.filter(({ filtered }) => !filtered);
  await untilTrue("every watcher has seen all", () =>
    [auditor, ...whole].every((one) => one.position === head),
  ).catch((error: unknown) => book.fault(String(error)));
  book.died();
  book.audit();
  await readAgain(cycle, cast, head);
  for (const one of [auditor, ...watchers]) one.stop();
  await Promise.all(watched);
  daemon.kill("SIGTERM");
  const { code } = await daemon.exited;
  if (code !== 0) book.fault(`the last daemon ended with ${code}: ${daemon.said().slice(-500)}`);
  return remainsOf(place.home);
};

/** The agent's own count of what it was given. */
const countTurns = async (
  line: Line,
  auditor: Watcher,
  worker: Worker,
  book: Book,
): Promise<void> => {
  const { session } = worker;
  worker.reckon();
  const sent = worker.sent();
  await line.call("sessions.send", { session, text: "COUNT" });
  await line.call("sessions.wait", { sessions: [session], timeoutMs: 30_000 });
  const { messages } = await line.call("sessions.lastMessage", { session });
  const counted = messages[0]?.text;
  if (counted !== String(sent + 1))
    book.fault(
      `${session} was given ${sent + 1} prompts and counts ${counted} (log at ${auditor.position})`,
    );
};

/** The log from its beginning says what was seen while it was written. */
const readAgain = async (cycle: Cycle, { book }: Cast, head: number): Promise<void> => {
  const end = Promise.withResolvers<void>();
  const reader = makeWatcher({
    name: "second reading",
    session: null,
    book,
    chance: makeChance(1),
    cuts: 0,
    caughtUp: end.resolve,
  });
  const read = reader.play(cycle);
  await Promise.race([end.promise, pause(30_000)]);
  if (reader.position !== head)
    book.fault(`the second reading ended at ${reader.position} of ${head}`);
  reader.stop();
  await read;
};

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] ?? Number.NaN;

export const runKillCycles = async ({
  cycles,
  seed,
}: {
  cycles: number;
  seed: number;
}): Promise<Outcome> => {
  const began = performance.now();
  const chance = makeChance(seed);
  const ends = planEnds(cycles, chance);
  const place = await makePlace(crashConfig);
  const boots: number[] = [];
  const deaths = new Map<string, number>();
  const found: string[] = [];
  try {
    const sessions = await makeSessions(place);
    const cast = makeCast(place, sessions, chance);
    for (const [index, end] of ends.entries()) {
      const name = await live(place, cast, end, boots);
      if (name !== null) deaths.set(name, (deaths.get(name) ?? 0) + 1);
      const late = performance.now() - began > CYCLES_MS;
      if (late) cast.book.fault(`${index + 1} of ${cycles} cycles took ${CYCLES_MS} ms`);
      if (cast.book.faults.length > 0) {
        found.push(...cast.book.faults);
        cast.book.fault(`(first seen in life ${index + 1}: ${JSON.stringify(end)}, seed ${seed})`);
        break;
      }
    }
    const remains = await finish(place, cast, sessions);
    return {
      ...sum(cast, { cycles, seed, boots, deaths, began }),
      remains,
      clear: () => place.clear(),
    };
  } catch (error) {
    const tail = await place.tail();
    await place.clear();
    const faults = found.map((fault) => `\n  ${fault}`).join("");
    throw new Error(`seed ${seed}: ${String(error)}${faults}\ndaemon's log:\n${tail}`, {
      cause: error,
    });
  }
};

type Run = {
  readonly cycles: number;
  readonly seed: number;
  readonly boots: readonly number[];
  readonly deaths: ReadonlyMap<string, number>;
  readonly began: number;
};

const sum = ({ book, watchers, workers, visitor }: Cast, run: Run) => {
  const prompts = workers.reduce((total, worker) => total + worker.sent(), 0);
  const visits = visitor.reckon();
  const atFailpoints = [...run.deaths.values()].reduce((total, count) => total + count, 0);
  const resumed = watchers.reduce((total, one) => total + one.resumed, 0);
  const seconds = ((performance.now() - run.began) / 1000).toFixed(0);
  const lines = [
    `kill -9: ${run.cycles} cycles (${atFailpoints} at failpoints) in ${seconds} s, seed ${run.seed}: ` +
      `${book.acks.size} acknowledged, ${book.log.length} events, ${resumed} resumes, ${prompts} prompts, ${visits} sessions made and deleted; ` +
      `${book.faults.length} faults; restart to first client p50 ${quantile(run.boots, 0.5).toFixed(0)} ms, p99 ${quantile(run.boots, 0.99).toFixed(0)} ms`,
  ];
  return { faults: book.faults, acknowledged: book.acks.size, prompts, deaths: run.deaths, lines };
};
