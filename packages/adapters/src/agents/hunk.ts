/** Unified diff hunks, of the old and the new text that agents show of an edit. Pure. */

const lines = (text: string): string[] => {
  const all = text.split("\n");
  if (all.at(-1) === "") all.pop();
  return all;
};

const prefixed = (sign: string, part: readonly string[]): string[] =>
  part.map((line) => sign + line);

const range = (count: number): string => `${count === 0 ? 0 : 1},${count}`;

/**
 * One hunk that turns `old` into `next`, with what they share at both ends as context. Where it stands in the file is not
 * known: it is numbered from 1.
 */
export const hunk = (old: string, next: string): string => {
  const [before, after] = [lines(old), lines(next)];
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    `@@ -${range(before.length)} +${range(after.length)} @@`,
    ...prefixed(" ", before.slice(0, head)),
    ...prefixed("-", before.slice(head, before.length - tail)),
    ...prefixed("+", after.slice(head, after.length - tail)),
    ...prefixed(" ", before.slice(before.length - tail)),
  ].join("\n");
};
