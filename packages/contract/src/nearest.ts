/** The known word that a mistyped one was most likely meant to be; null when none is near. Pure. */
export const nearest = (typed: string, known: readonly string[]): string | null => {
  const ranked = known
    .map((word) => ({ word, edits: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.max(2, Math.floor(best.word.length / 3))
    ? best.word
    : null;
};

/** Longer words are cut: they are near to nothing. */
const MOST_CHARS = 64;

/** Levenshtein, one row at a time. */
const distance = (a: string, b: string): number => {
  const [from, to] = [a.slice(0, MOST_CHARS), b.slice(0, MOST_CHARS)];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1)
      next.push(Math.min(row[j]! + (to[j] === from[i] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row.at(-1)!;
};
