/** One state folder, one death at a chosen point, and the life after it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session, SkeinEvent } from "@skein/contract";
import { expect } from "vitest";
import { allPages } from "@skein/client";
import { agentProcesses, untilTrue } from "../../scenarios/processes.ts";
import { boot, makePlace, type Daemon, type Place } from "../daemon.ts";
import { crashConfig } from "../fakes.ts";
import { isBroken, type Line } from "../line.ts";
import { processFaults, remainsOf, spoolFaults } from "../remains.ts";

export type Backend = "claude-code" | "codex";

export type Stage = {
  readonly place: Place;
  /** Starts a daemon that will live; the one before must be dead. */
  live(): Promise<Line>;
  /**
   * Starts a daemon, lets it come to rest, then does what must kill it: `point` is name:side:hit, counted from then on.
   * Fails when it survives.
   */
  dieAt(point: string, provoke: (line: Line) => Promise<unknown>): Promise<void>;
  /** A daemon that is killed while it starts, at the first passing. */
  dieStarting(point: string): Promise<void>;
  kill(): Promise<void>;
  create(line: Line, backend: Backend, more?: { readonly permissions?: "full" }): Promise<Session>;
  /** The session's agent processes: pids. */
  agents(session: string): Promise<number[]>;
  /** A line that an agent's command writes, and how often it was written. */
  mark(session: Session, word: string): { readonly text: string; count(): number };
};

const DEATH_MS = 30_000;
const CLEARED_MS = 30_000;

/** Resolves when the agents have said who they are and that is recorded. */
const atRest = async (line: Line): Promise<void> => {
  await line.call("backends.list", {});
  await line.call("system.status", {});
};

const broken = (error: unknown): void => {
  if (!isBroken(error)) throw error;
};

/** Every event from the first; `next` of a page is a position. */
export const everything = (line: Line, session?: string): Promise<SkeinEvent[]> =>
  allPages(
    ({ limit, cursor }) =>
      line.call("events.list", {
        after: Number(cursor ?? 0),
        limit,
        ...(session === undefined ? {} : { session }),
      }),
    (page) => page.events,
  );

export const done = async (line: Line, session: Session): Promise<Session> => {
  const { outcome, sessions } = await line.call("sessions.wait", {
    sessions: [session.id],
    timeoutMs: 30_000,
  });
  const { session: after } = sessions[0]!;
  expect({ outcome, status: after.status }).toMatchObject({ outcome: "done" });
  return after;
};

/** Everything is deleted; gives what is left all the same. */
const deleteAll = async (place: Place, daemon: Daemon, line: Line): Promise<string[]> => {
  const { sessions } = await line.call("sessions.list", { limit: 100 });
  for (const { id } of sessions) await line.call("sessions.delete", { session: id });
  const cleared = async (): Promise<boolean> =>
    (await processFaults(place.home)).length === 1 && spoolFaults(place.home).length === 0;
  await untilTrue("only the daemon is left", cleared, CLEARED_MS).catch(async (error: unknown) => {
    const left = [...(await processFaults(place.home)), ...spoolFaults(place.home)];
    throw new Error(`${String(error)}:\n${left.join("\n")}`);
  });
  daemon.kill("SIGTERM");
  const { code } = await daemon.exited;
  if (code !== 0) throw new Error(`the daemon ended with ${code}: ${daemon.said()}`);
  return remainsOf(place.home);
};

/** Stages at a time: much of a test is waiting, but what is not needs a processor. */
const STAGES = 3;
const waiting: (() => void)[] = [];
let free = STAGES;

const takeTurn = async (): Promise<void> => {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
};
const giveTurn = (): void => {
  const next = waiting.shift();
  if (next === undefined) free += 1;
  else next();
};

/** Runs one test on a stage of its own; at its end everything is deleted. Gives what is left then: nothing may be. */
export const remainsAfter = async (
  play: (stage: Stage) => Promise<void>,
): Promise<readonly string[]> => {
  await takeTurn();
  return playAlone(play).finally(giveTurn);
};

const playAlone = async (play: (stage: Stage) => Promise<void>): Promise<readonly string[]> => {
  const place = await makePlace(crashConfig);
  const armed = join(place.home, "..", "armed");
  let now: { readonly daemon: Daemon; readonly line: Line } | null = null;

  const begin = async (failpoint?: string): Promise<{ daemon: Daemon; line: Line }> => {
    const daemon = boot({ home: place.home, ...(failpoint === undefined ? {} : { failpoint }) });
    const line = await daemon.ready;
    if (line === null) throw new Error(`the daemon did not start: ${daemon.said()}`);
    now = { daemon, line };
    return now;
  };
  const end = async (): Promise<void> => {
    now?.daemon.kill("SIGKILL");
    await now?.daemon.exited;
    now = null;
  };

  const stage: Stage = {
    place,
    live: async () => (await begin()).line,
    kill: end,
    dieStarting: async (point) => {
      const daemon = boot({ home: place.home, failpoint: point });
      if ((await daemon.ready) !== null) throw new Error(`${point} was never passed`);
      expect({ ...(await daemon.exited), said: daemon.said() }).toMatchObject({
        signal: "SIGKILL",
      });
    },
    dieAt: async (point, provoke) => {
      rmSync(armed, { force: true });
      const { daemon, line } = await begin(`${point}:${armed}`);
      await atRest(line);
      writeFileSync(armed, "");
      const provoked = provoke(line).catch(broken);
      const survived = AbortSignal.timeout(DEATH_MS);
      const late = new Promise<never>((_, reject) =>
        survived.addEventListener("abort", () => reject(new Error(`${point} was never passed`))),
      );
      const { signal } = await Promise.race([daemon.exited, late]);
      expect({ signal, said: daemon.said() }).toMatchObject({ signal: "SIGKILL" });
      await provoked;
      now = null;
    },
    create: async (line, backend, more = {}) => {
      const { session } = await line.call("sessions.create", {
        backend,
        folder: place.folder("work"),
        ...more,
      });
      return session;
    },
    agents: async (session) =>
      (await agentProcesses(place.home))
        .filter((one) => one.session === session)
        .map(({ pid }) => pid),
    mark: (session, word) => {
      const file = join(session.folder, "marks");
      return {
        text: `RUN echo ${word} >> ${file}`,
        count: () => {
          try {
            return readFileSync(file, "utf8")
              .split("\n")
              .filter((line) => line === word).length;
          } catch {
            return 0;
          }
        },
      };
    },
  };
  try {
    await play(stage);
    const last = now ?? (await begin());
    return await deleteAll(place, last.daemon, last.line);
  } catch (error) {
    if (error instanceof Error) error.message += `\ndaemon's log:\n${await place.tail()}`;
    throw error;
  } finally {
    await end();
    await place.clear();
  }
};
