/** Floods: how soon Ctrl-C ends one, what one of a gigabyte costs, how much of one comes through. */
import { setTimeout as pause } from "node:timers/promises";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import xterm from "@xterm/headless";
import type { World } from "../world.ts";
import { inBrowser } from "./browser.ts";
import { throughDaemon, type Client, type Taking } from "./clients.ts";

const until = (client: Client, what: string): Promise<number> =>
  new Promise((resolve) => {
    let tail = "";
    client.shown = (text) => {
      tail = (tail + text).slice(-text.length - what.length);
      if (tail.includes(what)) resolve(performance.now());
    };
  });

/** What a browser does with it: xterm.js parses it, and only then it is acknowledged. */
const browser = (): Taking => {
  const terminal = new xterm.Terminal({ cols: 80, rows: 24, scrollback: 1_000 });
  return (bytes, done) => terminal.write(bytes, done);
};

/** Milliseconds from Ctrl-C to the first word after the flood, each of several. */
export const stops = async (world: World, token: string): Promise<readonly number[]> => {
  const script =
    "trap : INT; while :; do read go; yes 'flood flood flood flood'; echo ST''OPPED; done";
  const client = await throughDaemon(world, token, ["/bin/sh", "-c", script], browser());
  const times: number[] = [];
  for (let round = 0; round < 9; round++) {
    client.send("\r");
    await pause(700);
    const stopped = until(client, "STOPPED");
    const began = performance.now();
    client.send("\u0003");
    times.push((await stopped) - began);
  }
  await client.close();
  return times;
};

const MB = 1_000_000;

/** Megabytes that the daemon grew by while so many bytes passed a client that acknowledges them at once. */
export const growth = async (world: World, token: string, bytes: number) => {
  const script = `read go; yes 'a flood of words that nobody will ever read on any screen' | head -c ${bytes}; echo AL''L OF IT; read end`;
  const client = await throughDaemon(world, token, ["/bin/sh", "-c", script]);
  const memory = async (): Promise<number> => (await world.call("system.status", {})).memoryBytes;
  await pause(500);
  const before = await memory();
  let most = before;
  const over = until(client, "ALL OF IT");
  const began = performance.now();
  client.send("\r");
  let isOver = false;
  void over.then(() => (isOver = true));
  while (!isOver) {
    await pause(500);
    most = Math.max(most, await memory());
  }
  const seconds = (performance.now() - began) / 1_000;
  await client.close();
  return { grownMB: (most - before) / MB, beforeMB: before / MB, seconds };
};

const FILE_BYTES = 32 * MB;

const writeFlood = async (path: string): Promise<void> => {
  const out = createWriteStream(path);
  const line = "the quick brown fox jumps over the lazy dog 0123456789\n".repeat(200);
  for (let size = 0; size < FILE_BYTES; size += line.length)
    if (!out.write(line)) await once(out, "drain");
  out.end();
  await once(out, "close");
};

/** Megabytes each second, in node: a pty alone, xterm.js alone, and the whole way through the daemon to an xterm.js. */
const withoutBrowser = async (world: World, token: string, file: string) => {
  const { size } = statSync(file);
  const rate = (began: number): number => size / MB / ((performance.now() - began) / 1_000);

  let began = performance.now();
  const pty = spawn("script", ["-qfec", `cat ${file}`, "/dev/null"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  pty.stdout.resume();
  await once(pty, "close");
  const ptyRate = rate(began);

  const terminal = new xterm.Terminal({ cols: 80, rows: 24, scrollback: 1_000 });
  const bytes = execFileSync("cat", [file], { maxBuffer: 2 * FILE_BYTES });
  began = performance.now();
  for (let at = 0; at < bytes.length; at += 64 * 1024)
    await new Promise<void>((resolve) =>
      terminal.write(bytes.subarray(at, at + 64 * 1024), resolve),
    );
  const browserRate = rate(began);

  const script = `read go; cat ${file}; echo AL''L OF IT; read end`;
  const client = await throughDaemon(world, token, ["/bin/sh", "-c", script], browser());
  const over = until(client, "ALL OF IT");
  began = performance.now();
  client.send("\r");
  await over;
  const ourRate = rate(began);
  await client.close();
  return { ptyRate, browserRate, ourRate };
};

/** Megabytes each second of a file that `cat` shows. `real`: what a real browser takes, from a bare pty and from the daemon; null: there is none here. */
export const throughput = async (world: World, token: string) => {
  const file = join(world.folder, "flood");
  await writeFlood(file);
  const { size } = statSync(file);
  const rates = (times: readonly number[]): readonly number[] =>
    times.map((ms) => size / MB / (ms / 1_000));
  const inNode = await withoutBrowser(world, token, file);
  const taken = await inBrowser(world, file);
  rmSync(file);
  const real = taken && { bare: rates(taken.bare), skein: rates(taken.skein) };
  return { ...inNode, real };
};
