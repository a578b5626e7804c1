/** What a person types, sorted: the keys that leave the terminal, what their terminal says by itself, and all the rest. */
import { misused } from "../failure.ts";

/** So long the first keys of the sequence are held back, for the rest of it to come. */
export const HELD_MS = 600;

const KEY = /^(?:C-([a-z@[\\\]^_])|([\x21-\x7e]))$/;

/** `C-\ C-\`: keys with blanks between them; `none`: there is no way out but the end of the terminal. */
export const parseDetachKeys = (words: string): string => {
  if (words === "none") return "";
  const keys = words.split(" ").map((word) => {
    const [, control, plain] = KEY.exec(word) ?? [];
    if (control !== undefined)
      return String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
    if (plain !== undefined) return plain;
    throw misused(
      `${JSON.stringify(word)} is no key that can detach.`,
      "Name keys like C-\\ C-\\ (control keys as C-x, with blanks between), or none.",
    );
  });
  return keys.join("");
};

/** As a person reads it: Ctrl-\ Ctrl-\. */
export const keysText = (keys: string): string =>
  keys
    .split("")
    .map((key) => (key < " " ? `Ctrl-${String.fromCharCode(key.charCodeAt(0) | 0x40)}` : key))
    .join(" ");

export type Typed = { readonly bytes: string; readonly detach: boolean };

/** Bytes as latin-1 text, so that none is lost. What may be the beginning of the sequence is held until the next call or `release`. */
export const makeDetachKeys = (keys: string) => {
  let held = "";
  return {
    take: (bytes: string): Typed => {
      const all = held + bytes;
      held = "";
      const at = keys === "" ? -1 : all.indexOf(keys);
      if (at >= 0) return { bytes: all.slice(0, at), detach: true };
      for (let length = Math.min(keys.length - 1, all.length); length > 0; length--) {
        if (!all.endsWith(keys.slice(0, length))) continue;
        held = all.slice(-length);
        return { bytes: all.slice(0, -length), detach: false };
      }
      return { bytes: all, detach: false };
    },
    /** What was held back after all. */
    release: (): string => {
      const bytes = held;
      held = "";
      return bytes;
    },
  };
};

/**
 * Answers of the person's own terminal to questions: nobody asks it anything here (tmux answers programs), so they are none of the
 * program's business. Device attributes, versions, colours, modes.
 */
const ANSWERS =
  /\x1b\[[?>=][\d;]*[cnuyR]|\x1b\[\?[\d;]*\$y|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\/g;

export const withoutAnswers = (bytes: string): string => bytes.replaceAll(ANSWERS, "");
