/**
 * A sync that fails. After it nothing may be acknowledged, not even when the next sync says that all is well (the kernel
 * has thrown the pages away by then); the daemon ends, and the next one serves what was acknowledged before.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { boot, makePlace, type Place } from "./daemon.ts";
import { crashConfig } from "./fakes.ts";
import { isBroken, isRefused, type Line } from "./line.ts";
import { remainsOf } from "./remains.ts";

const SOURCE = fileURLToPath(new URL("fsync-error/failing-sync.c", import.meta.url));
const MOST_APPENDS = 3_000;
const ENDED_MS = 30_000;

let folder: string;
let library: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skein-sync-"));
  library = join(folder, "failing-sync.so");
  try {
    execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], {
      stdio: "pipe",
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("gcc is not installed: apt-get install -y gcc libc6-dev", { cause: error });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Told = {
  readonly acknowledged: string[];
  readonly afterFailure: string[];
  readonly refusals: string[];
};

/** One append after another until the line breaks. What was answered after the failure is kept apart. */
const appendUntilBroken = async (line: Line, session: string, failed: string): Promise<Told> => {
  const told: Told = { acknowledged: [], afterFailure: [], refusals: [] };
  for (let number = 1; number <= MOST_APPENDS; number++) {
    const clientId = `fact-${number}`;
    const events = [{ type: "sync.fact", data: { id: clientId }, clientId }];
    try {
      await line.call("events.append", { session, events });
      (existsSync(failed) ? told.afterFailure : told.acknowledged).push(clientId);
    } catch (error) {
      if (isBroken(error)) return told;
      if (!isRefused(error)) throw error;
      told.refusals.push(error.code);
    }
  }
  throw new Error(`The daemon lives after ${MOST_APPENDS} appends: no sync has failed.`);
};

const factIds = async (line: Line, session: string): Promise<string[]> => {
  const ids: string[] = [];
  for (let after = 0; ;) {
    const { events } = await line.call("events.list", { session, after, limit: 500 });
    if (events.length === 0) return ids;
    after = events.at(-1)!.position;
    for (const { type, data } of events)
      if (type === "session.reported") ids.push((data as { data: { id: string } }).data.id);
  }
};

const firstLife = async (place: Place): Promise<string> => {
  const daemon = boot({ home: place.home });
  const line = (await daemon.ready)!;
  const { session } = await line.call("sessions.create", {
    backend: "claude-code",
    folder: place.folder("work"),
  });
  await line.call("sessions.wait", { sessions: [session.id], timeoutMs: 30_000 });
  await line.call("sessions.stop", { session: session.id });
  daemon.kill("SIGTERM");
  await daemon.exited;
  return session.id;
};

/** `underWay`: appends that were synced before the failure and whose answer was still on its way. */
const expectEnd = async (
  place: Place,
  fails: Readonly<Record<string, string>>,
  underWay: number,
): Promise<void> => {
  const session = await firstLife(place);
  const [when, failed] = [join(place.home, "..", "when"), join(place.home, "..", "failed")];
  const env = { LD_PRELOAD: library, SYNC_FAILS_WHEN: when, SYNC_FAILED: failed, ...fails };
  const daemon = boot({ home: place.home, env });
  const line = (await daemon.ready)!;
  await line.call("backends.list", {});
  writeFileSync(when, "");
  const { acknowledged, afterFailure, refusals } = await appendUntilBroken(line, session, failed);
  expect(readFileSync(failed, "utf8")).toContain("skein.db");
  expect(afterFailure.length).toBeLessThanOrEqual(underWay);
  for (const code of refusals) expect(["storage_failed", "shutting_down"]).toContain(code);
  const late = new Promise<null>((resolve) => setTimeout(resolve, ENDED_MS, null).unref());
  const exit = await Promise.race([daemon.exited, late]);
  expect({ ...exit, said: daemon.said() }).toMatchObject({ code: 1, signal: null });
  expect(daemon.said()).toContain("the disk failed");

  const next = boot({ home: place.home });
  const again = (await next.ready)!;
  const kept = await factIds(again, session);
  const told = [...acknowledged, ...afterFailure];
  expect(kept.slice(0, told.length)).toEqual(told);
  await again.call("sessions.delete", { session });
  next.kill("SIGTERM");
  expect(await next.exited).toMatchObject({ code: 0 });
  expect(await remainsOf(place.home)).toEqual([]);
};

const onPlace = async (play: (place: Place) => Promise<void>): Promise<void> => {
  const place = await makePlace(crashConfig);
  try {
    await play(place);
  } finally {
    await place.clear();
  }
};

it.each([1, 2, 17])(
  "a commit's sync fails (number %i): nothing is acknowledged any more, the daemon ends",
  (at) =>
    onPlace(async (place) => {
      const database = join(place.home, "skein.db");
      await expectEnd(place, { SYNC_FAILS_BELOW: database, SYNC_FAILS_AT: String(at) }, 0);
      expect(readFileSync(join(place.home, "..", "failed"), "utf8")).toContain("skein.db-wal");
    }),
);

it("the database's own sync fails, when the log is carried over into it: the same", () =>
  onPlace(async (place) => {
    const database = join(place.home, "skein.db");
    await expectEnd(place, { SYNC_FAILS_ONLY: database, SYNC_FAILS_AT: "1" }, 1);
    expect(readFileSync(join(place.home, "..", "failed"), "utf8")).toBe(`${database}\n`);
  }));
