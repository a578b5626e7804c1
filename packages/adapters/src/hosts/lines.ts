/** Lines out of bytes, as every host reads its spools. */
import { LIMITS } from "@skein/contract";
import type { SpoolLine } from "@skein/sdk";

const newline = 10;

/** Cuts bytes into lines. Bytes that are no UTF-8 become U+FFFD; the rest of a line over the limit is dropped. */
export const makeLineCutter = (from: number, limit: number = LIMITS.wireLineBytes) => {
  let parts: Buffer[] = [];
  let kept = 0;
  let cut = false;
  let offset = from;

  const keep = (bytes: Buffer): void => {
    const room = limit - kept;
    if (bytes.length > room) cut = true;
    const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (part.length > 0) parts.push(part);
    kept += part.length;
    offset += bytes.length;
  };
  const finish = (): SpoolLine => {
    const line = { text: Buffer.concat(parts).toString("utf8"), cut, end: offset };
    parts = [];
    kept = 0;
    cut = false;
    return line;
  };
  return {
    *push(bytes: Buffer): Generator<SpoolLine> {
      let at = 0;
      for (;;) {
        const end = bytes.indexOf(newline, at);
        keep(bytes.subarray(at, end === -1 ? bytes.length : end));
        if (end === -1) return;
        offset += 1;
        yield finish();
        at = end + 1;
      }
    },
    /** What stands behind the last newline; null when nothing does. */
    rest: (): SpoolLine | null => (kept > 0 ? finish() : null),
  };
};
