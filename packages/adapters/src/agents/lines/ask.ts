/** A process that is no session's: it is started to be asked something, and nothing of it is left. */
import type { BackendContext, Detached } from "@skein/sdk";

/**
 * It is ended as soon as it has been heard, when `signal` aborts, or after the time that a start may take; then its lines end.
 * Rejects with the host's AdapterFailure, or as `hear` does. `id`: of the driver, which asks one at a time.
 */
export const askProcess = async <T>(
  context: BackendContext,
  id: string,
  spec: Pick<Parameters<BackendContext["host"]["start"]>[0], "argv" | "env">,
  signal: AbortSignal,
  hear: (process: Detached) => Promise<T>,
): Promise<T> => {
  const { host, clock, timing } = context;
  const owner = { session: `${id.replace(":", "-")}-probe`, generation: 0 };
  const dir = `${context.dir}/probe`;
  // Of a daemon that died while it asked.
  await host.sweep(owner);
  await host.remove(dir);
  const folder = (await host.folder(context.dir)) === "directory" ? context.dir : "/";
  const detached = await host.start({ ...spec, dir, folder, owner });
  // What keeps it from being ended is told below.
  const giveUp = (): void => void detached.terminate(0).catch(() => undefined);
  const cancel = clock.after(timing.startMs, giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  // An abort that came while it was being started is not told again.
  if (signal.aborted) giveUp();
  try {
    return await hear(detached);
  } finally {
    cancel();
    signal.removeEventListener("abort", giveUp);
    try {
      await detached.terminate(0);
    } finally {
      await detached.close();
    }
    await host.remove(dir);
  }
};
