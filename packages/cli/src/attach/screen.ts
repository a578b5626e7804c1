/** The terminal as it is held here: an emulator that is fed with its bytes, and what of it the person's window shows. */
import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";
import type { TerminalSize } from "@skein/client/terminal";
import { rowText } from "./cells.ts";
import type { Picture } from "./painter.ts";

export type Screen = {
  /** `done` is called when the bytes have been worked through. */
  write(bytes: Uint8Array, done: () => void): void;
  reset(size: TerminalSize): void;
  resize(size: TerminalSize): void;
  readonly size: TerminalSize;
  /** What fits into so many columns and rows. */
  picture(window: TerminalSize): Picture;
  /** What the person's terminal has to do so that its keys are those that the program asked for. */
  modes(): string;
  onBell(ring: () => void): void;
};

/** Private modes that change what keys and mouse send. Pastes and focus are no program's business: the daemon keeps those back. */
const PASSED = new Set([1, 1000, 1002, 1003, 1006]);

export const makeScreen = (begin: TerminalSize): Screen => {
  const terminal = new xterm.Terminal({
    cols: begin.columns,
    rows: begin.rows,
    scrollback: 0,
    allowProposedApi: true,
  });
  // tmux counts emoji as two columns, as this table does and the built-in one does not.
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  const scratch = terminal.buffer.active.getNullCell();
  const on = new Set<number>();
  let hidden = false;
  let keypad = false;
  let shape = "0";
  const set = (params: readonly (number | number[])[], value: boolean): boolean => {
    for (const mode of params.flat()) {
      if (mode === 25) hidden = !value;
      if (!PASSED.has(mode)) continue;
      if (value) on.add(mode);
      else on.delete(mode);
    }
    return false;
  };
  const forget = (): boolean => {
    on.clear();
    [hidden, keypad, shape] = [false, false, "0"];
    return false;
  };
  const { parser } = terminal;
  parser.registerCsiHandler({ prefix: "?", final: "h" }, (params) => set(params, true));
  parser.registerCsiHandler({ prefix: "?", final: "l" }, (params) => set(params, false));
  parser.registerCsiHandler({ intermediates: " ", final: "q" }, ([number]) => {
    shape = String(typeof number === "number" ? number : 0);
    return false;
  });
  for (const final of ["=", ">"])
    parser.registerEscHandler({ final }, () => {
      keypad = final === "=";
      return false;
    });
  parser.registerEscHandler({ final: "c" }, forget);
  return {
    write: (bytes, done) => terminal.write(bytes, done),
    reset: ({ columns, rows }) => {
      forget();
      terminal.reset();
      terminal.resize(columns, rows);
    },
    resize: ({ columns, rows }) => terminal.resize(columns, rows),
    get size() {
      return { columns: terminal.cols, rows: terminal.rows };
    },
    picture: (window) => {
      const { active } = terminal.buffer;
      const columns = Math.min(window.columns, terminal.cols);
      const rows = Array.from({ length: window.rows }, (_, row) =>
        row < terminal.rows ? rowText(active.getLine(active.baseY + row), columns, scratch) : "",
      );
      const { cursorX, cursorY } = active;
      // Behind the last column it waits for the next character.
      const column = Math.min(cursorX, terminal.cols - 1);
      const isSeen = !hidden && column < window.columns && cursorY < window.rows;
      return { rows, cursor: isSeen ? { column, row: cursorY } : null };
    },
    modes: () => {
      const flags = [...PASSED].map((mode) => `\x1b[?${mode}${on.has(mode) ? "h" : "l"}`).join("");
      return `${flags}${keypad ? "\x1b=" : "\x1b>"}\x1b[${shape} q`;
    },
    onBell: (ring) => void terminal.onBell(ring),
  };
};
