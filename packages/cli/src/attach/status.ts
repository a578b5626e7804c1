/** The line below a terminal that is shown otherwise than its writer sees it. Pure. */
import type { Attached, TerminalSize } from "@skein/client/terminal";
import { oneLine } from "../format/escape.ts";

const SEPARATOR = " · ";

type Told = {
  readonly name: string;
  readonly terminal: TerminalSize;
  readonly window: TerminalSize;
  readonly readOnly: boolean;
  readonly program: Attached["program"] | null;
  /** Why nothing comes at the moment; null: all is well. */
  readonly lost: string | null;
  /** Something worth saying once. */
  readonly notice: string | null;
  /** So many bytes were typed here and wait for the terminal's host. */
  readonly kept: number;
  /** How to leave: Ctrl-\ Ctrl-\. */
  readonly leave: string;
};

/** So much of a name still tells which it is. */
const LEAST_NAME = 6;

const cut = (text: string, most: number): string => {
  const chars = [...text];
  return chars.length <= most ? text : `${chars.slice(0, Math.max(0, most - 1)).join("")}…`;
};

/** What does not fit is cut off the name and then off the words: how to leave is always there to be read. */
const fitted = (name: string, words: string, leave: string, columns: number): string => {
  const room = columns - leave.length;
  const named = cut(name, Math.max(LEAST_NAME, room - words.length - SEPARATOR.length));
  return `${cut(`${named}${SEPARATOR}${words}`, room)}${leave}`;
};

/** null: there is nothing to say, the terminal has the whole window. */
export const statusText = (told: Told): string | null => {
  const { terminal, window, program, lost } = told;
  const words: string[] = [];
  if (lost !== null) words.push(`${lost} Trying again.`);
  if (told.notice !== null) words.push(told.notice);
  if (program?.state === "ended") {
    const how = program.signal ?? `exit code ${program.exitCode ?? "unknown"}`;
    words.push(`ended (${how}): Enter leaves`);
  }
  if (program?.state === "unknown") words.push(`no answer from tmux: ${program.reason}`);
  if (told.kept > 0)
    words.push(`${told.kept} ${told.kept === 1 ? "byte" : "bytes"} typed here wait for it`);
  const isSame = terminal.columns === window.columns && terminal.rows === window.rows;
  if (!isSame) words.push(`${terminal.columns}x${terminal.rows}, as its writer has it`);
  if (told.readOnly && words.length > 0) words.push("read-only");
  if (words.length === 0) return null;
  const leave = told.leave === "" ? "" : `${SEPARATOR}${told.leave} leaves`;
  return fitted(oneLine(told.name), oneLine(words.join(SEPARATOR)), leave, window.columns);
};

/** In reverse, over the whole width. */
export const statusRow = (text: string, columns: number): string => {
  const chars = [...text].slice(0, columns);
  return `\x1b[7m${chars.join("")}${" ".repeat(columns - chars.length)}\x1b[0m`;
};
