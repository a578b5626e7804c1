/** How entries of a transcript are written: as text for a terminal, or as Markdown. */
import type { Approval, Item, Session } from "@skein/contract";
import type { Cli } from "../cli.ts";
import { approvalText } from "./approval.ts";
import { oneLine, visible } from "./escape.ts";
import { itemText } from "./item.ts";
import type { Line } from "./lifecycle.ts";
import { headMarkdown, itemMarkdown, lineMarkdown } from "./markdown.ts";
import { clock } from "./time.ts";
import type { Entry } from "./transcript.ts";

export type Format = "text" | "md" | "json";

type Part = { readonly text: string; readonly isLine: boolean };

export type Writer = {
  head(session: Session): string;
  entry(entry: Entry): Part;
  /** What a person can decide now, whole, with the command that does. */
  asked(at: string, approval: Approval): Part;
  /** Parts with an empty line between them where that reads well: lines that follow one another stand together. */
  joined(parts: readonly Part[]): string[];
};

/** `name`: said before each entry, where several sessions are mixed. */
export const makeWriter = (
  format: Exclude<Format, "json">,
  cli: Cli,
  name: string | null,
): Writer => ({
  head: format === "md" ? headMarkdown : ({ name: own }) => cli.paint.bold(`== ${oneLine(own)} ==`),
  entry: (entry) =>
    "item" in entry
      ? { text: named(name, itemOf(format, cli, entry.item)), isLine: false }
      : { text: named(name, lineOf(format, cli, entry.line)), isLine: true },
  asked: (at, approval) => ({
    text:
      format === "md"
        ? named(name, lineMarkdown({ at, tone: "plain", text: `asks: ${approval.title}` }))
        : `${cli.paint.dim(clock(at))} ${approvalText(cli, approval, false)}`,
    isLine: true,
  }),
  joined: (parts) => {
    const groups: string[] = [];
    for (const [at, part] of parts.entries()) {
      const follows = part.isLine && parts[at - 1]?.isLine === true;
      if (follows) groups.push(`${groups.pop() ?? ""}\n${part.text}`);
      else groups.push(part.text);
    }
    return groups;
  },
});

const named = (name: string | null, text: string): string =>
  name === null ? text : `${oneLine(name)}: ${text}`;

const itemOf = (format: Format, cli: Cli, item: Item): string =>
  format === "md" ? itemMarkdown(item) : itemText(item, cli.paint);

const lineOf = (format: Format, { paint }: Cli, line: Line): string => {
  if (format === "md") return lineMarkdown(line);
  const tones = { plain: paint.dim, good: paint.green, bad: paint.red };
  return `${paint.dim(clock(line.at))} ${tones[line.tone](visible(line.text))}`;
};
