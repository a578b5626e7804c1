/** The terminals of a host that has none: for tests of drivers that need none. */
import { adapterFailure } from "../failure.ts";
import type { Terminals } from "../terminal.ts";

const none = async (): Promise<never> => {
  throw adapterFailure("There are no terminals here.", {
    kind: "unsupported",
    code: "terminal_unavailable",
    remedy: "Give the driver a host with terminals.",
    retryable: false,
  });
};

export const noTerminals: Terminals = {
  open: none,
  look: none,
  paste: none,
  keys: none,
  screen: none,
  ended: none,
  output: () => ({ [Symbol.asyncIterator]: () => ({ next: none }) }),
  close: none,
};
