/** The known word that a mistyped one most likely meant. */

/** Edits (insert, delete, replace, swap neighbours are two) between two words. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
};

/** null when none is near enough to be meant. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const ranked = known
    .map((one) => ({ one, cost: distance(word.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= Math.max(2, Math.floor(best.one.length / 2))
    ? best.one
    : null;
};
