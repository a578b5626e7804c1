/** Characters in UTF-8, and what tmux 3.3a makes of bytes that are none: it leaves them out, and so must every viewer. */

/** So many bytes the character has that begins so; 0: none does. */
const sizeOf = (lead: number): number => {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
};

/** By the second byte: a control character (C1), one that has a shorter form, half of a pair, one beyond the last. */
const isNone = (lead: number, second: number): boolean =>
  (second < 0xa0 && (lead === 0xc2 || lead === 0xe0)) ||
  (second >= 0xa0 && lead === 0xed) ||
  (second < 0x90 && lead === 0xf0) ||
  (second >= 0x90 && lead === 0xf4);

/**
 * At a byte above ASCII: how many bytes the character has; less than 0: so many are to be left out; 0: its end is yet to come. As
 * tmux does it: a character takes the bytes that it needs, also where they are not its own, up to the next of ASCII.
 */
export const characterAt = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at]!;
  const size = sizeOf(lead);
  if (size === 0) return -1;
  let isWrong = false;
  for (let next = 1; next < size; next += 1) {
    if (at + next === bytes.length) return 0;
    const byte = bytes[at + next]!;
    if (byte < 0x80) return -next;
    if (byte >= 0xc0) isWrong = true;
  }
  return isWrong || isNone(lead, bytes[at + 1]!) ? -size : size;
};
