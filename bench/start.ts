/** From the start of the process to ready: with nothing, and with a million events after a kill -9. */
import { spawnSync } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { median, type Figure } from "./figures.ts";
import { here, makeHome, openWorld } from "./world.ts";
import { startBundle } from "./bundle.ts";

const ROUNDS = 7;

const measureEmpty = async (): Promise<Figure> => {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const home = makeHome();
    const run = await startBundle(home);
    times.push(run.readyMs);
    await run.kill();
    rmSync(home, { recursive: true, force: true });
  }
  const counted = times.slice(1);
  return {
    what: "start to ready, empty state",
    measured: median(counted),
    unit: "ms",
    reach: { atMost: 300 },
    note: `process start to /ready; ${Math.min(...counted).toFixed(0)}-${Math.max(...counted).toFixed(0)}`,
  };
};

/** 1,000 sessions with 1,000 events each, the write-ahead log not brought in, the writer killed. */
const fill = (home: string): void => {
  const result = spawnSync(process.execPath, [here("fill.ts"), home, "1000", "1000"], {
    stdio: "inherit",
  });
  if (result.signal !== "SIGKILL")
    throw new Error(`filling the state folder ended with ${result.status ?? result.signal}`);
};

const measureFull = async (): Promise<Figure> => {
  const times: number[] = [];
  let note = "";
  const home = makeHome();
  const world = await openWorld(home, true);
  await world.close();
  fill(home);
  for (let round = 0; round <= 4; round++) {
    const wal = statSync(join(home, "skein.db-wal"), { throwIfNoEntry: false })?.size ?? 0;
    const run = await startBundle(home);
    times.push(run.readyMs);
    // The first one has the whole write-ahead log before it; those after a kill have what it left.
    note ||= `first start ${run.readyMs.toFixed(0)} ms with ${(wal / 1024 / 1024).toFixed(0)} MB not checkpointed`;
    await run.kill();
  }
  rmSync(home, { recursive: true, force: true });
  return {
    what: "start to ready, 1,000 sessions and 1,000,000 events, after kill -9",
    measured: median(times),
    unit: "ms",
    reach: { atMost: 1_000 },
    note,
  };
};

export const measureStarts = async (): Promise<Figure[]> => [
  await measureEmpty(),
  await measureFull(),
];
