/**
 * A client of tmux in control mode, over pipes: the pane's bytes as they come, and commands with their replies, in one
 * order: the reply to a command stands behind all output that tmux had taken from the pane when it ran the command.
 */
import type { Pipe } from "@skein/sdk";
import { makeControlReader, type ControlLine } from "./control-lines.ts";
import { noAnswer } from "./failures.ts";
import type { Pane } from "./panes.ts";
import { readPieces } from "./pieces.ts";
import type { Tmux } from "./tmux.ts";

export type Reply = { readonly ok: boolean; readonly body: Uint8Array };

export type ControlEnd = {
  /** Of the host, nothing of tmux is known then. */
  readonly linkLost: boolean;
  readonly reason: string;
};

export type Control = {
  /**
   * As `command`; `done` is called in the very place of the stream where the replies stand: what was output before that came before
   * the command ran. null: the client ended first, and whether the command ran is not known.
   */
  ask(line: string, replies: number, done: (replies: readonly Reply[] | null) => void): void;
  /** One line of tmux's command language with `replies` commands in it, run in one go. Rejects with an AdapterFailure when the client ends. */
  command(line: string, replies?: number): Promise<readonly Reply[]>;
  /** Resolves once. Never rejects. */
  readonly ended: Promise<ControlEnd>;
  close(): void;
};

export type ControlEvents = {
  /** The pane's bytes. The reader waits for it: tmux, and in the end the program, is held up. */
  readonly output: (bytes: Uint8Array) => Promise<void> | void;
  /** tmux has left output out, because it was not read for too long. */
  readonly paused: () => void;
};

type Waiting = {
  readonly replies: Reply[];
  readonly count: number;
  readonly done: (replies: readonly Reply[] | null) => void;
};

/** Seconds after which tmux leaves output out rather than keep it. */
const PAUSE_AFTER = 5;

/** Rejects with an AdapterFailure when the client cannot be started. */
export const openControl = async (
  tmux: Tmux,
  { session, pane }: Pane,
  events: ControlEvents,
): Promise<Control> => {
  const flags = `ignore-size,pause-after=${PAUSE_AFTER}`;
  const pipe: Pipe = await tmux.open(["-C", "attach-session", "-t", session, "-f", flags]);
  const read = makeControlReader();
  const waiting: Waiting[] = [];
  let open = true;
  let exit = "";

  const take = (line: ControlLine): Promise<void> | void => {
    switch (line.is) {
      case "output":
        return line.pane === pane ? events.output(line.bytes) : undefined;
      case "paused":
        return events.paused();
      case "exit":
        exit = line.reason;
        return;
      case "reply": {
        const first = waiting[0];
        if (first === undefined) return;
        first.replies.push(line);
        // A command that fails takes those behind it on its line with it.
        if (line.ok && first.replies.length < first.count) return;
        waiting.shift();
        first.done(first.replies);
      }
    }
  };

  const takeAll = (lines: readonly ControlLine[], from = 0): Promise<void> | void => {
    for (let at = from; at < lines.length; at += 1) {
      const held = take(lines[at]!);
      if (held !== undefined) return held.then(() => takeAll(lines, at + 1));
    }
  };

  const ended = (async (): Promise<ControlEnd> => {
    await readPieces(pipe.output, (bytes) => takeAll(read(bytes)));
    const { errors, linkLost } = await pipe.ended;
    open = false;
    for (const { done } of waiting.splice(0)) done(null);
    return { linkLost, reason: exit || errors };
  })();

  const ask: Control["ask"] = (line, count, done) => {
    if (!open) return done(null);
    waiting.push({ replies: [], count, done });
    // Whoever waits for the reply hears of a pipe that broke when the client has ended.
    pipe.write(Buffer.from(`${line}\n`)).catch(() => undefined);
  };

  return {
    ended,
    ask,
    command: (line, count = 1) =>
      new Promise((resolve, reject) => {
        ask(line, count, (replies) =>
          replies === null ? reject(noAnswer(tmux.host.id)) : resolve(replies),
        );
      }),
    close: () => pipe.close(),
  };
};
