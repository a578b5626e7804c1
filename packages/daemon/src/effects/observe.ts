/** Facts on their way to the record: cut to the limits, priced, with an id where the driver gives none. */
import { LIMITS, type ApprovalRequest, type ItemBody } from "@skein/contract";
import type { Fact } from "@skein/sdk";
import type { SessionFact } from "../engine/ports.ts";
import { priceUsage } from "./prices.ts";

type Cut = { readonly text: string; readonly truncated: boolean };

/** At most `bytes` of UTF-8, never half a character; says in the text that something is missing. */
export const cutText = (text: string, bytes: number): Cut => {
  // A character is at most three bytes for each UTF-16 unit: short texts need no counting.
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes)
    return { text, truncated: false };
  const whole = Buffer.from(text);
  let end = bytes;
  while (end > 0 && (whole[end]! & 0xc0) === 0x80) end--;
  return {
    text: `${whole.toString("utf8", 0, end)}\n[cut: ${whole.length - end} more bytes]`,
    truncated: true,
  };
};

const cutInput = (input: unknown): { readonly input: unknown; readonly truncated: boolean } => {
  const text = JSON.stringify(input) ?? "null";
  const cut = cutText(text, LIMITS.itemOutputBytes);
  return cut.truncated ? { input: cut.text, truncated: true } : { input, truncated: false };
};

type Change = Extract<ItemBody, { kind: "edit" }>["changes"][number];

const cutChanges = (
  changes: readonly Change[],
): { readonly changes: Change[]; readonly truncated: boolean } => {
  let left: number = LIMITS.itemTextBytes;
  let truncated = false;
  const kept = changes.map((change) => {
    const cut = cutText(change.diff, Math.max(left, 0));
    left -= Buffer.byteLength(cut.text);
    truncated ||= cut.truncated;
    return { ...change, diff: cut.text };
  });
  return { changes: kept, truncated };
};

export const cutBody = (
  body: ItemBody,
): { readonly body: ItemBody; readonly truncated: boolean } => {
  switch (body.kind) {
    case "command":
    case "tool": {
      const output = cutText(body.output, LIMITS.itemOutputBytes);
      if (body.kind === "command")
        return { body: { ...body, output: output.text }, truncated: output.truncated };
      const input = cutInput(body.input);
      return {
        body: { ...body, output: output.text, input: input.input },
        truncated: output.truncated || input.truncated,
      };
    }
    case "edit": {
      const cut = cutChanges(body.changes);
      return { body: { ...body, changes: cut.changes }, truncated: cut.truncated };
    }
    default: {
      const cut = cutText(body.text, LIMITS.itemTextBytes);
      return { body: { ...body, text: cut.text }, truncated: cut.truncated };
    }
  }
};

/** An approval must show what is asked; a diff beyond the limit is cut, a command never. */
const cutRequest = (request: ApprovalRequest): ApprovalRequest => {
  if (request.kind === "edit") return { ...request, changes: cutChanges(request.changes).changes };
  if (request.kind === "tool") return { ...request, input: cutInput(request.input).input };
  return request;
};

export const recordable = async (
  fact: Fact,
  context: { readonly vendor: string | undefined; readonly noticeId: () => string },
): Promise<SessionFact> => {
  switch (fact.fact) {
    case "item":
      return { fact: "item", id: fact.id, ...cutBody(fact.body) };
    case "begun":
      return { ...fact, ...cutText(fact.text, LIMITS.itemTextBytes) };
    case "asked":
      return { ...fact, approval: cutRequest(fact.approval) };
    case "notice":
      return { ...fact, id: context.noticeId() };
    case "turn-ended":
      return {
        ...fact,
        usage: fact.usage === null ? null : await priceUsage(context.vendor, fact.usage),
      };
    default:
      return fact;
  }
};
