/** Terminals of one host, held by tmux. */
import { adapterFailure, type Host, type Terminals } from "@skein/sdk";

export const makeTerminals = (host: Host): Terminals => {
  const none = async (): Promise<never> => {
    throw adapterFailure(`There are no terminals on ${host.id} yet.`, {
      kind: "unsupported",
      code: "terminal_unavailable",
      remedy: "Use the session without its terminal.",
      retryable: false,
    });
  };
  const output = () => ({ [Symbol.asyncIterator]: () => ({ next: none }) });
  return {
    open: none,
    look: none,
    paste: none,
    keys: none,
    screen: none,
    ended: none,
    output,
    close: none,
  };
};
