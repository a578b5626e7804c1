/** What must be so before facts of Claude Code are told, however its session is held. */
import type { Fact, SessionContext } from "@skein/sdk";
import { preview } from "./preview.ts";
import type { AskLine } from "./wire.ts";

const keptAsks = 64;

/** Requests as they were read, for the answer; the oldest are let go. */
export const keep = (asks: Map<string, AskLine>, ask: AskLine): void => {
  asks.set(ask.request, ask);
  const [oldest] = asks.keys();
  if (asks.size > keptAsks && oldest !== undefined) asks.delete(oldest);
};

/** An edit that is asked for is shown as the diff that it is. */
const shown = async (
  { backend }: SessionContext,
  asks: ReadonlyMap<string, AskLine>,
  fact: Fact,
): Promise<Fact> => {
  if (fact.fact !== "asked" || fact.approval.kind !== "edit") return fact;
  const ask = asks.get(fact.request);
  if (ask === undefined) return fact;
  return { ...fact, approval: await preview(backend, fact.approval, ask.tool, ask.input) };
};

/** `before`: what must have been done before that fact is told. One that cannot be settled is told as it is. */
export const settle = async (
  context: SessionContext,
  asks: ReadonlyMap<string, AskLine>,
  facts: readonly Fact[],
  before: (fact: Fact) => Promise<void>,
): Promise<readonly Fact[]> => {
  const settled: Fact[] = [];
  for (const fact of facts) {
    const one = before(fact).then(() => shown(context, asks, fact));
    settled.push(
      await one.catch((error: unknown) => {
        context.log("warn", "a fact is told unsettled", { error: String(error) });
        return fact;
      }),
    );
  }
  return settled;
};
