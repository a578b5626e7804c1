/** Fills a state folder through the store's own door, then dies without closing it. `fill.ts HOME SESSIONS EVENTS-EACH` */
import { join } from "node:path";
import { openSqliteStore } from "../packages/daemon/src/store/sqlite.ts";
import { emptyBatch, type PendingEvent, type Row } from "../packages/daemon/src/engine/ports.ts";

const [home = "", sessions = "0", each = "0"] = process.argv.slice(2);
const store = await openSqliteStore({ file: join(home, "skein.db"), clock: { now: Date.now } });

const at = Date.now();
const instant = new Date(at).toISOString();
const idOf = (number: number): string => `ses_${String(number).padStart(26, "0")}`;

const usage = {
  inputTokens: 1,
  outputTokens: 1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
  costSource: null,
  pricesVersion: null,
};

const row = (number: number): Row => {
  const status = {
    state: "stopped",
    waitingFor: null,
    reason: "stopped on request",
    source: "process",
    since: instant,
  };
  const view = {
    id: idOf(number),
    name: `bench-${number}`,
    backend: "claude-code",
    host: "local",
    folder: "/tmp",
    model: null,
    effort: null,
    permissions: "guarded",
    description: "one of many",
    tags: [],
    parent: null,
    forkedFrom: null,
    generation: 1,
    providerSessionId: null,
    status,
    turn: null,
    lastTurn: null,
    turns: 0,
    queued: 0,
    approvals: [],
    usage,
    createdAt: instant,
    activeAt: instant,
    deletedAt: null,
  };
  const state = {
    view,
    process: "none",
    how: "new",
    forkFrom: null,
    stopWhy: null,
    wake: false,
    queue: [],
    current: null,
    restarts: 0,
    openItems: {},
    items: 0,
    silentSince: null,
  };
  return {
    kind: "session",
    id: view.id,
    stream: view.id,
    state: JSON.stringify(state),
    label: view.name,
    status: "stopped",
    parent: null,
    secret: null,
    owner: null,
    live: true,
    attached: false,
    createdAt: at + number,
  };
};

const event = (session: number, seq: number): PendingEvent => ({
  stream: idOf(session),
  seq,
  at,
  type: "session.reported",
  data: JSON.stringify({ type: "bench.fill", data: { text: "x".repeat(200), seq }, by: "bench" }),
  clientId: null,
});

for (let session = 1; session <= Number(sessions); session++) {
  const events = Array.from({ length: Number(each) }, (_, index) => event(session, index + 1));
  await store.commit({
    ...emptyBatch,
    events,
    rows: [row(session)],
    claims: [{ space: "session-name", key: `bench-${session}`, owner: idOf(session) }],
  });
}
process.kill(process.pid, "SIGKILL");
