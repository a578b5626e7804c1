/** What a person or a driver pastes, made harmless: no byte of it can end the paste, or be a key. */

/** The end of a bracketed paste, with ESC [ or the one character (C1) that means the same. */
const PASTE_END = /(?:\u001b\[|\u009b)201~/g;
/** C0 but tab and newline, DEL, C1. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export const harmless = (text: string): string => text.replace(PASTE_END, "").replace(CONTROL, "");
