/**
 * Which escape sequences of a program may reach a person's terminal. tmux has done and answered all of them already; a viewer
 * only draws. So what asks (device attributes, cursor position, modes, colours, clipboard), what reaches beyond the drawing
 * (clipboard, files, printers, window) and what makes a terminal speak by itself (focus, colour scheme, size reports) is left out;
 * and bracketed paste, because a paste travels as a frame of its own. Numbers as in ECMA-48 and xterm's ctlseqs.
 */

const PRIVATE = /^[<=>?]/;
/** Final bytes of sequences that ask, or make a terminal do more than draw. `t`: window operations; `i`: printing. */
const ASKING = new Set(["c", "n", "q", "x", "y", "t", "i", "u", "v", "w", "|", "{", "}"]);
/**
 * Modes that tmux 3.3a obeys, and a viewer draws or sends keys by: what tmux does not know (VT52, locked keyboard, echo, reverse
 * wrap, 1048, 20) would make the viewer's screen another one. Without focus (1004) and bracketed paste (2004). 2026 only bundles.
 */
const MODES: Readonly<Record<string, ReadonlySet<number>>> = {
  "": new Set([4]),
  "?": new Set([1, 6, 7, 12, 25, 47, 1000, 1002, 1003, 1005, 1006, 1047, 1049, 2026]),
};
/** 132 columns, or 80: tmux keeps its size and erases the screen, as the terminals of old did. */
const COLUMNS = 3;
const ERASED = "\u001b[H\u001b[2J";

const modes = (params: string, final: string): string => {
  const mark = params.startsWith("?") ? "?" : "";
  const asked = params.slice(mark.length).split(";");
  const kept = asked.filter((mode) => MODES[mark]!.has(Number(mode)));
  const erased = mark === "?" && asked.some((mode) => Number(mode) === COLUMNS) ? ERASED : "";
  return kept.length === 0 ? erased : `${erased}\u001b[${mark}${kept.join(";")}${final}`;
};

/** `body`: parameters, intermediates and final byte. Returns what may pass: the sequence, a part of it, or nothing. */
export const passCsi = (body: string): string => {
  const final = body.at(-1) ?? "";
  const params = body.slice(0, -1);
  if (final < "@" || final > "~") return "";
  if (final === "h" || final === "l") return modes(params, final);
  // Cursor shape (CSI n SP q) is drawing; so is restoring the cursor (CSI u).
  if (/^\d* q$/.test(body) || body === "u") return `\u001b[${body}`;
  // Five numbers begin mouse tracking, which reports; one scrolls.
  if (final === "T" && params.includes(";")) return "";
  if (ASKING.has(final) || /[#$'*&"]/.test(params)) return "";
  // Private forms of what is left: key reports, graphics and palette queries. Erasing (J, K) has one that draws.
  if (PRIVATE.test(params) && !/^\?\d*[JK]$/.test(body)) return "";
  return `\u001b[${body}`;
};

const LINK = /^8;[^;]*;(.*)$/s;
/** Colours set, prompt marks; colours reset. */
const DRAWING = /^(?:4|10|11|12|17|19|104|110|111|112|117|119|133)(?:;|$)/;

const web = (uri: string): boolean => uri === "" || /^https?:\/\/[^\s/]/i.test(uri);

export type Osc = { readonly pass: string } | { readonly title: string };

export const passOsc = (body: string): Osc => {
  if (/^[02];/.test(body)) return { title: body.slice(2) };
  const link = LINK.exec(body);
  // A link elsewhere ends one that was open: its text is no part of that.
  if (link !== null) return { pass: `\u001b]${web(link[1]!) ? body : "8;;"}\u001b\\` };
  return { pass: DRAWING.test(body) && !body.includes("?") ? `\u001b]${body}\u001b\\` : "" };
};
