/** Ids that sort by creation: a prefix, 10 characters of time, 16 of chance. */
import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

const encodeTime = (milliseconds: number): string => {
  let rest = milliseconds;
  let text = "";
  for (let place = 0; place < 10; place++) {
    text = alphabet[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  return text;
};

export type MakeId = (prefix: string) => string;

export const makeIds = (now: () => number): MakeId => {
  let time = -1;
  let timeText = "";
  let counter = 0;
  return (prefix) => {
    const current = now();
    if (current !== time) {
      time = current;
      timeText = encodeTime(current);
      counter = 0;
    }
    // Within a millisecond a counter in front of the random part keeps the order of creation.
    const count = counter++ % 32_768;
    const order = alphabet[count >> 10]! + alphabet[(count >> 5) & 31]! + alphabet[count & 31]!;
    let chance = "";
    for (const byte of randomBytes(13)) chance += alphabet[byte & 31]!;
    return `${prefix}_${timeText}${order}${chance}`;
  };
};
