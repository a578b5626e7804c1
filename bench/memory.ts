/** What the daemon weighs with a hundred idle sessions. */
import { readFileSync } from "node:fs";
import type { Figure } from "./figures.ts";
import { startBundle } from "./bundle.ts";
import { attachWorld, makeHome } from "./world.ts";

const SESSIONS = 100;
const AT_ONCE = 5;

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

export const measureMemory = async (): Promise<Figure[]> => {
  const home = makeHome();
  const run = await startBundle(home);
  const world = attachWorld(home);
  const empty = residentMb(run.pid);
  for (let made = 0; made < SESSIONS; made += AT_ONCE) {
    const batch = await Promise.all(
      Array.from({ length: AT_ONCE }, () =>
        world.call("sessions.create", { folder: world.folder }),
      ),
    );
    const sessions = batch.map(({ session }) => session.id);
    const { outcome } = await world.call("sessions.wait", { sessions, timeoutMs: 60_000 });
    if (outcome !== "done") throw new Error(`a session did not become idle: ${outcome}`);
  }
  const loaded = residentMb(run.pid);
  await world.close(run.kill);
  return [
    {
      what: "memory of the daemon with 100 idle sessions",
      measured: loaded,
      unit: "MB",
      reach: { atMost: 110 },
      note: `resident, from the bundle, each session with its process; empty ${empty.toFixed(0)} MB`,
    },
  ];
};
