/**
 * What is the same in every link to an agent that speaks in lines: it is started or found again, read on, and ended. Each may be
 * asked twice, before and after a crash of the daemon.
 */
import {
  isAdapterFailure,
  isDiskFault,
  type AgentLink,
  type Detached,
  type Fact,
  type Liveness,
} from "@skein/sdk";
import { finish, nobody, watchEnd } from "./end.ts";
import { follow, isOutOfReach, type LineLife } from "./life.ts";

/** What differs from driver to driver. */
export type Ways<State> = {
  /** It takes prompts. */
  isReady(state: State): boolean;
  /** The vendor's id of the conversation that it serves; null: it has none that may be told. */
  conversation(state: State): string | null;
  /** Whether a start goes on with one that an earlier daemon left in the middle of its start; else it is ended, and begun anew. */
  readonly keepsUnready: boolean;
  /** Says to one that an earlier daemon started what that one may have left unsaid. */
  greet(): Promise<void>;
  /** Ends with `started` or `start-failed`. */
  startAnew(): Promise<void>;
};

/** Goes on with a process that an earlier daemon started. */
const adopted = async <State>(
  life: LineLife<State>,
  ways: Ways<State>,
  detached: Detached,
): Promise<void> => {
  follow(life, detached);
  watchEnd(life);
  await ways.greet();
};

/** Nobody was there when it died: what it still said comes first. */
const foundDead = async <State>(life: LineLife<State>): Promise<void> => {
  const { context, reader } = life;
  await reader.read(context.backend.host.spool(context.dir, reader.offset()));
  await reader.flushed();
  await finish(life, nobody, true);
};

const start = async <State>(life: LineLife<State>, ways: Ways<State>): Promise<void> => {
  const { context, reader, owner } = life;
  const { host } = context.backend;
  if (life.detached !== null || life.over) return;
  // No folder: nothing of this generation was ever started, and the search through all processes is saved.
  if ((await host.folder(context.dir)) === "missing") return ways.startAnew();
  const running = await host.adopt(context.dir, owner);
  const isReady = ways.isReady(reader.state());
  if (running !== null && (isReady || ways.keepsUnready)) {
    await adopted(life, ways, running);
    const started: Fact = {
      fact: "started",
      pid: running.process.pid,
      providerSessionId: ways.conversation(reader.state()),
      model: null,
      adopted: true,
    };
    // Else it says so itself.
    if (isReady) await reader.tell([started]);
    return;
  }
  if (isReady) return foundDead(life);
  // In the middle of its start: no prompt was given to it yet, so nothing is lost with it.
  await running?.terminate(0);
  await running?.close();
  await reader.skip(host.spool(context.dir, reader.offset()));
  return ways.startAnew();
};

const attach = async <State>(life: LineLife<State>, ways: Ways<State>): Promise<Liveness> => {
  const { context, reader, owner } = life;
  try {
    const running = await context.backend.host.adopt(context.dir, owner);
    if (running === null) {
      await foundDead(life);
      return "dead";
    }
    await adopted(life, ways, running);
    return "alive";
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    await reader.tell([{ fact: "unreachable", reason: error.message }]);
    return "unknown";
  }
};

const stop = async <State>(life: LineLife<State>, force: boolean): Promise<void> => {
  const { context, owner } = life;
  const { host, timing } = context.backend;
  life.stopping = true;
  if (life.detached === null && !life.over) {
    const running = await host.adopt(context.dir, owner);
    if (running !== null) follow(life, running);
  }
  // No goodbye on the wire: its stdin never ends. SIGTERM to its group is what every agent takes.
  const exit = await life.detached?.terminate(force ? 0 : timing.graceMs);
  await life.reading;
  await finish(life, exit ?? nobody, false);
  if (life.over) await host.sweep(owner);
};

const detach = async <State>(life: LineLife<State>): Promise<void> => {
  life.closed = true;
  await life.detached?.close();
  await life.reading;
  await life.reader.flushed().catch(() => undefined);
};

const liveness = async <State>({
  context,
  detached,
  owner,
}: LineLife<State>): Promise<Liveness> => {
  if (detached !== null) return detached.liveness();
  const running = await context.backend.host.adopt(context.dir, owner);
  await running?.close();
  return running === null ? "dead" : "alive";
};

/**
 * A word for a process that has just died is not an error: its end is told as `exited`, and the daemon decides with that.
 * Whatever is for a process that is out of reach is, and what a full disk or a cut line kept from one that lives.
 */
export const unlessGone = async <State>(
  life: LineLife<State>,
  work: Promise<void>,
): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!isAdapterFailure(error) || error.failure.kind !== "unavailable") throw error;
    if (isDiskFault(error) || isOutOfReach(life)) throw error;
    life.context.log("info", error.message);
  }
};

/** The rest of the link is the driver's: what it says to its agent. */
export const makeLineLink = <State>(
  life: LineLife<State>,
  ways: Ways<State>,
): Pick<AgentLink, "start" | "attach" | "stop" | "liveness" | "detach"> => ({
  start: () => start(life, ways),
  attach: () => attach(life, ways),
  stop: ({ force }) => stop(life, force),
  liveness: () => liveness(life),
  detach: () => detach(life),
});
