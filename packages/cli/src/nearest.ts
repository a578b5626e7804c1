/** The known word that a mistyped one was most likely meant to be; undefined when none is near. Pure. */
export const nearest = (typed: string, known: readonly string[]): string | undefined => {
  const scored = known
    .map((word) => ({ word, steps: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .toSorted((a, b) => a.steps - b.steps);
  const [best] = scored;
  return best !== undefined && best.steps <= Math.max(2, Math.floor(best.word.length / 3))
    ? best.word
    : undefined;
};

/** Levenshtein, one row at a time. Words longer than 64 are cut: they are near to nothing. */
const distance = (a: string, b: string): number => {
  const [from, to] = [a.slice(0, 64), b.slice(0, 64)];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, character] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1)
      next.push(
        Math.min(
          (row[j] ?? 0) + (to[j] === character ? 0 : 1),
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
};
