/** A prompt as an input line can take it: text, newlines and tabs. */

/** Escape sequences: of colours and cursors, and of titles and links. */
const sequence =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g;
/** C0 but tab and newline, DEL, C1. */
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export const plain = (text: string): string =>
  text.replaceAll(/\r\n?/g, "\n").replaceAll(sequence, "").replaceAll(control, "");
