/** What is asked, so that a person can decide on it: whole, escaped, with the command that answers. */
import type { Approval, ApprovalRequest, Question } from "@skein/contract";
import type { Cli } from "../cli.ts";
import { json, oneLine, visible } from "./escape.ts";
import type { Paint } from "./paint.ts";
import { since } from "./time.ts";

type Teller = Pick<Cli, "paint" | "now" | "command">;

/** `byName`: the session has no other open approval, so its name is enough to answer. */
export const approvalText = (teller: Teller, approval: Approval, byName: boolean): string => {
  const { paint, now } = teller;
  const head =
    `${paint.bold(oneLine(approval.sessionName))} asks (${approval.request.kind}): ${oneLine(approval.title)} ` +
    paint.dim(`[${approval.id}, since ${since(approval.requestedAt, now())}]`);
  const lines = [...requestLines(approval.request, paint), ...stateLines(teller, approval, byName)];
  return [head, ...lines.map((line) => `  ${line}`)].join("\n");
};

const requestLines = (request: ApprovalRequest, paint: Paint): string[] => {
  switch (request.kind) {
    case "command":
      return [
        ...indented("$ ", request.command),
        ...(request.folder === null ? [] : [paint.dim(`in ${oneLine(request.folder)}`)]),
        ...reasonLines(request.reason),
      ];
    case "edit":
      return [
        ...request.changes.flatMap(({ path, change, diff }) => [
          `${change} ${oneLine(path)}`,
          ...diffLines(diff, paint),
        ]),
        ...reasonLines(request.reason),
      ];
    case "tool":
      return [
        `${oneLine(request.tool)} ${json(request.input, 2).replaceAll("\n", "\n  ")}`,
        ...reasonLines(request.reason),
      ];
    case "question":
      return request.questions.flatMap((question, at) =>
        questionLines(question, request.questions.length > 1 ? `${at + 1}. ` : "", paint),
      );
    case "plan":
      return indented("", request.plan);
  }
};

const reasonLines = (reason: string | null): string[] =>
  reason === null ? [] : indented("because: ", reason);

const indented = (mark: string, text: string): string[] =>
  visible(text)
    .trimEnd()
    .split("\n")
    .map((line, at) => `${at === 0 ? mark : " ".repeat(mark.length)}${line}`);

export const diffLines = (diff: string, paint: Paint): string[] =>
  diff === ""
    ? []
    : visible(diff)
        .trimEnd()
        .split("\n")
        .map((line) => {
          if (line.startsWith("+")) return paint.green(`  ${line}`);
          return line.startsWith("-") ? paint.red(`  ${line}`) : `  ${line}`;
        });

const questionLines = (question: Question, number: string, paint: Paint): string[] => {
  const how = question.many ? "several may be chosen" : "one";
  const free = question.free ? `${how}, or your own words` : how;
  return [
    `${number}${oneLine(question.question)} ${paint.dim(`(${free})`)}`,
    ...question.options.map(
      ({ label, description }, at) =>
        `  ${at + 1}) ${oneLine(label)}${description === null ? "" : paint.dim(` - ${oneLine(description)}`)}`,
    ),
  ];
};

const stateLines = (teller: Teller, approval: Approval, byName: boolean): string[] => {
  const { paint } = teller;
  if (approval.resolution !== null) {
    const { decision, by, message } = approval.resolution;
    const said = message === null ? "" : `: ${oneLine(message)}`;
    return [paint.dim(`${decision} by ${oneLine(by)}${said}`)];
  }
  if (approval.expired !== null) return [paint.dim(`expired: ${oneLine(approval.expired.reason)}`)];
  return answerLines(teller, approval, byName ? oneLine(approval.sessionName) : approval.id);
};

const answerLines = (
  { paint, command: skein }: Teller,
  approval: Approval,
  ref: string,
): string[] => {
  const row = (title: string, command: string) => `${paint.dim(title.padEnd(8))}${command}`;
  const deny = row("deny", `${skein} deny ${ref} -m 'why'`);
  if (approval.request.kind === "question") {
    const { questions } = approval.request;
    const answers = questions.map((question, at) => {
      const choice = question.options.length > 0 ? "1" : "TEXT";
      return `--answer ${questions.length > 1 ? `${at + 1}=${choice}` : choice}`;
    });
    return [row("answer", `${skein} respond ${ref} ${answers.join(" ")}`), deny];
  }
  return [
    row("allow", `${skein} approve ${ref}`),
    ...(approval.canAlways ? [row("always", `${skein} respond ${ref} always`)] : []),
    deny,
  ];
};
