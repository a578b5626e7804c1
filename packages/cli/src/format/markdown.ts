/**
 * A transcript as Markdown: words in quotes, so that a heading of an agent's is none of the page's, their raw HTML written out; commands, output and
 * diffs in fences that nothing in them can end. Control characters are written out, as everywhere.
 */
import type { Item, ItemBody, Session } from "@skein/contract";
import { json, oneLine, visible } from "./escape.ts";
import { senderWords, statusWords } from "./item.ts";
import type { Line } from "./lifecycle.ts";
import { agentWords } from "./status.ts";
import { clock } from "./time.ts";

export const headMarkdown = (session: Session): string =>
  `# ${oneLine(session.name)}\n\n` +
  `${plainLine(agentWords(session))} in ${code(session.folder)} on ${plainLine(session.host)}, created ${clock(session.createdAt)} (UTC)`;

export const lineMarkdown = ({ at, text }: Line): string => `- ${clock(at)} ${plainLine(text)}`;

export const itemMarkdown = (item: Item): string => {
  const { who, text } = bodyMarkdown(item.body);
  const note = item.truncated ? "\n\n*(cut: the whole text was too long to keep)*" : "";
  return `**${who}** ${clock(item.at)}\n\n${text}${note}`;
};

const bodyMarkdown = (body: ItemBody): { who: string; text: string } => {
  switch (body.kind) {
    case "user":
      return { who: senderWords(body.how), text: quoted(body.text) };
    case "message":
      return { who: "agent", text: quoted(body.text) };
    case "reasoning":
      return { who: "thinks", text: quoted(body.text) };
    case "command": {
      const failed =
        body.exitCode === null || body.exitCode === 0 ? "" : `\nexit code ${body.exitCode}`;
      const output = body.output === "" ? "" : `\n${body.output.trimEnd()}`;
      const text = fenced(`$ ${body.command}${output}${failed}`, "console");
      return { who: `runs${statusWords(body.status)}`, text };
    }
    case "edit":
      return {
        who: `edits${statusWords(body.status)}`,
        text: body.changes
          .map(({ path, change, diff }) => `${change} ${code(path)}\n\n${fenced(diff, "diff")}`)
          .join("\n\n"),
      };
    case "tool": {
      const input = fenced(json(body.input, 2), "json");
      const output = body.output === "" ? "" : `\n\n${fenced(body.output, "")}`;
      return {
        who: `uses ${plainLine(body.tool)}${statusWords(body.status)}`,
        text: input + output,
      };
    }
    case "notice":
      return { who: body.level, text: quoted(body.text) };
  }
};

const OPENING = /^(`{3,}[^`]*|~{3,}.*)$/;
const MARKS = /`{3,}|~{3,}/;

/** The fence that a line opens; null: none. */
const fenceOf = (line: string): string | null =>
  OPENING.test(line) ? (/^(`+|~+)/.exec(line)?.[0] ?? null) : null;

/** `maybe`: not for everyone who reads Markdown. */
const endOf = (line: string, fence: string): "yes" | "maybe" | "no" => {
  const run = line.trim();
  if (run.length < fence.length || [...run].some((char) => char !== fence[0])) return "no";
  return /^ {0,3}[`~]+[ \t]*$/.test(line) ? "yes" : "maybe";
};

/**
 * Raw HTML of an agent's is text of the page: each `<` that could begin it is written out. The agent's Markdown stays, and what
 * stands in a fence. Where a fence begins or ends otherwise than at the margin nobody can tell without reading lists and quotes
 * as a renderer does: from there on no line counts as one in a fence.
 */
const withoutHtml = (text: string): string => {
  let fence: string | null = null;
  let isSure = true;
  const written = (line: string): string => {
    if (fence !== null) {
      const end = endOf(line, fence);
      if (end !== "no") fence = null;
      if (end === "maybe") isSure = false;
      return line;
    }
    fence = isSure ? fenceOf(line) : null;
    if (fence === null && MARKS.test(line)) isSure = false;
    return fence === null ? line.replaceAll(/<(?=[A-Za-z/!?])/g, "&lt;") : line;
  };
  return text.split("\n").map(written).join("\n");
};

const quoted = (text: string): string =>
  withoutHtml(visible(text))
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? ">" : `> ${line}`))
    .join("\n");

/** The longest run of a character in a text. */
const longest = (text: string, mark: string): number =>
  Math.max(0, ...[...text.matchAll(new RegExp(`${mark}+`, "g"))].map(([run]) => run.length));

const fenced = (text: string, language: string): string => {
  const shown = visible(text).trimEnd();
  const fence = "`".repeat(Math.max(3, longest(shown, "`") + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
};

const code = (text: string): string => {
  const shown = oneLine(text);
  const fence = "`".repeat(longest(shown, "`") + 1);
  const pad = shown.startsWith("`") || shown.endsWith("`") ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
};

/** Words in running text: what Markdown or HTML would take for a mark is none. */
const plainLine = (text: string): string => oneLine(text).replaceAll(/[\\`*_[\]<>&#|]/g, "\\$&");
