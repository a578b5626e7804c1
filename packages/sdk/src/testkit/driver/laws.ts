/** What holds of everything that one generation ever reported, whatever was done to it. Pure. */
import type { Fact } from "../../driver.ts";

const times = (facts: readonly Fact[], kind: "accepted" | "turn-ended"): Map<string, number> => {
  const count = new Map<string, number>();
  for (const fact of facts)
    if (fact.fact === kind) count.set(fact.turn, (count.get(fact.turn) ?? 0) + 1);
  return count;
};

/** Each broken law is a sentence; none: an empty list. */
export const brokenLaws = (facts: readonly Fact[]): readonly string[] => {
  const broken: string[] = [];
  const accepted = times(facts, "accepted");
  const ended = times(facts, "turn-ended");
  for (const [turn, count] of accepted)
    if (count > 1) broken.push(`${turn} was accepted ${count} times`);
  for (const [turn, count] of ended) {
    if (count > 1) broken.push(`${turn} ended ${count} times`);
    if (!accepted.has(turn)) broken.push(`${turn} ended, and was never accepted`);
  }
  const begun = facts.filter((fact) => fact.fact === "started" && !fact.adopted).length;
  if (begun > 1) broken.push(`${begun} agents were started for one generation`);
  const end = facts.findIndex((fact) => fact.fact === "exited" || fact.fact === "start-failed");
  const after = end < 0 ? [] : facts.slice(end + 1);
  if (after.length > 0)
    broken.push(`after its end was told: ${after.map(({ fact }) => fact).join(", ")}`);
  const asked = facts.flatMap((fact) => (fact.fact === "asked" ? [fact.request] : []));
  if (new Set(asked).size < asked.length)
    broken.push("a request was asked under a key used before");
  for (const fact of facts)
    if (JSON.stringify(JSON.parse(JSON.stringify(fact))) !== JSON.stringify(fact))
      broken.push(`a fact does not survive JSON: ${fact.fact}`);
  return broken;
};
