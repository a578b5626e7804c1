/**
 * One escape sequence after the other, byte by byte: says what may pass of it once it is complete (sequences.ts). Strings that
 * nobody may see are not kept at all; nothing is kept without limit.
 */
import { passCsi, passOsc } from "./sequences.ts";

export type Escapes = {
  /** An escape character came. */
  begin(): void;
  take(byte: number): void;
  /** false: the next byte is plain text. */
  readonly inside: boolean;
  /** The last title that was set; null: none so far. */
  readonly title: string | null;
};

const [GROUND, ESCAPE, CSI, OSC, OSC_ESCAPE, SKIP, SKIP_ESCAPE, CHARSET] = [0, 1, 2, 4, 5, 6, 7, 3];
const [DCS, DCS_ESCAPE] = [8, 9];
const [BEL, CAN, SUB, ESC, BACKSLASH] = [0x07, 0x18, 0x1a, 0x1b, 0x5c];
/** A sequence that is longer is no sequence of ours. */
const MOST = 8_192;

const afterEscape = (byte: number): number => {
  switch (byte) {
    case 0x5b:
      return CSI;
    case 0x5d:
      return OSC;
    // P: a string that an escape alone does not end (what is passed through tmux has its escapes doubled).
    case 0x50:
      return DCS;
    // X, ^, _, k: strings to the terminal, tmux's window name among them.
    case 0x58:
    case 0x5e:
    case 0x5f:
    case 0x6b:
      return SKIP;
    default:
      return byte >= 0x20 && byte <= 0x2f ? CHARSET : GROUND;
  }
};

/** Inside a string that nobody may see. */
const inString = (state: number, byte: number): number => {
  if (state === SKIP) return byte === ESC ? SKIP_ESCAPE : SKIP;
  if (state === DCS) return byte === ESC ? DCS_ESCAPE : DCS;
  if (byte === BACKSLASH) return GROUND;
  return state === DCS_ESCAPE ? DCS : ESCAPE;
};

/** `give` gets what a viewer may have of each sequence. */
export const makeEscapes = (give: (sequence: string) => void): Escapes => {
  let state = GROUND;
  let body: number[] = [];
  let title: string | null = null;

  const text = (): string => Buffer.from(body).toString("utf8");
  const pass = (sequence: string): void => {
    if (sequence !== "") give(sequence);
  };
  const endOsc = (): void => {
    const osc = body.length > MOST ? { pass: "" } : passOsc(text());
    if ("title" in osc) ({ title } = osc);
    else pass(osc.pass);
    state = GROUND;
  };
  const begin = (next: number): void => {
    state = next;
    body = [];
  };

  /** One byte outside plain text. */
  const take = (byte: number): void => {
    if (byte === CAN || byte === SUB) return begin(GROUND);
    if (byte === ESC && state < OSC) return begin(ESCAPE);
    switch (state) {
      case ESCAPE: {
        const next = afterEscape(byte);
        begin(next);
        if (next === CHARSET) body.push(byte);
        // Z asks what the terminal is.
        else if (next === GROUND && byte !== 0x5a && byte >= 0x30 && byte < 0x7f)
          pass(`\u001b${String.fromCharCode(byte)}`);
        return;
      }
      case CHARSET:
        body.push(byte);
        if (byte < 0x30 && body.length < 4) return;
        pass(`\u001b${text()}`);
        return begin(GROUND);
      case CSI:
        if (byte < 0x20) return;
        body.push(byte);
        if (byte < 0x40) return body.length > MOST ? begin(GROUND) : undefined;
        pass(passCsi(text()));
        return begin(GROUND);
      case OSC:
        if (byte === BEL) return endOsc();
        if (byte === ESC) state = OSC_ESCAPE;
        // One that is too long is dropped; where it ends is still looked for.
        else if (body.length <= MOST) body.push(byte);
        return;
      case OSC_ESCAPE:
        if (byte === BACKSLASH) return endOsc();
        begin(ESCAPE);
        return take(byte);
      default: {
        const next = inString(state, byte);
        if (next !== ESCAPE) return begin(next);
        begin(ESCAPE);
        take(byte);
      }
    }
  };

  return {
    begin: () => begin(ESCAPE),
    take,
    get inside() {
      return state !== GROUND;
    },
    get title() {
      return title;
    },
  };
};
