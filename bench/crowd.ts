/** Many watchers in one process: tells its parent when all hang, and after each event when the last one has it. */
import { openWire, type Wire } from "./socket.ts";

const [address = "", token = "", session = "", count = "0"] = process.argv.slice(2);
const wanted = Number(count);
let got = 0;
let first = 0;

const arrived = (wire: Wire): void => {
  wire.onEvent = (event, payload) => {
    if (event !== "skein.watch") return;
    const { events = [] } = payload as { events?: { data: { type?: string } }[] };
    if (!events.some((one) => one.data.type === "bench.fan")) return;
    if (got === 0) first = performance.now();
    got++;
    if (got < wanted) return;
    got = 0;
    process.send?.({ lastMs: performance.now() - first });
  };
};

const AT_ONCE = 200;
for (let opened = 0; opened < wanted; opened += AT_ONCE) {
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, wanted - opened) }, async () => {
      const wire = await openWire(address, token);
      arrived(wire);
      await wire.request("events.watch", { filter: { sessions: [session], live: false } });
    }),
  );
}
process.send?.({ ready: true });
