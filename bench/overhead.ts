/** What Skein adds to an agent's own time to its first answer: the same agent driven by hand and through the daemon, in turn. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { median, type Figure } from "./figures.ts";
import { openWire } from "./socket.ts";
import type { World } from "./world.ts";

const ROUNDS = 31;

export type AgentUnderTest = {
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: Record<string, string>;
};

const args = [
  "-p",
  "--output-format",
  "stream-json",
  "--input-format",
  "stream-json",
  "--verbose",
  "--permission-prompt-tool",
  "stdio",
  "--include-partial-messages",
  "--replay-user-messages",
];

/** One process that answers prompts; each call gives the milliseconds until its answer's text was there. */
const byHand = (agent: AgentUnderTest, folder: string) => {
  const [program, ...leading] = agent.argv;
  const child = spawn(program, [...leading, ...args, "--session-id", randomUUID()], {
    cwd: folder,
    env: { ...process.env, ...agent.env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let answered: (() => void) | null = null;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if ((JSON.parse(line) as { type: string }).type === "assistant") answered?.();
  });
  return {
    ask: async (): Promise<number> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      answered = resolve;
      const begin = performance.now();
      const message = { role: "user", content: [{ type: "text", text: "PONG" }] };
      child.stdin.write(
        `${JSON.stringify({ type: "user", uuid: randomUUID(), session_id: "", parent_tool_use_id: null, message })}\n`,
      );
      await promise;
      return performance.now() - begin;
    },
    close: () => child.kill("SIGKILL"),
  };
};

export const measureOverhead = async (
  world: World,
  token: string,
  agent: AgentUnderTest,
): Promise<Figure[]> => {
  const { session } = await world.call("sessions.create", { folder: world.folder });
  await world.call("sessions.wait", { sessions: [session.id], timeoutMs: 60_000 });
  const producer = await openWire(world.address, token);
  const watcher = await openWire(world.address, token);
  let answered: (() => void) | null = null;
  let ended: (() => void) | null = null;
  watcher.onEvent = (event, payload) => {
    if (event !== "skein.watch") return;
    const { events = [] } = payload as {
      events?: { type: string; data: { item?: { body: { kind: string } } } }[];
    };
    for (const one of events) {
      if (one.type === "session.item" && one.data.item?.body.kind === "message") answered?.();
      if (one.type === "session.turn.ended") ended?.();
    }
  };
  await watcher.request("events.watch", { filter: { sessions: [session.id], live: false } });
  const throughSkein = async (): Promise<number> => {
    const message = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    answered = message.resolve;
    ended = end.resolve;
    const begin = performance.now();
    await producer.request("sessions.send", { session: session.id, text: "PONG" });
    await message.promise;
    const taken = performance.now() - begin;
    await end.promise;
    return taken;
  };
  const hand = byHand(agent, world.folder);
  const direct: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await hand.ask();
    const through = await throughSkein();
    if (round < 5) continue;
    direct.push(bare);
    ours.push(through);
  }
  hand.close();
  producer.close();
  watcher.close();
  return [
    {
      what: `what Skein adds to the first answer of ${agent.title}`,
      measured: median(ours.map((taken, index) => taken - direct[index]!)),
      unit: "ms",
      reach: { atMost: 30 },
      note: `by hand ${median(direct).toFixed(1)} ms, through Skein ${median(ours).toFixed(1)} ms; prompt to recorded answer at a watcher, ${ours.length} rounds in turn`,
    },
  ];
};
