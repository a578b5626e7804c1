/** A daemon of the bench's own, as a process: the same code as `skein up`, with its loop watched from inside. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startDaemon } from "@skein/daemon";

const [home = ""] = process.argv.slice(2);
const daemon = await startDaemon({ home, version: "bench", port: 0, env: process.env });
if ("alreadyRunning" in daemon) throw new Error("a daemon runs there already");

const delay = monitorEventLoopDelay({ resolution: 1 });
process.on("message", (message) => {
  if (message === "watch the loop") {
    delay.reset();
    delay.enable();
    process.send?.({ watching: true });
  }
  if (message === "how was the loop") {
    delay.disable();
    process.send?.({ loopMaxMs: delay.max / 1e6, rss: process.memoryUsage.rss() });
  }
  if (message === "memory") process.send?.({ rss: process.memoryUsage.rss() });
});
process.on("SIGTERM", () => void daemon.close().then(() => process.exit(0)));
process.send?.({
  ready: true,
  address: daemon.address,
  socketPath: daemon.socketPath,
  readyMs: daemon.readyMs,
});
