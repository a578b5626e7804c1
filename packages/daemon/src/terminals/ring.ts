/** The newest bytes of a stream, by their offset in it. What is older is gone: memory stays what it is, whatever is written. */
export type Ring = {
  append(bytes: Uint8Array): void;
  /** A copy of what is kept from `from` on, at most `most` bytes. `from` lies between `start` and `head`. */
  read(from: number, most: number): Uint8Array;
  /** Forgets everything: what follows does not join what was. */
  cut(): void;
  readonly start: number;
  readonly head: number;
};

export const makeRing = (size: number): Ring => {
  // Made when something is written: most terminals are looked at while they say little.
  let kept: Buffer | null = null;
  let start = 0;
  let head = 0;
  return {
    append: (bytes) => {
      kept ??= Buffer.allocUnsafeSlow(size);
      const last = bytes.subarray(Math.max(0, bytes.length - size));
      let at = (head + bytes.length - last.length) % size;
      const first = last.subarray(0, size - at);
      kept.set(first, at);
      at = 0;
      kept.set(last.subarray(first.length), at);
      head += bytes.length;
      start = Math.max(start, head - size);
    },
    read: (from, most) => {
      const length = Math.min(most, head - from);
      const at = from % size;
      if (kept === null || length <= 0) return Buffer.alloc(0);
      return at + length <= size
        ? Buffer.from(kept.subarray(at, at + length))
        : Buffer.concat([kept.subarray(at), kept.subarray(0, at + length - size)]);
    },
    cut: () => {
      start = head;
    },
    get start() {
      return start;
    },
    get head() {
      return head;
    },
  };
};
