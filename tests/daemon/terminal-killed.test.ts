/** What a daemon that is killed leaves of the terminals that it showed, with a real tmux. */
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openHouse } from "../scenarios/house.ts";
import { isAlive, untilTrue } from "../scenarios/processes.ts";
import { look, tmuxOf } from "./terminal-viewer.ts";

/** Those that are attached in control mode to the state folder's tmux, whether tmux still lists them or not. */
const attachedTo = async (home: string): Promise<readonly number[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      const isOne = args.includes(join(home, "run", "tmux")) && args.includes("attach-session");
      return isOne ? [Number(pid)] : [];
    }),
  );
  return found.flat();
};

test("tmux's clients of a daemon that was killed end with the next one; who attached by hand stays", async () => {
  const house = await openHouse({ config: async () => ({}), env: { SHELL: "/bin/bash" } });
  const tmux = tmuxOf(house.home);
  onTestFinished(async () => {
    await tmux.run("kill-server").catch(() => "");
    await house.close();
  });
  const folder = await house.folder("terminal");
  const { terminal } = await house.call("terminals.open", { folder, argv: ["/usr/bin/yes"] });
  const viewer = await look(house.home, { ref: terminal.id });
  await viewer.shows("y");
  const [left, ...more] = await attachedTo(house.home);
  expect(more).toEqual([]);
  const person = spawn("tmux", ["-S", join(house.home, "run", "tmux"), "-C", "attach-session"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  person.stdout.resume();
  await untilTrue("both are attached", async () => (await attachedTo(house.home)).length === 2);

  // What nobody reads fills all that lies between: the daemon dies with more to come.
  viewer.holdAcks();
  const seen = viewer.received();
  await viewer.until((one) => one.received() > seen);
  await house.kill9();
  await house.restart();
  await untilTrue("the client that was left has ended", () => !isAlive(left!));
  expect(await attachedTo(house.home)).toEqual([person.pid]);

  const again = await look(house.home, { ref: terminal.id });
  await again.shows("y");
});
