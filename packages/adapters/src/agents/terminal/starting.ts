/** From nothing to a program that waits for its first prompt, or to one sentence that says why not. */
import { posix } from "node:path";
import type { ErrorCode } from "@skein/contract";
import { isAdapterFailure, isStale, type Fact, type Screen, type TerminalLook } from "@skein/sdk";
import { finish, follow, tell, watchingOf, type Ended, type Life } from "./life.ts";
import { makePattern } from "./pattern.ts";
import { rested } from "./quiet.ts";
import { lastLine } from "./reading.ts";
import { unreadyWords } from "./stalled.ts";
import { lastWords } from "./turn.ts";

/** As wide as a screen that a person opens, before one does. */
const COLUMNS = 120;
const ROWS = 40;

const nobody: Ended = { exitCode: null, signal: null };

type Failed = Extract<Fact, { fact: "start-failed" }>;

const failed = (code: ErrorCode, message: string, remedy: string): Failed => ({
  fact: "start-failed",
  code,
  message,
  remedy,
});

/** Nothing of it is left behind. */
const tellFailure = async (life: Life, fact: Failed): Promise<void> => {
  if (life.over || life.leaving.signal.aborted) return;
  life.over = true;
  life.leaving.abort();
  const { host, terminals } = life.context.backend;
  await host.sweep(life.owner);
  await terminals.close(life.id).catch((error: unknown) => {
    if (!isAdapterFailure(error)) throw error;
  });
  await life.context.report({ facts: [fact], source: "screen" });
};

/** The end of the program is told when it comes, whoever brings it about. */
export const watchEnd = (life: Life): void => {
  const told = async (): Promise<void> => {
    const ended = await life.ended.promise;
    if (life.starting) return;
    await finish(life, ended, false, await lastWords(life));
  };
  told().catch((error: unknown) =>
    life.context.log("error", "the end of a program could not be told", { error: String(error) }),
  );
};

/** Found as a shell finds it, from the session's folder. */
const programOf = async ({ context, program }: Life): Promise<string | null> => {
  const { host, env } = context.backend;
  const [name = ""] = program.argv;
  const isPath = name.includes("/") && !name.startsWith("/");
  return host.which(isPath ? posix.join(context.session.folder, name) : name, env["PATH"]);
};

const open = async (life: Life): Promise<Failed | null> => {
  const { context, program, id, owner } = life;
  const { terminals, env } = context.backend;
  const name = program.argv[0] ?? "";
  if (program.ready !== undefined && makePattern(program.ready) === null) {
    const message = `The pattern of the ready line is no regular expression: ${program.ready}`;
    return failed("invalid_input", message, "Create the session anew with another pattern.");
  }
  const found = await programOf(life);
  if (found === null) {
    const remedy = "Install it, or create the session with its whole path.";
    return failed("backend_not_installed", `There is no program ${name}.`, remedy);
  }
  const argv = [found, ...program.argv.slice(1)] as const;
  const { folder } = context.session;
  try {
    await terminals.open({ id, argv, env, folder, owner, columns: COLUMNS, rows: ROWS });
    return null;
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    return failed(error.failure.code, error.message, error.failure.remedy);
  }
};

const diedEarly = async (life: Life, { exitCode, signal }: Ended): Promise<Failed> => {
  const how = signal === null ? `with exit code ${exitCode ?? "unknown"}` : `by ${signal}`;
  const shown = await life.context.backend.terminals.screen(life.id).catch(() => null);
  const words = shown === null ? "" : lastLine(shown).trim().slice(0, 300);
  return failed(
    "backend_unavailable",
    `${life.program.argv[0]} ended ${how} before it was ready${words === "" ? "." : `: ${words}`}`,
    "Start it by hand in that folder to see what it wants.",
  );
};

/** It is taken as ready after a while though it never showed that it is: said, for no turn would end either. */
const neverReady = ({ program, ready }: Life, screen: Screen | null): readonly Fact[] => {
  if (program.ready === undefined || screen === null) return [];
  const line = lastLine(screen);
  if (ready.allows(line)) return [];
  const text = `The program was taken as ready though it did not show it: ${unreadyWords({ ready: program.ready }, line)}.`;
  return [{ fact: "notice", level: "warning", text }];
};

const started = (life: Life, { process }: TerminalLook): readonly Fact[] => {
  const { context } = life;
  const began: Fact = {
    fact: "started",
    pid: process?.pid ?? null,
    providerSessionId: null,
    model: null,
    adopted: false,
  };
  const text = `${life.program.argv[0]} was started again: it knows of what was said before only what it keeps itself.`;
  const again: Fact = { fact: "notice", level: "info", text };
  return context.generation > 1 ? [began, again] : [began];
};

/** Waits until it has come to rest, or for as long as a start may take; then it is taken as ready. */
export const becomeReady = async (life: Life): Promise<void> => {
  const { context, program, leaving } = life;
  const { clock, timing } = context.backend;
  life.starting = true;
  const resting = rested(watchingOf(life, leaving.signal), {
    quietMs: program.quietMs,
    isReady: (line) => program.ready === undefined || life.ready.allows(line),
    changed: () => false,
    until: clock.monotonic() + timing.startMs * 0.8,
  });
  const died = await Promise.race([life.ended.promise, resting.then(() => null)]);
  const unready = died === null ? neverReady(life, await resting) : [];
  if (life.stopping || leaving.signal.aborted) return;
  const look = await context.backend.terminals.look(life.id);
  // The screen of a program that has ended is quiet too.
  const exit = died ?? (look.liveness === "dead" ? (look.exit ?? nobody) : null);
  if (exit !== null) return tellFailure(life, await diedEarly(life, exit));
  life.state = { ...life.state, ready: true };
  try {
    await tell(life, [...started(life, look), ...unready]);
  } catch (error) {
    if (!isStale(error)) throw error;
    life.leaving.abort();
    await context.backend.host.sweep(life.owner);
    return;
  }
  life.starting = false;
  watchEnd(life);
};

/** Starts the program; one of this generation that runs already is left as it is. */
export const startAnew = async (life: Life): Promise<void> => {
  const failure = await open(life);
  if (life.leaving.signal.aborted || life.stopping) {
    await life.context.backend.host.sweep(life.owner);
    return;
  }
  if (failure !== null) return tellFailure(life, failure);
  follow(life);
  await becomeReady(life);
};
