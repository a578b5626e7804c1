/** The newest bytes of a stream, by their offset in it. What is older is gone: memory stays what it is, whatever is written. */
export type Ring = {
  append(bytes: Uint8Array): void;
  /** Fills `into` with what is kept from `from` on, and returns how much that was. `from` lies between `start` and `head`. */
  copy(from: number, into: Uint8Array): number;
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
    copy: (from, into) => {
      const length = Math.min(into.length, head - from);
      if (kept === null || length <= 0) return 0;
      const at = from % size;
      const first = Math.min(length, size - at);
      into.set(kept.subarray(at, at + first));
      into.set(kept.subarray(0, length - first), first);
      return length;
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
