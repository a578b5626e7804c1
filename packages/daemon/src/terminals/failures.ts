/** How a terminal fails, each with what to do. */
import { adapterFailure, type AdapterFailure } from "@skein/sdk";

type Code = AdapterFailure["failure"]["code"];

const failure = (
  code: Code,
  kind: AdapterFailure["failure"]["kind"],
  message: string,
  remedy: string,
  retryable: boolean,
  cause?: unknown,
): AdapterFailure => adapterFailure(message, { kind, code, remedy, retryable }, cause);

export const noTmux = (host: string): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "unavailable",
    `There is no tmux on ${host}, and terminals are held by it.`,
    "Install tmux 3.2 or later there.",
    false,
  );

export const noAnswer = (host: string, cause?: unknown): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "timeout",
    `tmux on ${host} does not answer.`,
    "Try again in a moment; what runs in its terminals goes on.",
    true,
    cause,
  );

export const cutListing = (host: string): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "unavailable",
    `What tmux on ${host} holds is more than can be listed.`,
    "End what is not needed there.",
    false,
  );

/** `words`: tmux's own, one line. */
export const tmuxRefused = (host: string, words: string): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "unavailable",
    `tmux on ${host} refused: ${words.trim().split("\n")[0]?.slice(0, 200) || "it gave no reason"}.`,
    "See that tmux 3.2 or later is installed there and may write to Skein's folder.",
    false,
  );

export const pathTooLong = (path: string): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "unsupported",
    `The path of tmux's socket is too long: ${path}.`,
    "Choose a state folder with a shorter path (SKEIN_HOME).",
    false,
  );

export const notHeld = (id: string): AdapterFailure =>
  failure(
    "terminal_not_found",
    "unavailable",
    `tmux holds no terminal ${id}.`,
    "Open it again.",
    false,
  );

export const nothingRuns = (id: string): AdapterFailure =>
  failure(
    "terminal_unavailable",
    "unavailable",
    `What ran in the terminal ${id} has ended.`,
    "Open it again.",
    false,
  );

export const lineTooLong = (bytes: number, most: number): AdapterFailure =>
  failure(
    "prompt_too_large",
    "unsupported",
    `The longest line has ${bytes} bytes; the program reads whole lines, and its terminal takes ${most} of one.`,
    "Break the line, or put it into a file and type the file's path.",
    false,
  );

export const noFolder = (folder: string, what: "missing" | "file" | "unreadable"): AdapterFailure =>
  what === "file"
    ? failure(
        "folder_not_directory",
        "unavailable",
        `${folder} is a file, not a folder.`,
        "Choose the folder that it lies in.",
        false,
      )
    : failure(
        "folder_not_found",
        "unavailable",
        what === "missing"
          ? `The folder ${folder} does not exist.`
          : `The folder ${folder} may not be entered.`,
        "Create it, or choose another folder.",
        false,
      );

export const noProgram = (program: string): AdapterFailure =>
  failure(
    "backend_not_installed",
    "unavailable",
    `There is no program ${program}.`,
    "Install it, or name it by its whole path.",
    false,
  );
