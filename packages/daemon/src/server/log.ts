/**
 * What the server writes down. A line never holds a token, a cookie, a login code or a query: only the path's
 * own words are taken from a request, and whatever a stranger chose is made printable first.
 */

/** pino's logger is one. */
export type Log = {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
};

const MAX_CHARS = 200;

/** C0, DEL, C1, zero-width, bidirectional and line-separating characters: all that can forge a line or hide in one. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line, visible characters, bounded. */
export const printable = (text: string): string => {
  const cut = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
  return cut.replace(UNPRINTABLE, escaped);
};

/** The path of a request target, without its query: that is where codes and secrets travel. */
export const loggedPath = (target: string): string => {
  const end = target.search(/[?#]/);
  return printable(end === -1 ? target : target.slice(0, end));
};
