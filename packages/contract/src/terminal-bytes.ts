/**
 * Binary frames of a terminal's socket: one byte that says what it is, eight bytes of a number (unsigned, big endian), then
 * the bytes themselves. Browser and node.
 */
export const TERMINAL_BYTES = {
  /** From the server. The number: offset of its first byte in the stream. A frame may end within a character or a sequence; the next goes on. */
  output: 1,
  /**
   * From the server: all that the terminal shows, scrollback first, to be written to a terminal of its size that was reset.
   * The number: the offset at which the stream goes on. Acknowledged like output, by that offset.
   */
  snapshot: 2,
  /** From the client: keys as bytes. The number: its input number. At most LIMITS.terminalInputBytes. */
  input: 16,
  /**
   * From the client: text to paste, UTF-8, literally; bracketed when the program asked for that, control characters taken out.
   * The number: its input number. At most LIMITS.terminalPasteBytes.
   */
  paste: 17,
} as const;
export type TerminalBytesKind = keyof typeof TERMINAL_BYTES;

export type TerminalBytes = {
  readonly kind: TerminalBytesKind;
  readonly number: number;
  readonly bytes: Uint8Array;
};

export const TERMINAL_HEADER_BYTES = 9;

const kinds = new Map<number, TerminalBytesKind>(
  (Object.keys(TERMINAL_BYTES) as TerminalBytesKind[]).map((kind) => [TERMINAL_BYTES[kind], kind]),
);

/** Makes a frame of what stands behind its first TERMINAL_HEADER_BYTES. */
export const writeTerminalHeader = (
  frame: Uint8Array,
  kind: TerminalBytesKind,
  number: number,
): void => {
  frame[0] = TERMINAL_BYTES[kind];
  const view = new DataView(frame.buffer, frame.byteOffset, TERMINAL_HEADER_BYTES);
  view.setUint32(1, Math.floor(number / 0x1_0000_0000));
  view.setUint32(5, number % 0x1_0000_0000);
};

export const encodeTerminalBytes = ({
  kind,
  number,
  bytes,
}: TerminalBytes): Uint8Array<ArrayBuffer> => {
  const frame = new Uint8Array(TERMINAL_HEADER_BYTES + bytes.length);
  writeTerminalHeader(frame, kind, number);
  frame.set(bytes, TERMINAL_HEADER_BYTES);
  return frame;
};

/** null: no such frame. The bytes are a view into what was given. */
export const decodeTerminalBytes = (frame: Uint8Array): TerminalBytes | null => {
  const kind = kinds.get(frame[0] ?? 0);
  if (kind === undefined || frame.length < TERMINAL_HEADER_BYTES) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const number = view.getUint32(1) * 0x1_0000_0000 + view.getUint32(5);
  return Number.isSafeInteger(number)
    ? { kind, number, bytes: frame.subarray(TERMINAL_HEADER_BYTES) }
    : null;
};
