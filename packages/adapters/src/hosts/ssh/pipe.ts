/** A process over there that lives as long as its channel. */
import { randomUUID } from "node:crypto";
import type { Host, Pipe } from "@skein/sdk";
import { notStarted } from "../refusals.ts";
import { drained } from "../streams.ts";
import { openChannel, type ChannelDeps, type Ended } from "./channel.ts";
import { programLine } from "./far.ts";
import { exitOf, whyNotBegun } from "./run.ts";
import { allInput, PULSE, supervise } from "./supervise.ts";

const endOf = (ended: Ended, begun: string, isClosed: boolean): Awaited<Pipe["ended"]> => {
  const errors = ended.lastWords.replace(begun, "");
  if (ended.code !== null)
    return { ...exitOf(ended.code), witnessed: true, errors, linkLost: false };
  return { exitCode: null, signal: null, witnessed: false, errors, linkLost: !isClosed };
};

export const makeOpen =
  (deps: ChannelDeps): Host["open"] =>
  async (argv, { env, folder }) => {
    const mark = randomUUID();
    const line = Buffer.from(programLine(argv, env, folder, "", mark, true));
    const begun = `${mark} 0\n`;
    const channel = await openChannel(deps, "lasting", supervise(allInput, PULSE), line);
    let isClosed = false;
    const ended = channel.ended.then((end) => endOf(end, begun, isClosed));
    const refused = await Promise.race([
      channel.said(begun).then(() => null),
      channel.ended.then(({ lastWords }) => whyNotBegun(lastWords, mark, argv[0], folder)),
    ]);
    if (refused !== null) throw refused;
    return {
      output: channel.output,
      ended,
      write: async (bytes) => {
        if (channel.stdin.destroyed) throw notStarted(argv[0], new Error("it has ended"));
        if (!channel.stdin.write(bytes)) await drained(channel.stdin);
      },
      close: () => {
        isClosed = true;
        channel.close();
      },
    };
  };
