/** What a person pastes, cut out of what they type: their window marks where it begins and ends (bracketed paste, xterm's ctlseqs). */

export const PASTES_ON = "\x1b[?2004h";
const BEGIN = "\x1b[200~";
const END = "\x1b[201~";

/** `paste`: null: it was too large, and none of it is kept. `late`: what still came of one that broke off. */
type Read =
  | { readonly keys: string }
  | { readonly paste: string | null }
  | { readonly late: string };

/** So many characters at the end may be the beginning of `mark`. */
const begun = (text: string, mark: string): number => {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--)
    if (text.endsWith(mark.slice(0, length))) return length;
  return 0;
};

/**
 * Bytes as latin-1 text. What may be the beginning of a mark is held until the next call or `release`; a paste until its end, or until
 * it is broken off: what comes from then on to its end is no keys either.
 */
export const makePastes = (most: number) => {
  let held = "";
  let paste: string | null = null;
  let isTooLarge = false;
  let isBroken = false;

  const give = (text: string, found: Read[]): void => {
    if (paste === null) {
      if (text !== "") found.push(isBroken ? { late: text } : { keys: text });
      return;
    }
    isTooLarge ||= paste.length + text.length > most;
    paste = isTooLarge ? "" : paste + text;
  };
  return {
    take: (bytes: string): readonly Read[] => {
      const found: Read[] = [];
      let rest = held + bytes;
      for (;;) {
        const mark = paste === null && !isBroken ? BEGIN : END;
        const at = rest.indexOf(mark);
        const end = at >= 0 ? at : rest.length - begun(rest, mark);
        give(rest.slice(0, end), found);
        if (at < 0) {
          held = rest.slice(end);
          return found;
        }
        rest = rest.slice(at + mark.length);
        if (paste !== null) found.push({ paste: isTooLarge ? null : paste });
        paste = mark === BEGIN ? "" : null;
        isTooLarge = isBroken = false;
      }
    },
    get isInside() {
      return paste !== null;
    },
    get isHolding() {
      return held !== "";
    },
    /** The paste whose end has not come is lost, and what still comes of it. */
    breakOff: (): void => {
      [paste, isTooLarge, isBroken] = [null, false, true];
    },
    get isBroken() {
      return isBroken;
    },
    /** What was held back after all. Of a paste that did not end nothing is left, and nothing more is to come. */
    release: (): string => {
      const keys = paste === null && !isBroken ? held : "";
      [held, paste, isTooLarge, isBroken] = ["", null, false, false];
      return keys;
    },
  };
};

/** As it was before the person's window made Enters of its lines; null: it is no UTF-8. */
export const pastedText = (bytes: string): string | null => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return text.decode(Buffer.from(bytes, "latin1")).replace(/\r\n?/g, "\n");
  } catch {
    return null;
  }
};
