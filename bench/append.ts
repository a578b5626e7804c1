/** Durable appends through the socket: how many a second, and how long until a watcher has them. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { median, percentile, type Figure } from "./figures.ts";
import { openWire, type Wire } from "./socket.ts";
import type { World } from "./world.ts";

const ROUNDS = 7;
const ROUND_MS = 1_500;
const CONNECTIONS = 8;
const IN_FLIGHT = 64;

/** What the disk can do: 512 bytes, synced, one after another. */
const rawSyncs = (folder: string, ms: number): number => {
  const file = join(folder, "raw");
  const fd = openSync(file, "w");
  const block = Buffer.alloc(512, 1);
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end) {
    writeSync(fd, block, 0, 512, count * 512);
    fdatasyncSync(fd);
    count++;
  }
  closeSync(fd);
  rmSync(file);
  return (count * 1000) / ms;
};

const data = JSON.stringify({ text: "x".repeat(200), number: 1, list: [1, 2, 3] });
let serial = 0;

const appendText = (id: number, session: string): string =>
  `{"type":"req","id":"${id}","method":"events.append","params":{"session":"${session}","events":[{"type":"bench.append","data":${data},"clientId":"b${id}"}]}}`;

/**
 * One connection that always has `inFlight` appends under way until the time is over; gives how many were acknowledged. As
 * lean as a client can be, for it shares the machine: what it sends in one turn of its loop leaves in one write.
 */
const produce = ({ ws }: Wire, session: string, inFlight: number, end: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = (ws as unknown as { _socket: Socket })._socket;
    let acknowledged = 0;
    let underWay = 0;
    let corked = false;
    const send = (): void => {
      if (!corked) {
        corked = true;
        socket.cork();
        setImmediate(() => {
          corked = false;
          socket.uncork();
        });
      }
      underWay++;
      ws.send(appendText(serial++, session));
    };
    const answered = (message: Buffer): void => {
      if (message.includes('"type":"event"')) return;
      if (!message.includes('"ok":true')) return reject(new Error(message.toString()));
      underWay--;
      acknowledged++;
      if (performance.now() < end) return send();
      if (underWay > 0) return;
      ws.off("message", answered);
      resolve(acknowledged);
    };
    ws.on("message", answered);
    for (let number = 0; number < inFlight; number++) send();
  });

export const measureAppends = async (
  world: World,
  token: string,
  sessions: readonly string[],
): Promise<Figure[]> => {
  const wires = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => openWire(world.address, token)),
  );
  const rates: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const syncs = rawSyncs(world.home, 500);
    const begin = performance.now();
    const end = begin + ROUND_MS;
    const counts = await Promise.all(
      wires.map((wire, index) =>
        produce(wire, sessions[index % sessions.length]!, IN_FLIGHT / CONNECTIONS, end),
      ),
    );
    const rate = (counts.reduce((sum, one) => sum + one, 0) * 1000) / (performance.now() - begin);
    // The first round warms up.
    if (round === 0) continue;
    rates.push(rate);
    raw.push(syncs);
  }
  for (const wire of wires) wire.close();
  const ratios = rates.map((rate, index) => rate / raw[index]!);
  return [
    {
      what: "durable appends through the socket, 64 in flight",
      measured: median(rates),
      unit: "/s",
      reach: { atLeast: 40_000 },
      note: `${Math.round(Math.min(...rates))}-${Math.round(Math.max(...rates))} in ${ROUNDS} rounds; raw fdatasync ${Math.round(median(raw))}/s, ratio ${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)}-${Math.max(...ratios).toFixed(1)})`,
    },
  ];
};

export const measureWatching = async (
  world: World,
  token: string,
  session: string,
): Promise<Figure[]> => {
  const producer = await openWire(world.address, token);
  const watcher = await openWire(world.address, token);
  const seen = new Map<string, (at: number) => void>();
  watcher.onEvent = (event, payload) => {
    if (event !== "skein.watch") return;
    const at = performance.now();
    const { events = [] } = payload as {
      events?: { type: string; data: { data: { key: string } } }[];
    };
    for (const one of events)
      if (one.type === "session.reported") seen.get(one.data.data.key)?.(at);
  };
  await watcher.request("events.watch", { filter: { sessions: [session] } });
  const delays: number[] = [];
  for (let number = 0; number < 2_200; number++) {
    const key = `w${number}`;
    const arrived = new Promise<number>((resolve) => seen.set(key, resolve));
    const begin = performance.now();
    await producer.request("events.append", {
      session,
      events: [{ type: "bench.watch", data: { key }, clientId: key }],
    });
    const delay = (await arrived) - begin;
    seen.delete(key);
    if (number >= 200) delays.push(delay);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  producer.close();
  watcher.close();
  const note = "from the append's call to the watcher on another connection, 2,000 paced appends";
  return [
    {
      what: "append to watcher, durable, p50",
      measured: median(delays),
      unit: "ms",
      reach: { atMost: 0.5 },
      note,
    },
    {
      what: "append to watcher, durable, p99",
      measured: percentile(delays, 0.99),
      unit: "ms",
      reach: { atMost: 3 },
      note,
    },
  ];
};
