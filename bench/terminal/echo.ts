/** How long a key takes from the client to the program's terminal and back. */
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "./clients.ts";

const WARM_UP = 50;
const KEYS = 400;
/** Keys of a line, before a new one is begun. */
const LINE = 60;

const untilShown = (client: Client, what: string): Promise<void> =>
  new Promise((resolve) => {
    client.shown = (text) => {
      if (text.includes(what)) resolve();
    };
  });

/** Between two keys: faster than anybody types, and no two in one breath. */
const PACE_MS = 10;

/** The milliseconds of each key. */
export const echoes = async (client: Client): Promise<readonly number[]> => {
  const times: number[] = [];
  // Whatever it shows at first has come by then.
  await pause(500);
  for (let key = 0; key < WARM_UP + KEYS; key++) {
    if (key % LINE === LINE - 1) {
      client.shown = () => undefined;
      client.send("\r");
      await pause(30);
    }
    // A letter that is not the one before it: each is seen for itself.
    const letter = String.fromCharCode(97 + (key % 26));
    const shown = untilShown(client, letter);
    const began = performance.now();
    client.send(letter);
    await shown;
    if (key >= WARM_UP) times.push(performance.now() - began);
    await pause(PACE_MS);
  }
  return times;
};
