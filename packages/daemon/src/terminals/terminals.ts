/** Terminals of one host, held by tmux: the door that drivers and the house use. */
import type { Clock, Host, ProcessRef, TerminalLook, Terminals } from "@skein/sdk";
import { makeAttachments, type Attachments } from "./attach.ts";
import { clearClients } from "./clients.ts";
import { makeEnds } from "./ends.ts";
import { notHeld, nothingRuns } from "./failures.ts";
import { admitLines } from "./line-mode.ts";
import { clearStartFiles, closeTerminal, openTerminal } from "./opening.ts";
import { findPane, listPanes, type Pane } from "./panes.ts";
import { readScreenOf } from "./screen.ts";
import { readOutput } from "./tap.ts";
import { harmless } from "./text.ts";
import { makeTmux, type Answer, type Tmux } from "./tmux.ts";

const dead: TerminalLook = { liveness: "dead", held: false, process: null, exit: null };
const unknown: TerminalLook = { liveness: "unknown", held: false, process: null, exit: null };

const lookOf = (pane: Pane, process: ProcessRef | null): TerminalLook =>
  pane.dead
    ? {
        liveness: "dead",
        held: true,
        process: null,
        exit: { exitCode: pane.exitCode, signal: pane.signal },
      }
    : { liveness: "alive", held: true, process, exit: null };

/** One after the other for each terminal, in the order of the calls. */
const makeTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return <T>(id: string, run: () => Promise<T>): Promise<T> => {
    const before = last.get(id) ?? Promise.resolve();
    const mine = before.then(run, run);
    const settled = mine
      .catch(() => undefined)
      .then(() => {
        if (last.get(id) === settled) last.delete(id);
      });
    last.set(id, settled);
    return mine;
  };
};

const held = async (tmux: Tmux, id: string): Promise<Pane> => {
  const found = await findPane(tmux, id);
  if ("is" in found) throw found.failure;
  if (found.pane === null) throw notHeld(id);
  return found.pane;
};

const must = (answer: Answer, id: string): void => {
  if (answer.is === "unknown") throw answer.failure;
  if (answer.is === "absent") throw notHeld(id);
};

const running = async (tmux: Tmux, id: string): Promise<Pane> => {
  const pane = await held(tmux, id);
  if (pane.dead) throw nothingRuns(id);
  return pane;
};

/** Seconds between a paste and Enter: a program that reads both in one go takes Enter for a part of the paste. */
const ENTER_AFTER = "0.12";

/** Text, and Enter behind it if asked to, in one call: tmux has had both or neither. */
const makeType = (tmux: Tmux): HostTerminals["type"] => {
  let pastes = 0;
  return async (id, text, enter) => {
    const { pane } = await running(tmux, id);
    const input = harmless(text);
    await admitLines(tmux, pane, input);
    const buffer = `skein-${(pastes += 1)}`;
    const paste = [
      ["load-buffer", "-b", buffer, "-"],
      ["paste-buffer", "-d", "-p", "-r", "-b", buffer, "-t", pane],
    ];
    const wait = [["run-shell", "-d", ENTER_AFTER]];
    const press = [["send-keys", "-t", pane, "Enter"]];
    const commands = [
      ...(input === "" ? [] : paste),
      ...(enter && input !== "" ? wait : []),
      ...(enter ? press : []),
    ];
    if (commands.length === 0) return;
    const answer = await tmux.commands(commands, { input });
    // What was not pasted does not stay with tmux, where whoever lists its buffers reads it.
    if (answer.is !== "done" && input !== "") void tmux.run(["delete-buffer", "-b", buffer]);
    must(answer, id);
  };
};

/** Within so long whoever opens a terminal has recorded it. */
const RECORDED_MS = 60_000;

