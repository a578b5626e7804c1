/** Reads what a process writes, piece by piece. */
import { Readable } from "node:stream";

export type Take = (bytes: Uint8Array) => Promise<void> | void;

const endOf = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ["end", "close", "error"]) stream.once(event, () => resolve());
  });

/** A stream of Node tells of each piece itself: the turns of an iterator cost a key's echo as much as tmux does. */
const readStream = async (stream: Readable, take: Take): Promise<void> => {
  let taken: Promise<void> = Promise.resolve();
  stream.on("data", (bytes: Uint8Array) => {
    const held = take(bytes);
    if (held === undefined) return;
    stream.pause();
    taken = held.then(() => void stream.resume());
  });
  await endOf(stream);
  await taken;
};

/**
 * Calls `take` with each piece in order; while a promise that it gave is open, nothing more is read. Resolves at the end of what
 * is read, however that came. Never rejects, if `take` does not.
 */
export const readPieces = async (output: AsyncIterable<Uint8Array>, take: Take): Promise<void> => {
  if (output instanceof Readable) return readStream(output, take);
  try {
    for await (const bytes of output) await take(bytes);
  } catch {
    // How it ended is told elsewhere.
  }
};
