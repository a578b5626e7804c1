/** Takes away what Skein has on a host that is removed: its processes, its tmux, its folder. */
import { posix } from "node:path";
import type { Host } from "@skein/sdk";

const ENV = { PATH: "/usr/bin:/bin" };
const RMDIR_MS = 5_000;
/** The homes of sessions in containers: their conversations, which go on when the host is added again. */
const KEPT = "containers";

/** Never of this machine: its folder is the daemon's own. Rejects when the host does not answer, or something stays that should not. */
export const clearHost = async (host: Host, endTerminals: () => Promise<void>): Promise<void> => {
  await endTerminals();
  for (const { owner } of await host.owners()) await host.sweep(owner);
  for (const { name } of (await host.files.list(host.home)) ?? [])
    if (name !== KEPT) await host.files.remove(posix.join(host.home, name));
  // Only what is empty: other daemons' folders lie beside it.
  const folders = [posix.join(host.home, KEPT), host.home, posix.dirname(host.home)];
  for (const folder of folders)
    await host.run(["rmdir", folder], { env: ENV, timeoutMs: RMDIR_MS });
};
