/**
 * tmux's clients that this daemon holds carry a mark of its life, so that the next one knows those of a daemon that was killed.
 * tmux (seen with 3.3a) lets a client in control mode end only when its reader has had all that was written for it: where the
 * reader died before, it stays for ever, still attached, whatever detaches it, and `open` waits for it in vain (opening.ts).
 */
import { randomInt } from "node:crypto";
import { marksOf, type Host, type Owner } from "@skein/sdk";

const NAME = "tmux-client";

/** Random: two daemons may have the same pid, one after the other, and the clock may be set back. */
const OWN: Owner = { session: NAME, generation: randomInt(1, 2 ** 47) };

export const clientMarks = (home: string): Readonly<Record<string, string>> => marksOf(home, OWN);

/** Ends those of earlier daemons, and nothing that anyone else attached; resolves with how many there were. Rejects with an AdapterFailure. */
export const clearClients = async (host: Host): Promise<number> => {
  let ended = 0;
  for (const { owner } of await host.owners())
    if (owner.session === NAME && owner.generation !== OWN.generation)
      ended += await host.sweep(owner);
  return ended;
};
