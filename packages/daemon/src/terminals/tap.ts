/**
 * What a terminal writes from now on, for a driver: as bytes, until its program ends. It never holds the program up: a
 * reader that is slow misses the oldest.
 */
import { LIMITS } from "@skein/contract";
import { openControl, type Control } from "./control.ts";
import type { Ends } from "./ends.ts";
import { notHeld } from "./failures.ts";
import { findPane } from "./panes.ts";
import type { Tmux } from "./tmux.ts";

const makeBasket = () => {
  let parts: Uint8Array[] = [];
  let held = 0;
  let over = false;
  let wake = (): void => {};
  return {
    put: (bytes: Uint8Array): void => {
      parts.push(bytes);
      held += bytes.length;
      while (held > LIMITS.terminalRingBytes && parts.length > 1) held -= parts.shift()!.length;
      wake();
    },
    end: (): void => {
      over = true;
      wake();
    },
    /** null: it is over, and nothing is left. */
    take: async (): Promise<readonly Uint8Array[] | null> => {
      while (parts.length === 0) {
        if (over) return null;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      const taken = parts;
      parts = [];
      held = 0;
      return taken;
    },
  };
};

export const readOutput = async function* (
  tmux: Tmux,
  ends: Ends,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  if (signal.aborted) return;
  const found = await findPane(tmux, id);
  if ("is" in found) throw found.failure;
  if (found.pane === null) throw notHeld(id);
  const basket = makeBasket();
  const { pane } = found.pane;
  const control: Control = await openControl(tmux, found.pane, {
    output: basket.put,
    // tmux left out what was not read in time; without a word from here it would leave out all that comes, too.
    paused: () => control.ask(`refresh-client -A '${pane}:continue'`, 1, () => {}),
  });
  const over = new AbortController();
  signal.addEventListener("abort", basket.end, { once: true });
  void control.ended.then(basket.end);
  // Behind its last words: the reply comes after all that tmux had read.
  void ends
    .wait(id, over.signal)
    .then(() => control.command("refresh-client"))
    .then(basket.end, basket.end);
  try {
    for (let parts = await basket.take(); parts !== null; parts = await basket.take()) yield* parts;
  } finally {
    over.abort();
    signal.removeEventListener("abort", basket.end);
    control.close();
  }
};
