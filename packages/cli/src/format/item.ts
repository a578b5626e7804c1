/** A transcript for people: who said or did what, in the order it happened. Everything in it came from others: escaped. */
import type { Item, ItemBody, ItemStatus } from "@skein/contract";
import { diffLines } from "./approval.ts";
import { json, oneLine, visible } from "./escape.ts";
import type { Paint } from "./paint.ts";
import { cut } from "./table.ts";
import { clock } from "./time.ts";

/** Of a command's output, so that one noisy command does not bury the rest; --json has all of it. */
const MOST_OUTPUT_LINES = 40;
const MOST_INPUT_CHARS = 400;

export const itemText = (item: Item, paint: Paint): string => {
  const { who, lines } = bodyText(item.body, paint);
  const note = item.truncated ? [paint.dim("(cut: the whole text was too long to keep)")] : [];
  return [
    `${paint.dim(clock(item.at))} ${paint.bold(who)}`,
    ...[...lines, ...note].map((line) => (line === "" ? "" : `  ${line}`)),
  ].join("\n");
};

/** Whether it will change no more. */
export const isSettled = ({ body }: Item): boolean =>
  !("status" in body) || body.status !== "running";

const bodyText = (body: ItemBody, paint: Paint): { who: string; lines: string[] } => {
  switch (body.kind) {
    case "user":
      return {
        who: senderWords(body.how),
        lines: textLines(body.text),
      };
    case "message":
      return { who: "agent", lines: textLines(body.text) };
    case "reasoning":
      return { who: "thinks", lines: textLines(body.text).map(paint.dim) };
    case "command":
      return {
        who: `runs${statusWords(body.status)}`,
        lines: [
          ...textLines(`$ ${body.command}`),
          ...outputLines(body.output, paint),
          ...(body.exitCode === null || body.exitCode === 0
            ? []
            : [paint.red(`exit code ${body.exitCode}`)]),
        ],
      };
    case "edit":
      return {
        who: `edits${statusWords(body.status)}`,
        lines: body.changes.flatMap(({ path, change, diff }) => [
          `${change} ${oneLine(path)}`,
          ...diffLines(diff, paint),
        ]),
      };
    case "tool":
      return {
        who: `uses ${oneLine(body.tool)}${statusWords(body.status)}`,
        lines: [
          body.title === "" || body.title === body.tool
            ? cut(json(body.input), MOST_INPUT_CHARS)
            : oneLine(body.title),
          ...outputLines(body.output, paint),
        ],
      };
    case "notice":
      return { who: body.level, lines: textLines(body.text) };
  }
};

export const senderWords = (how: Extract<ItemBody, { kind: "user" }>["how"]): string => {
  if (how === "goal") return "skein (goal)";
  return how === "queue" ? "you" : `you (${how})`;
};

const textLines = (text: string): string[] => visible(text).trimEnd().split("\n");

const outputLines = (output: string, paint: Paint): string[] => {
  if (output === "") return [];
  const lines = textLines(output);
  const over = lines.length - MOST_OUTPUT_LINES;
  const shown = over > 1 ? [`(${over} lines before)`, ...lines.slice(over)] : lines;
  return shown.map((line) => paint.dim(`| ${line}`));
};

export const statusWords = (status: ItemStatus): string =>
  status === "done" ? "" : ` (${status})`;
