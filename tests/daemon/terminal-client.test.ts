/** The terminal's client and the real daemon, on a wire that is cut again and again. */
import { readFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectTerminal, type TerminalSocketLike } from "@skein/client";
import { openHouse, type House } from "../scenarios/house.ts";
import { untilTrue } from "../scenarios/processes.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse({ config: async () => ({}) });
});
afterAll(() => house.close());

/** Between a client and the daemon: cuts both ends after so many bytes from either side. */
const cutter = async (
  path: string,
  everyBytes: number,
): Promise<Server & { cuts: () => number }> => {
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(join(house.home, "run", "skein.sock"));
    let left = everyBytes;
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    const pass = (to: Socket) => (bytes: Buffer) => {
      if (left <= 0) return;
      const part = bytes.subarray(0, left);
      left -= part.length;
      if (left > 0) return void to.write(part);
      cuts += 1;
      // In the middle of a frame, as a wire does; what went before has arrived.
      to.write(part, cut);
    };
    near.on("data", pass(far)).on("error", () => undefined);
    far.on("data", pass(near)).on("error", () => undefined);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return Object.assign(server, { cuts: () => cuts });
};

const open = async (argv: string[]): Promise<string> => {
  const { terminal } = await house.call("terminals.open", { folder: house.place, argv });
  return terminal.id;
};

const attach = (socket: string, id: string, take: (text: string, isSnapshot: boolean) => void) => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  return connectTerminal({
    socket: (query) =>
      new WebSocket(
        `ws+unix:${socket}:/api/terminals/${id}${query}`,
      ) as unknown as TerminalSocketLike,
    size: { columns: 80, rows: 24 },
    history: 0,
    attempts: 1_000,
    pause: () => new Promise((resolve) => setTimeout(resolve, 5)),
    on: {
      snapshot: (bytes, done) => {
        take(text(bytes), true);
        done();
      },
      output: (bytes, done) => {
        take(text(bytes), false);
        done();
      },
    },
  });
};

test("each key is typed once, in order, however often the wire is cut", async () => {
  const file = join(house.place, "typed");
  const id = await open(["/bin/sh", "-c", `stty -echo; exec cat > ${file}`]);
  const socket = join(house.place, "cut-keys.sock");
  const wire = await cutter(socket, 2_500);
  const terminal = attach(socket, id, () => undefined);
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}\r`);
  const typed = await Promise.all(lines.map((line) => terminal.input(Buffer.from(line))));
  expect(new Set(typed)).toEqual(new Set(["typed"]));
  const wanted = lines.map((line) => line.replace("\r", "\n")).join("");
  await untilTrue("cat has written all", async () => (await readFile(file, "utf8")) === wanted);
  expect(wire.cuts()).toBeGreaterThan(3);
  terminal.close();
  expect(await terminal.ended).toEqual({ reason: "left" });
  wire.close();
});

test("what a terminal shows comes without gap and without repetition over cuts", async () => {
  const id = await open([
    "/bin/sh",
    "-c",
    "read go; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo n$i.; [ $((i%50)) = 0 ] && sleep 0.03; done; exec cat",
  ]);
  const socket = join(house.place, "cut-bytes.sock");
  const wire = await cutter(socket, 6_000);
  let seen = "";
  let snapshots = 0;
  const terminal = attach(socket, id, (text, isSnapshot) => {
    if (isSnapshot) snapshots += 1;
    else seen += text;
  });
  await terminal.input(Buffer.from("\r"));
  await untilTrue("the last line came", () => seen.includes("n2000."));
  expect(wire.cuts()).toBeGreaterThan(1);
  expect(snapshots).toBe(1);
  const numbers = [...seen.matchAll(/n(\d+)\./g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  terminal.close();
  wire.close();
});
