/**
 * The words of tmux's control mode (tmux 3.2 to 3.6, `tmux -C`), from bytes to lines with a meaning. A reply is what stands between
 * `%begin T N 1` and `%end T N 1` (or `%error`); all other lines that begin with % are notices. Output is escaped: every byte
 * below 0x20, and the backslash, as \ooo.
 */

export type ControlLine =
  | { readonly is: "output"; readonly pane: string; readonly bytes: Uint8Array }
  | { readonly is: "paused"; readonly pane: string }
  | { readonly is: "reply"; readonly ok: boolean; readonly body: Uint8Array }
  | { readonly is: "exit"; readonly reason: string };

const NEWLINE = 10;
const SPACE = 32;
const PERCENT = 37;
const COLON = 58;
const BACKSLASH = 92;
const ZERO = 48;

/** In place: what is decoded is never longer. */
const unescaped = (line: Buffer, from: number): Uint8Array => {
  let at = line.indexOf(BACKSLASH, from);
  if (at === -1) return line.subarray(from);
  let to = at;
  const { length } = line;
  while (at < length) {
    const byte = line[at]!;
    if (byte === BACKSLASH) {
      line[to++] =
        ((line[at + 1]! - ZERO) << 6) | ((line[at + 2]! - ZERO) << 3) | (line[at + 3]! - ZERO);
      at += 4;
    } else {
      line[to++] = byte;
      at += 1;
    }
  }
  return line.subarray(from, to);
};

const OUTPUT = Buffer.from("%output ");
const EXTENDED = Buffer.from("%extended-output ");
const startsWith = (line: Buffer, word: Buffer): boolean =>
  line.length >= word.length && line.compare(word, 0, word.length, 0, word.length) === 0;

const readOutput = (line: Buffer): ControlLine | null => {
  if (startsWith(line, OUTPUT)) {
    const space = line.indexOf(SPACE, OUTPUT.length);
    const pane = line.toString("latin1", OUTPUT.length, space);
    return { is: "output", pane, bytes: unescaped(line, space + 1) };
  }
  if (startsWith(line, EXTENDED)) {
    // %extended-output %1 AGE ... : VALUE
    const space = line.indexOf(SPACE, EXTENDED.length);
    const colon = line.indexOf(COLON, space);
    const pane = line.toString("latin1", EXTENDED.length, space);
    return { is: "output", pane, bytes: unescaped(line, colon + 2) };
  }
  return null;
};

const readNotice = (line: Buffer): ControlLine | null => {
  const output = readOutput(line);
  if (output !== null) return output;
  const [word, rest] = line.toString("utf8").split(" ", 2);
  if (word === "%pause") return { is: "paused", pane: rest ?? "" };
  if (word === "%exit") return { is: "exit", reason: line.toString("utf8").slice(6) };
  return null;
};

/** The returned function takes the next bytes and gives the lines that they complete, in order. Not closed. */
export const makeControlReader = (): ((bytes: Uint8Array) => readonly ControlLine[]) => {
  let begun: Buffer[] = [];
  let reply: { readonly guard: string; readonly ours: boolean; body: Buffer[] } | null = null;

  const read = (line: Buffer): ControlLine | null => {
    if (reply !== null) {
      const end =
        line[0] === PERCENT ? /^%(end|error) (.*)$/.exec(line.toString("latin1", 0, 80)) : null;
      if (end?.[2] !== reply.guard) {
        reply.body.push(line, Buffer.from("\n"));
        return null;
      }
      const { ours, body } = reply;
      reply = null;
      return ours ? { is: "reply", ok: end[1] === "end", body: Buffer.concat(body) } : null;
    }
    if (line[0] !== PERCENT) return null;
    const guard = /^%begin (\d+ \d+ (\d))$/.exec(line.toString("latin1", 0, 80));
    if (guard === null) return readNotice(line);
    // 1: a command of this client; 0: what it was started with.
    reply = { guard: guard[1]!, ours: guard[2] === "1", body: [] };
    return null;
  };

  return (bytes) => {
    const lines: ControlLine[] = [];
    // What a pipe gives is its reader's own: it is decoded in place.
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, at);
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      from = at + 1;
      const found = read(line);
      if (found !== null) lines.push(found);
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
    return lines;
  };
};
