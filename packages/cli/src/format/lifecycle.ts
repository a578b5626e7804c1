/**
 * What happened to a session beside what was said in it, as lines: its processes, its approvals, its turns, its goal. A pure fold
 * over the session's own events, in their order; the same lines for people and for Markdown. Not escaped.
 */
import type { EventData, EventTypeName, SkeinEvent } from "@skein/contract";

export type Line = {
  readonly at: string;
  readonly tone: "plain" | "good" | "bad";
  readonly text: string;
};

type Said = Omit<Line, "at"> | null;

/** What earlier events said that later ones refer to. */
type Known = {
  /** Titles of approvals by id. */
  readonly titles: Map<string, string>;
  /** Generations that got ready. */
  readonly ready: Set<number>;
  unreachable: boolean;
  goal: EventData<"session.goal">["goal"];
};

const plain = (text: string): Said => ({ tone: "plain", text });
const good = (text: string): Said => ({ tone: "good", text });
const bad = (text: string): Said => ({ tone: "bad", text });

/** For one session, from its first event on. */
export const makeLifecycle = (): ((event: SkeinEvent) => Line | null) => {
  const known: Known = { titles: new Map(), ready: new Set(), unreachable: false, goal: null };
  return ({ at, type, data }) => {
    const tell = TELL[type as EventTypeName] as ((data: unknown, known: Known) => Said) | undefined;
    const said = tell?.(data, known) ?? null;
    return said === null ? null : { at, ...said };
  };
};

const because = (reason: string): string => (reason === "" ? "" : `: ${reason}`);

const STOPPING: Readonly<Record<EventData<"session.process.stopping">["why"], string>> = {
  stop: "the agent is being stopped",
  idle: "the agent is being stopped: it was idle",
  delete: "the agent is being ended: the session is killed",
  fault: "the agent is being ended: it fell silent, or did not get ready in time",
  restart: "the agent starts again once it has ended",
};

const started = ({ generation, pid, model }: EventData<"session.process.started">): string => {
  const more = [`life ${generation}`, pid === null ? "" : `pid ${pid}`, model ?? ""];
  return `the agent is ready (${more.filter((each) => each !== "").join(", ")})`;
};

const ended = (data: EventData<"session.process.ended">, { ready }: Known): Said => {
  const { generation, exitCode, signal, expected, reason } = data;
  const how = signal ?? (exitCode === null ? null : `exit code ${exitCode}`);
  const byWhat = how === null ? "" : ` (${how})`;
  if (expected) return plain(`the agent has ended${byWhat}`);
  return ready.has(generation)
    ? bad(`the agent died${byWhat}${because(reason)}`)
    : bad(`the agent could not be started${byWhat}${because(reason)}`);
};

const turnEnded = ({ turn }: EventData<"session.turn.ended">): Said => {
  if (turn.outcome === "failed")
    return bad(`turn ${turn.number} failed${because(turn.error?.message ?? "")}`);
  return plain(`turn ${turn.number} ${turn.outcome ?? "ended"}`);
};

/** Reach, silence, and what a session waits for that is no approval; all else is told by the events that bring it about. */
const status = (data: EventData<"session.status">, known: Known): Said => {
  const isAway = data.source === "process" && data.reason.startsWith("unreachable");
  if (isAway) {
    if (known.unreachable) return null;
    known.unreachable = true;
    return bad(data.reason);
  }
  if (known.unreachable && data.source !== "command") {
    known.unreachable = false;
    return good(`reachable again: ${data.reason}`);
  }
  if (data.source === "tick" && data.state === "working") return bad(data.reason);
  return data.waitingFor === "login" || data.waitingFor === "limit"
    ? bad(`waits for ${data.waitingFor}${because(data.reason)}`)
    : null;
};

const goalLine = ({ goal, by }: EventData<"session.goal">, known: Known): Said => {
  const before = known.goal;
  known.goal = goal;
  if (goal === null) return plain(`the goal was cleared by ${by}`);
  if (before === null || before.setAt !== goal.setAt)
    return plain(`a goal was set by ${by}: ${goal.text}`);
  if (goal.state === "active") return plain(`the goal was resumed by ${by}`);
  const words = `the goal is ${goal.state}${because(goal.reason)}`;
  return goal.state === "complete" ? good(words) : bad(words);
};

const titled = (known: Known, approval: string): string =>
  known.titles.get(approval) ?? "an approval";

const TELL: { readonly [T in EventTypeName]?: (data: EventData<T>, known: Known) => Said } = {
  "session.created": ({ session, by }) =>
    plain(`created by ${by}: ${session.backend} in ${session.folder} on ${session.host}`),
  "session.renamed": ({ name }) => plain(`renamed or changed: ${name}`),
  "session.deleted": ({ by }) => plain(`the session was killed by ${by}`),
  "session.status": status,
  "session.process.starting": ({ generation, how }) =>
    plain(
      how === "new" ? "the agent starts" : `the agent starts again (life ${generation}, ${how})`,
    ),
  "session.process.started": (data, { ready }) => {
    ready.add(data.generation);
    return plain(started(data));
  },
  "session.process.stopping": ({ why }) => (why === "fault" ? bad : plain)(STOPPING[why]),
  "session.process.ended": ended,
  "session.prompt.dropped": ({ reason }) => plain(`a prompt was dropped: ${reason}`),
  "session.prompt.returned": ({ reason }) => bad(`a prompt waits again: ${reason}`),
  "session.turn.interrupting": ({ by }) => plain(`interrupted by ${by}`),
  "session.turn.ended": turnEnded,
  "session.goal": goalLine,
  "session.reported": ({ type, by }) => plain(`${by} reported ${type}`),
  "approval.requested": ({ approval }, { titles }) => {
    titles.set(approval.id, approval.title);
    return plain(`asks (${approval.request.kind}): ${approval.title}`);
  },
  "approval.resolved": ({ approval, resolution }, known) => {
    const { decision, by, message } = resolution;
    const why = message === null ? "" : `, ${message}`;
    const words = `${decision} by ${by}${why}: ${titled(known, approval)}`;
    return decision === "deny" ? bad(words) : good(words);
  },
  "approval.expired": ({ approval, reason }, known) =>
    plain(`no longer asked (${reason}): ${titled(known, approval)}`),
};