/** What is being opened, or was and is yet to be recorded by its opener. */
const makeOpenings = (clock: Clock) => {
  const ends = new Map<string, () => void>();
  const end = (id: string): void => {
    ends.get(id)?.();
    ends.delete(id);
  };
  const put = (id: string, cancel: () => void): void => {
    end(id);
    ends.set(id, cancel);
  };
  return {
    has: (id: string): boolean => ends.has(id),
    begin: (id: string): void => put(id, () => {}),
    done: (id: string): void =>
      put(
        id,
        clock.after(RECORDED_MS, () => ends.delete(id)),
      ),
    end,
  };
};

export type HostTerminals = Terminals & {
  readonly attachments: Attachments;
  /** What is held on the host now; null: that is not known. */
  held(): Promise<readonly Pane[] | null>;
  /** As `paste`, and then Enter if asked to, after the moment that a program needs to tell it from the paste. */
  type(id: string, text: string, enter: boolean): Promise<void>;
  /** Whether it is being opened at this moment. */
  isOpening(id: string): boolean;
  /** Removes what a crash left: clients of tmux, and openings that never came to be; resolves with how many there were. Rejects with an AdapterFailure. */
  clear(): Promise<number>;
  /** Ends tmux with all that it holds. Rejects with an AdapterFailure when nobody says that it is gone. */
  end(): Promise<void>;
};

/** `attachments` are to be stopped; nothing else is to be closed: what it opens ends with the calls that need it. */
export const makeTerminals = (host: Host, clock: Clock): HostTerminals => {
  const tmux = makeTmux(host);
  const ends = makeEnds(tmux, clock);
  const inTurn = makeTurns();
  const openings = makeOpenings(clock);

  /** null also where the host does not say now: that the program runs, tmux has said. */
  const processOf = ({ pid, dead: isOver }: Pane): Promise<ProcessRef | null> =>
    isOver ? Promise.resolve(null) : host.process(pid).catch(() => null);

  const look = async (id: string): Promise<TerminalLook> => {
    const found = await findPane(tmux, id);
    if ("is" in found) return unknown;
    if (found.pane === null) return dead;
    return lookOf(found.pane, await processOf(found.pane));
  };

  const typeOnce = makeType(tmux);
  const type: HostTerminals["type"] = (id, text, enter) =>
    inTurn(id, () => typeOnce(id, text, enter));
  const paste: Terminals["paste"] = (id, text) => type(id, text, false);
  const attachments = makeAttachments({ tmux, ends, clock, paste });

  return {
    attachments,
    held: async () => {
      const found = await listPanes(tmux);
      return "is" in found ? null : found.panes;
    },
    isOpening: openings.has,
    clear: async () => (await clearClients(host)) + (await clearStartFiles(host, openings.has)),
    end: async () => {
      const answer = await tmux.run(["kill-server"]);
      if (answer.is === "unknown") throw answer.failure;
    },
    open: (spec) =>
      inTurn(spec.id, async () => {
        openings.begin(spec.id);
        try {
          if (await openTerminal(tmux, spec, clock)) attachments.opened(spec.id);
          return await look(spec.id);
        } finally {
          openings.done(spec.id);
        }
      }),
    look,
    paste,
    type,
    keys: (id, keys) =>
      inTurn(id, async () => {
        const { pane } = await running(tmux, id);
        must(await tmux.run(["send-keys", "-t", pane, ...keys]), id);
      }),
    screen: async (id, history = 0) => {
      const screen = await readScreenOf(tmux, await held(tmux, id), history);
      if (!("is" in screen)) return screen;
      throw screen.is === "unknown" ? screen.failure : notHeld(id);
    },
    ended: (id, signal) => ends.wait(id, signal),
    output: (id, signal) => readOutput(tmux, ends, id, signal),
    close: (id) =>
      inTurn(id, async () => {
        attachments.closing(id);
        try {
          await closeTerminal(tmux, id);
          openings.end(id);
          attachments.closed(id, "terminal.closed", "The terminal was closed.");
        } finally {
          attachments.stays(id);
        }
      }),
  };
};
