/** A terminal in the person's own window, until they leave it or it ends. */
import {
  connectTerminal,
  type Attached,
  type TerminalConnection,
  type TerminalEnd,
} from "@skein/client/terminal";
import type { Cli } from "../cli.ts";
import { EXIT, fail, refused } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { keysText } from "./keys.ts";
import { makePainter } from "./painter.ts";
import { PASTES_ON } from "./pastes.ts";
import { makeScreen, type Screen } from "./screen.ts";
import { terminalSocket } from "./socket.ts";
import { statusRow, statusText } from "./status.ts";
import { holdTty, windowOf, type Tty } from "./tty.ts";
import { typeInto } from "./typing.ts";

type Attaching = {
  readonly path: string;
  /** As the person calls it. */
  readonly name: string;
  /** Whose it is; null: it stands alone. */
  readonly session: string | null;
  readonly readOnly: boolean;
  readonly detachKeys: string;
};

/** A window is painted no more often than it can be seen. */
const FRAME_MS = 16;

/** What is shown, and what is said of it. */
const makeView = (tty: Tty, { name, readOnly, detachKeys }: Attaching) => {
  const { stdout } = tty;
  const screen: Screen = makeScreen(windowOf(tty));
  const painter = makePainter((text) => void stdout.write(text));
  const told = {
    program: null as Attached["program"] | null,
    lost: null as string | null,
    notice: null as string | null,
    kept: 0,
    readOnly,
  };
  let modes = "";
  let painted = 0;
  let timer: NodeJS.Timeout | null = null;
  const paint = (): void => {
    timer = null;
    // A window that does not keep up gets the newest picture when it has taken the last.
    if (stdout.writableNeedDrain) return void stdout.once("drain", soon);
    painted = performance.now();
    const window = windowOf(tty);
    const leave = keysText(detachKeys);
    const text = statusText({ ...told, name, terminal: screen.size, window, leave });
    const now = readOnly ? "" : screen.modes();
    if (now !== modes) stdout.write((modes = now));
    if (text === null) return painter.paint(screen.picture(window));
    const { rows, cursor } = screen.picture({ ...window, rows: window.rows - 1 });
    painter.paint({ rows: [...rows, statusRow(text, window.columns)], cursor });
  };
  const soon = (): void => {
    timer ??= setTimeout(paint, Math.max(0, FRAME_MS - (performance.now() - painted)));
  };
  screen.onBell(() => void stdout.write("\x07"));
  return {
    screen,
    told,
    soon,
    window: (): void => {
      painter.forget();
      soon();
    },
    hasEnded: (): boolean => told.program?.state === "ended",
    /** Stays until it is taken back. */
    say: (notice: string | null): void => {
      if (told.notice === notice) return;
      told.notice = notice;
      soon();
    },
    end: (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(() => undefined, 0);
    },
  };
};
type View = ReturnType<typeof makeView>;

const connect = (cli: Cli, tty: Tty, attaching: Attaching, view: View): TerminalConnection => {
  const { screen, told, soon } = view;
  const fed = (done: () => void) => (): void => {
    done();
    soon();
  };
  let size = windowOf(tty);
  return connectTerminal({
    socket: terminalSocket(cli.place, attaching.path),
    size,
    readOnly: attaching.readOnly,
    // The person's own scrollback is another matter: the second screen has none.
    history: 0,
    on: {
      attached: (attached) => {
        size = { columns: attached.columns, rows: attached.rows };
        told.program = attached.program;
        told.readOnly = attached.readOnly;
        told.lost = null;
        // Before a snapshot there is nothing to show but what was shown.
        if (attached.how !== "resumed") return;
        screen.resize(size);
        soon();
      },
      snapshot: (bytes, done) => {
        screen.reset(size);
        screen.write(bytes, fed(done));
      },
      output: (bytes, done) => screen.write(bytes, fed(done)),
      size: ({ columns, rows }) => {
        size = { columns, rows };
        screen.resize(size);
        soon();
      },
      title: (title) => void tty.stdout.write(`\x1b]2;${oneLine(title)}\x07`),
      program: (state) => {
        told.program = state;
        soon();
      },
      kept: (count) => {
        told.kept = count;
        soon();
      },
      lost: ({ message }) => {
        told.lost = message;
        soon();
      },
    },
  });
};

/** tmux holds it no longer: attaching to its id finds nothing, while a session's is opened by attaching to the session. */
const openAgain = ({ command }: Cli, { name, session }: Attaching): string => {
  if (session === null) return `Open another one with: ${command} terminal open`;
  const ref = name.startsWith("trm_") ? session : oneLine(name);
  return `Open it again with: ${command} attach ${ref}`;
};

/** What is said once the person has their own screen again. */
const outcome = (cli: Cli, attaching: Attaching, end: TerminalEnd): number => {
  const { name } = attaching;
  const back = `${cli.command} attach ${oneLine(name)}`;
  switch (end.reason) {
    case "left":
      cli.tell(`Detached; ${oneLine(name)} goes on. Back with: ${back}`);
      return EXIT.done;
    case "terminal.closed":
      cli.tell(`The terminal of ${oneLine(name)} was closed.`);
      return EXIT.done;
    case "refused":
      throw refused(end.problem);
    case "failed": {
      const remedy = `Look with ${cli.command} status, then: ${back}`;
      throw fail(EXIT.transport, "connection_lost", end.failure.message, remedy);
    }
    case "terminal.gone":
      throw fail(EXIT.refused, end.reason, end.message, openAgain(cli, attaching));
    default:
      throw fail(EXIT.refused, end.reason, end.message, `Try again with: ${back}`);
  }
};

export const attachTo = async (cli: Cli, tty: Tty, attaching: Attaching): Promise<number> => {
  const giveBack = holdTty(tty);
  // A paste is known as one: its lines are no Enters.
  if (!attaching.readOnly) tty.stdout.write(PASTES_ON);
  const view = makeView(tty, attaching);
  const terminal = connect(cli, tty, attaching, view);
  const leave = (): void => terminal.close();
  const resized = (): void => {
    terminal.resize(windowOf(tty));
    view.window();
  };
  const silence = typeInto(terminal, tty, attaching.detachKeys, view);
  tty.stdout.on("resize", resized);
  process.on("SIGHUP", leave);
  cli.signal.addEventListener("abort", leave, { once: true });
  try {
    return outcome(cli, attaching, await over(terminal, view, silence, giveBack));
  } finally {
    tty.stdout.off("resize", resized);
    process.off("SIGHUP", leave);
  }
};

/** The end, with the window given back before anything is said. */
const over = async (
  terminal: TerminalConnection,
  view: View,
  ...ends: readonly (() => void)[]
): Promise<TerminalEnd> => {
  try {
    return await terminal.ended;
  } finally {
    view.end();
    for (const end of ends) end();
  }
};
