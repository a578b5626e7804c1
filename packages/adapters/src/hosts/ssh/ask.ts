/** A script over there that is over soon, and its answer: one trip. */
import { openChannel, type Channel, type ChannelDeps } from "./channel.ts";
import { unreachable, unusable } from "./reasons.ts";

export type Answer = {
  readonly code: number;
  readonly output: Buffer;
  readonly errors: string;
};

const PATIENCE_MS = 30_000;
/** Of the longest: a table of many thousand processes, a folder of ten thousand files. */
const ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Rejects with an AdapterFailure (`host_unreachable`) when the answer did not come: whether the script ran is then not known.
 * `patienceMs`: null waits for as long as the link stands. The end of its stdin tells the script that nobody waits any more.
 */
export type Ask = (
  script: string,
  options?: {
    readonly input?: Buffer;
    readonly patienceMs?: number | null;
    readonly signal?: AbortSignal;
    /** A longer answer is broken off, and fails. */
    readonly maxBytes?: number;
  },
) => Promise<Answer>;

export const makeAsk =
  (deps: ChannelDeps): Ask =>
  async (script, { input, patienceMs = PATIENCE_MS, signal, maxBytes = ANSWER_BYTES } = {}) => {
    const opening = openChannel(deps, "soon", script, input);
    const { promise: late, reject } = Promise.withResolvers<never>();
    late.catch(() => undefined);
    const quit = (why: string) => (): void => {
      reject(unreachable(deps.name, why));
      void opening.then((channel) => channel.close()).catch(() => undefined);
    };
    const cancel =
      patienceMs === null
        ? () => undefined
        : deps.clock.after(patienceMs, quit(`it gave no answer in ${patienceMs / 1000} s.`));
    const aborted = quit("nobody waits for the answer any more.");
    if (signal?.aborted) aborted();
    else signal?.addEventListener("abort", aborted, { once: true });
    try {
      const channel = await Promise.race([opening, late]);
      return await Promise.race([late, answerOf(deps, channel, maxBytes)]);
    } finally {
      cancel();
      signal?.removeEventListener("abort", aborted);
    }
  };

const answerOf = async (deps: ChannelDeps, channel: Channel, maxBytes: number): Promise<Answer> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const bytes of channel.output) {
    length += bytes.length;
    if (length > maxBytes) {
      channel.close();
      throw unusable(deps, `its answer is longer than ${maxBytes} bytes`);
    }
    parts.push(bytes);
  }
  const { code, stderr } = await channel.ended;
  if (code === null) throw unreachable(deps.name, "the link broke off before the answer came.");
  return { code, output: Buffer.concat(parts), errors: stderr };
};
