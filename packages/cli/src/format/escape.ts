/**
 * The one gate between what others said (agents, files, vendors, even our own error texts that quote them) and a
 * terminal. A terminal obeys control characters: they can repaint what was approved, set the clipboard, answer
 * queries into the shell. Bidirectional controls make a line read otherwise than it runs.
 *
 * Only newline and tab pass; everything else that a terminal would obey or a reader could not see is written out, as
 * in source code: ESC is shown as \x1b, the right-to-left override as \u202e.
 */

// C0 without tab and newline, DEL, C1 | Arabic letter mark | marks | separators, embeddings, overrides |
// isolates, deprecated format controls | interlinear | tag characters (hidden text) | half of a surrogate pair
const OBEYED =
  /[\0-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

const written = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\u{${code.toString(16)}}`;
};

/** Text of any length for a terminal. Newlines and tabs pass. */
export const visible = (text: string): string => text.replace(OBEYED, written);

/** Text for one line: newlines and tabs are written out too, so that nothing can pose as the next line or column. */
export const oneLine = (text: string): string =>
  visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");

/** Words for a table's cell, read and not obeyed: newlines and blanks are one blank, what a terminal would obey is left out. */
export const flat = (text: string): string => text.replace(/\s+/g, " ").replace(OBEYED, "").trim();

/**
 * JSON that is safe on a terminal as well: JSON.stringify writes C0 out but leaves DEL, C1 and bidirectional controls.
 * The value that a parser reads is the same.
 */
export const json = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, undefined, indent) ?? "null").replace(
    // JSON.stringify has already written C0 and halves of pairs; the newline here is the indentation's own.
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g,
    (found) =>
      [...Array(found.length).keys()]
        .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`)
        .join(""),
  );
