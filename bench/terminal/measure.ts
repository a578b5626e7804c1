/** Terminals: keystrokes, floods, memory, throughput; beside raw tmux and ttyd in the same run. */
import { median, percentile, type Figure } from "../figures.ts";
import type { World } from "../world.ts";
import { rawTmux, throughDaemon, ttyd, type Client } from "./clients.ts";
import { echoes } from "./echo.ts";
import { growth, stops, throughput } from "./flood.ts";

const CAT = ["/bin/cat"];
const BUSY = 20;
const FLOOD_BYTES = 1_000_000_000;

const ms = (value: number): string => value.toFixed(2);

type Echo = { readonly p50: number; readonly p99: number };

const echoOf = async (client: Client): Promise<Echo> => {
  const times = await echoes(client);
  await client.close();
  return { p50: median(times), p99: percentile(times, 0.99) };
};

const figure = (
  what: string,
  measured: number,
  unit: string,
  reach: Figure["reach"],
  note = "",
): Figure => ({ what, measured, unit, reach, note });

/** Each way twice, in turn; the better half of two runs is what the machine can do. */
const idle = async (world: World, token: string): Promise<readonly Figure[]> => {
  const rounds: { raw: Echo; peer: Echo | null; ours: Echo }[] = [];
  for (let round = 0; round < 2; round++) {
    const raw = await echoOf(await rawTmux(CAT));
    const other = await ttyd(CAT);
    const peer = other === null ? null : await echoOf(other);
    const ours = await echoOf(await throughDaemon(world, token, CAT));
    rounds.push({ raw, peer, ours });
  }
  const best = (way: "raw" | "peer" | "ours", of: "p50" | "p99"): number =>
    Math.min(...rounds.map((round) => round[way]?.[of] ?? Number.NaN));
  const peers = Number.isNaN(best("peer", "p50"))
    ? "ttyd is not on PATH: not measured"
    : `ttyd + tmux p50 ${ms(best("peer", "p50"))}, p99 ${ms(best("peer", "p99"))}`;
  const note = `raw tmux attach p50 ${ms(best("raw", "p50"))}, p99 ${ms(best("raw", "p99"))}; ${peers}`;
  const figures = [
    figure("keystroke echo, idle, p50", best("ours", "p50"), "ms", null, note),
    figure("keystroke echo, idle, p99", best("ours", "p99"), "ms", { atMost: 5 }),
  ];
  if (Number.isNaN(best("peer", "p50"))) return figures;
  const ratio = best("ours", "p50") / best("peer", "p50");
  return [
    ...figures,
    figure("keystroke echo, p50, times ttyd + tmux", ratio, "x", { atMost: 1.3 }),
  ];
};

/** With agents that speak all the while. */
const busy = async (world: World, token: string): Promise<readonly Figure[]> => {
  const made = await Promise.all(
    Array.from({ length: BUSY }, () => world.call("sessions.create", { folder: world.folder })),
  );
  const sessions = made.map(({ session }) => session.id);
  await world.call("sessions.wait", { sessions, timeoutMs: 60_000 });
  for (const session of sessions) await world.call("sessions.send", { session, text: "SLOW 120" });
  const { p50, p99 } = await echoOf(await throughDaemon(world, token, CAT));
  for (const session of sessions) await world.call("sessions.delete", { session });
  const what = `keystroke echo, ${BUSY} sessions at work, p99`;
  return [figure(what, p99, "ms", { atMost: 15 }, `p50 ${ms(p50)}`)];
};

const interrupts = async (world: World, token: string): Promise<readonly Figure[]> => {
  const times = await stops(world, token);
  const note = `median of ${times.length}: ${ms(median(times))} ms`;
  return [figure("Ctrl-C ends a flood, worst", Math.max(...times), "ms", { atMost: 100 }, note)];
};

const rates = async (world: World, token: string): Promise<readonly Figure[]> => {
  const { ptyRate, browserRate, ourRate, real } = await throughput(world, token);
  const inNode = figure(
    "throughput into a headless xterm.js",
    ourRate,
    "MB/s",
    null,
    `alone: pty ${ptyRate.toFixed(0)}, xterm.js ${browserRate.toFixed(0)}`,
  );
  if (real === null) {
    console.error("  chromium is not on PATH: what a browser takes is not measured");
    return [inNode];
  }
  const list = (rates: readonly number[]): string => rates.map((rate) => rate.toFixed(1)).join(" ");
  return [
    inNode,
    figure(
      "throughput into a browser, of what it takes from a bare pty",
      median(real.skein) / median(real.bare),
      "x",
      { atLeast: 0.9 },
      `MB/s of each round: ${list(real.skein)}; from a bare pty ${list(real.bare)}`,
    ),
  ];
};

const memory = async (world: World, token: string): Promise<readonly Figure[]> => {
  const { grownMB, beforeMB, seconds } = await growth(world, token, FLOOD_BYTES);
  const note = `from ${beforeMB.toFixed(0)} MB, in ${seconds.toFixed(0)} s`;
  const what = "memory of the daemon, grown by a flood of 1 GB";
  return [figure(what, grownMB, "MB", { atMost: 64 }, note)];
};

/** Told as they come: a flood takes its time. */
export const measureTerminals = async (
  world: World,
  token: string,
  add: (figures: readonly Figure[]) => void,
): Promise<void> => {
  add(await idle(world, token));
  add(await busy(world, token));
  add(await interrupts(world, token));
  add(await rates(world, token));
  add(await memory(world, token));
};
