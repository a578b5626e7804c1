/** The end of a process that spoke in lines: the last fact of its generation, told once. */
import { isAdapterFailure, type Detached, type Exit } from "@skein/sdk";
import type { LineLife } from "./life.ts";

/** Of one that was found dead nobody can tell how. */
export const nobody: Exit = { exitCode: null, signal: null, witnessed: false };

const reasonOf = <State>(
  { title, stopping }: LineLife<State>,
  { exitCode, signal }: Exit,
  unwitnessed: boolean,
  stderr: string,
): string => {
  if (stopping) return "stopped on request";
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const words = said === "" ? "." : `: ${said.slice(0, 300)}`;
  if (signal !== null) return `${title} was killed by ${signal}${words}`;
  if (exitCode !== null) return `${title} ended with exit code ${exitCode}${words}`;
  if (unwitnessed) return `${title} ended while nobody watched${words}`;
  return `${title} ended; an earlier daemon had started it, so its exit code is not known${words}`;
};

/** What it left running is ended; what keeps that from being done is logged, and holds up nothing that is to be told. */
export const sweepOwn = async <State>({ context, owner }: LineLife<State>): Promise<void> => {
  await context.backend.host.sweep(owner).catch((error: unknown) => {
    if (!isAdapterFailure(error)) throw error;
    context.log("error", error.message, { remedy: error.failure.remedy });
  });
};

/** What stands in its stderr; "" also when that cannot be read: an end is told without last words, too. */
export const saidLast = async (detached: Detached | null, bytes: number): Promise<string> =>
  (await detached?.errors(bytes).catch(() => "")) ?? "";

/** The last fact. Told once; what the process left running is gone by then. */
export const finish = async <State>(
  life: LineLife<State>,
  exit: Exit,
  unwitnessed: boolean,
): Promise<void> => {
  if (life.over || life.closed) return;
  life.over = true;
  const { context, detached, reader } = life;
  await sweepOwn(life);
  const stderr = await saidLast(detached, 2_000);
  const { exitCode, signal } = exit;
  const reason = reasonOf(life, exit, unwitnessed, stderr);
  const expected = life.stopping;
  await reader
    .tell(life.last({ fact: "exited", exitCode, signal, expected, unwitnessed, reason }))
    .catch((error: unknown) =>
      context.log("info", "its end was not recorded", { error: String(error) }),
    );
  await detached?.close();
};

/** Its end is told when it comes, whoever brings it about. */
export const watchEnd = <State>(life: LineLife<State>): void => {
  const told = async (): Promise<void> => {
    const exit = await life.reading;
    // An adopted process had a watcher before: only when it died between two daemons was there none.
    if (exit !== null) await finish(life, exit, false);
  };
  told().catch((error: unknown) =>
    life.context.log("error", "the end of an agent could not be told", { error: String(error) }),
  );
};
