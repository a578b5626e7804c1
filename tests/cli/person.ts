/** A person's own window: a shell in tmux, on a socket of its own, with nothing of Skein's in it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { untilTrue } from "../scenarios/processes.ts";
import { MAIN, plainEnv } from "./run-skein.ts";

export type Person = {
  /** Types a line and presses Enter. */
  type(line: string): void;
  keys(...names: readonly string[]): void;
  /** From the clipboard: marked as a paste for a program that asked for that. */
  paste(text: string): void;
  /** What is on the screen, trailing blanks off. */
  screen(): string;
  /** Waits until the screen fits, and gives it. */
  sees(what: RegExp, ms?: number): Promise<string>;
  resize(columns: number, rows: number): void;
  /** `skein` as this person calls it. */
  skein(words: string): void;
  /** Whether the second screen is shown. */
  onSecondScreen(): boolean;
  close(): void;
};

export const openPerson = (
  place: string,
  home: string,
  name: string,
  [columns, rows]: readonly [number, number],
): Person => {
  const socket = join(place, `${name}.sock`);
  const tmux = (...words: readonly string[]): string =>
    execFileSync("tmux", ["-S", socket, ...words], {
      encoding: "utf8",
      env: { ...plainEnv(home), PS1: "$ ", LANG: "C.UTF-8" },
      stdio: ["ignore", "pipe", "ignore"],
    });
  const size = ["-x", String(columns), "-y", String(rows)];
  tmux("-u", "-f", "/dev/null", "new-session", "-d", ...size, "-s", "p", "sh");
  tmux("set", "-g", "status", "off");
  tmux("resize-window", "-t", "p", ...size);
  const screen = (): string => tmux("capture-pane", "-p", "-t", "p").trimEnd();
  return {
    type: (line) => {
      tmux("send-keys", "-t", "p", "-l", line);
      tmux("send-keys", "-t", "p", "Enter");
    },
    keys: (...names) => void tmux("send-keys", "-t", "p", ...names),
    paste: (text) => {
      tmux("set-buffer", "--", text);
      tmux("paste-buffer", "-p", "-t", "p");
    },
    screen,
    sees: async (what, ms = 15_000) => {
      try {
        await untilTrue(String(what), () => what.test(screen()), ms);
      } catch {
        throw new Error(`not seen in ${ms} ms: ${String(what)}\n${screen()}`);
      }
      return screen();
    },
    resize: (width, height) =>
      void tmux("resize-window", "-t", "p", "-x", String(width), "-y", String(height)),
    skein: (words) => {
      tmux("send-keys", "-t", "p", "-l", `clear; ${process.execPath} ${MAIN} ${words}`);
      tmux("send-keys", "-t", "p", "Enter");
    },
    onSecondScreen: () =>
      tmux("display-message", "-p", "-t", "p", "#{alternate_on}").trim() === "1",
    close: () => void tmux("kill-server"),
  };
};
