/** Opening a thread on the server: a new one, one of the past, a copy. What is said here is Codex 0.169.0's. */
import { pause, type SessionContext } from "@skein/sdk";
import type { Page } from "./catch-up.ts";
import type { Turn } from "./generated/protocol.ts";
import type { Life } from "./life.ts";
import { askModels } from "./models.ts";
import { threadSettings } from "./modes.ts";
import { isRpcFailure } from "./rpc.ts";
import { surroundingsOf } from "./surroundings.ts";
import { startFailed, type StartFailure } from "./start-failure.ts";
import { totalsInRollout, type Totals } from "./usage.ts";
import type { ThreadOpened } from "./wire.ts";

const pageTurns = 5;
const rolloutTailBytes = 256 * 1024;
const tailTimeoutMs = 5_000;
const pollMs = 50;

type Opened = (opened: ThreadOpened) => void;

const settingsOf = async (ctx: SessionContext) =>
  threadSettings(ctx.session, await surroundingsOf(ctx));

/** `opened` runs before any later word of the server is read. */
export const startThread = async (life: Life, ctx: SessionContext, opened: Opened) =>
  (await life.call("thread/start", await settingsOf(ctx), {
    onResult: (result) => opened(result as ThreadOpened),
  })) as ThreadOpened;

export const forkThread = async (life: Life, ctx: SessionContext, from: string, opened: Opened) =>
  (await life.call(
    "thread/fork",
    { threadId: from, excludeTurns: true, ...(await settingsOf(ctx)) },
    { onResult: (result) => opened(result as ThreadOpened) },
  )) as ThreadOpened;

export const resumeThread = async (life: Life, ctx: SessionContext, threadId: string) =>
  (await life.call("thread/resume", {
    threadId,
    excludeTurns: true,
    // Here alone the items in progress are among the others, but for words.
    initialTurnsPage: { limit: pageTurns, sortDirection: "desc", itemsView: "full" },
    ...(await settingsOf(ctx)),
  })) as ThreadOpened;

export const turnsOf = (opened: ThreadOpened): readonly Turn[] =>
  (opened.initialTurnsPage?.data ?? []).toReversed();

/** The count of a thread's tokens at its end on disk; null when it cannot be read: usage is then not known, nothing else. */
const readTotals = async (ctx: SessionContext, path: string | null): Promise<Totals | null> => {
  if (path === null) return null;
  const { host, env } = ctx.backend;
  const tail = await host
    .run(["tail", "-c", String(rolloutTailBytes), path], { env, timeoutMs: tailTimeoutMs })
    .catch(() => null);
  return tail === null ? null : totalsInRollout(tail.stdout);
};

export const pageOf = async (ctx: SessionContext, opened: ThreadOpened): Promise<Page> => ({
  turns: turnsOf(opened),
  status: opened.thread.status,
  totals: await readTotals(ctx, opened.thread.path),
});

export const newestTurns = async (life: Life, threadId: string): Promise<readonly Turn[]> => {
  const params = { threadId, limit: 1, sortDirection: "desc", itemsView: "notLoaded" };
  const answer = (await life.call("thread/turns/list", params)) as { data: Turn[] };
  return answer.data;
};

/** Gives the thread its name in Codex's own lists. Only so does a thread without a turn reach the disk, to be resumed. */
export const nameThread = (life: Life, threadId: string, name: string): Promise<unknown> =>
  life.call("thread/name/set", { threadId, name });

/** A turn that is just beginning cannot be interrupted yet; a forced stop gives it this long. */
const forcedMs = 250;

/**
 * Ends what a thread does: its turn and every command. Waits no longer than `graceMs` for the turn to end, hardly at all
 * when forced; the commands are ended in either case. The server's refusals mean there is nothing to end.
 */
export const quietThread = async (
  life: Life,
  ctx: SessionContext,
  threadId: string,
  force = false,
): Promise<void> => {
  const { clock, timing } = ctx.backend;
  const timeoutMs = Math.max(timing.graceMs, pollMs);
  const until = clock.monotonic() + (force ? Math.min(forcedMs, timeoutMs) : timeoutMs);
  const ask = (method: string, params: unknown) =>
    life.call(method, params, { timeoutMs }).catch((error: unknown) => {
      if (isRpcFailure(error)) return null;
      throw error;
    });
  for (;;) {
    const read = (await ask("thread/read", { threadId })) as Pick<ThreadOpened, "thread"> | null;
    if (read === null || read.thread.status.type !== "active") break;
    const [turn] = await newestTurns(life, threadId).catch(() => []);
    if (turn !== undefined) await ask("turn/interrupt", { threadId, turnId: turn.id });
    if (clock.monotonic() >= until) break;
    await pause(clock, pollMs);
  }
  await ask("thread/backgroundTerminals/clean", { threadId });
};

/** The server takes any model and any effort; so they are looked up. A provider of the person's own may know other models. */
export const checkChoice = async (
  life: Life,
  { model, effort }: SessionContext["session"],
  opened: ThreadOpened,
): Promise<StartFailure | null> => {
  if (model === null && effort === null) return null;
  const models = await askModels((method, params) => life.call(method, params), true);
  const chosen = models.find(({ id }) => id === (model ?? opened.model));
  const names = models.map(({ id }) => id).join(", ");
  if (chosen === undefined && model !== null && opened.modelProvider === "openai")
    return startFailed(
      "model_unknown",
      `Codex knows no model ${model}.`,
      `Choose one of: ${names}.`,
    );
  if (chosen === undefined || effort === null || chosen.efforts.includes(effort)) return null;
  return startFailed(
    "effort_unknown",
    `The model ${chosen.id} knows no effort ${effort}.`,
    `Choose one of: ${chosen.efforts.join(", ")}.`,
  );
};
