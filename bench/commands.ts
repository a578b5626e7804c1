/** `skein list` and `skein send`, beside the bare start of the same Node. */
import { spawnSync } from "node:child_process";
import { median, percentile, type Figure } from "./figures.ts";
import { skein } from "./bundle.ts";
import type { World } from "./world.ts";

const RUNS = 21;

const time = (command: string, args: readonly string[], home: string): number => {
  const begin = performance.now();
  const { status, stderr } = spawnSync(command, args, {
    env: { ...process.env, SKEIN_HOME: home },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return performance.now() - begin;
};

export const measureCommands = (world: World, session: string): Figure[] => {
  const times: Record<"list" | "send" | "node", number[]> = { list: [], send: [], node: [] };
  for (let run = 0; run <= RUNS; run++) {
    const node = time(process.execPath, ["-e", "0"], world.home);
    const list = time(skein, ["list"], world.home);
    const send = time(skein, ["send", session, "PONG"], world.home);
    if (run === 0) continue;
    times.node.push(node);
    times.list.push(list);
    times.send.push(send);
  }
  const bare = median(times.node);
  return (["list", "send"] as const).map((verb) => ({
    what: `skein ${verb}`,
    measured: median(times[verb]),
    unit: "ms",
    reach: { atMost: 70 },
    note: `p95 ${percentile(times[verb], 0.95).toFixed(0)}; node -e 0 takes ${bare.toFixed(0)} ms in the same rounds`,
  }));
};
