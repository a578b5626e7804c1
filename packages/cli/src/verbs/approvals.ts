/** `approvals`, `respond`, `approve`, `deny`: what agents ask, and what they are told. */
import type { Approval, Decision } from "@skein/contract";
import { allPages } from "@skein/client/light";
import { answersFor } from "../answers.ts";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused } from "../failure.ts";
import { approvalText } from "../format/approval.ts";
import { oneLine } from "../format/escape.ts";
import { collect, verb } from "../verb.ts";

type ListFlags = { readonly all?: boolean; readonly json?: boolean };

export const approvals = verb<ListFlags, [session: string | undefined]>({
  examples: [
    ["skein approvals", "everything that waits for you"],
    ["skein approvals fizz-top --all", "also what was decided before"],
  ],
  define: (command) =>
    command
      .argument("[ID]", "only of this session")
      .option("--all", "also those decided or expired")
      .option("--json", "print the view (approvals.list, all pages joined)"),
  run: async (cli, { all, json }, session) => {
    const filter = {
      ...(session === undefined ? {} : { session }),
      ...(all === undefined ? {} : { all }),
    };
    const found = await allPages(
      (page) => cli.call("approvals.list", { ...filter, ...page }),
      (page) => page.approvals,
    );
    if (json === true) printJson(cli, { approvals: found, next: null });
    else if (found.length === 0) cli.print("Nothing waits for a decision");
    else cli.print(found.map((each) => text(cli, each, found)).join("\n\n"));
    return EXIT.done;
  },
});

const text = (cli: Cli, approval: Approval, among: readonly Approval[]): string => {
  const open = among.filter(
    ({ session, state }) => session === approval.session && state === "open",
  );
  return approvalText(cli, approval, open.length === 1);
};

type RespondFlags = {
  readonly message?: string;
  readonly answer?: string[];
  readonly json?: boolean;
};

const REF = "an approval's id, or the session that asks just one thing";

export const respond = verb<RespondFlags, [ref: string, decision: string | undefined]>({
  examples: [
    ["skein respond fizz-top allow", "this once"],
    ["skein respond fizz-top always", "this and its like, for this session"],
    ["skein respond fizz-top deny -m 'Use the staging host'", "the agent reads why"],
    ["skein respond fizz-top --answer 2", "a question, by number or by label"],
    ["skein respond fizz-top --answer 1=Red --answer 2='in between'", "several questions"],
  ],
  define: (command) =>
    command
      .argument("<APPROVAL|ID>", REF)
      .argument("[decision]", "allow, always, deny or answer")
      .option("-m, --message <text>", "what the agent is told with a deny")
      .option(
        "--answer <answer>",
        "LABEL, NUMBER, own words, or QUESTION=these; repeatable",
        collect,
      )
      .option("--json", "print the view (approvals.resolve)"),
  run: (cli, flags, ref, given) => {
    const decision = given ?? (flags.answer === undefined ? undefined : "answer");
    if (decision === undefined || !/^(allow|always|deny|answer)$/.test(decision))
      throw misused(
        decision === undefined ? "No decision was given." : `There is no decision '${decision}'.`,
        "Say allow, always or deny, or answer a question with --answer.",
      );
    if (flags.answer !== undefined && decision !== "answer")
      throw misused(`--answer goes with a question, not with ${decision}.`, "Choose one.");
    if (flags.message !== undefined && decision !== "deny")
      throw misused("-m is told to the agent with a deny only.", "Leave it out, or deny.");
    return resolve(cli, ref, decision as Decision, flags);
  },
});

export const approve = verb<{ readonly json?: boolean }, [ref: string]>({
  examples: [["skein approve fizz-top", "the same as: skein respond fizz-top allow"]],
  define: (command) =>
    command.argument("<APPROVAL|ID>", REF).option("--json", "print the view (approvals.resolve)"),
  run: (cli, flags, ref) => resolve(cli, ref, "allow", flags),
});

export const deny = verb<{ readonly message?: string; readonly json?: boolean }, [ref: string]>({
  examples: [["skein deny fizz-top -m 'Not on main'", "the agent reads why and goes on"]],
  define: (command) =>
    command
      .argument("<APPROVAL|ID>", REF)
      .option("-m, --message <text>", "what the agent is told")
      .option("--json", "print the view (approvals.resolve)"),
  run: (cli, flags, ref) => resolve(cli, ref, "deny", flags),
});

const resolve = async (
  cli: Cli,
  ref: string,
  decision: Decision,
  { message, answer, json }: RespondFlags,
): Promise<number> => {
  const approval = await findApproval(cli, ref);
  // One that is decided is the daemon's to refuse: it says who was faster.
  const isOpen = approval.state === "open";
  const answers = decision === "answer" && isOpen ? answersFor(approval, answer ?? []) : undefined;
  const mustAnswer = approval.request.kind === "question" && isOpen;
  if (mustAnswer && decision !== "deny" && decision !== "answer")
    throw fail(
      EXIT.refused,
      "answer_mismatch",
      `${oneLine(approval.sessionName)} asks a question; it wants an answer.`,
      `See the choices with: skein approvals ${oneLine(approval.sessionName)}`,
    );
  const view = await cli.call("approvals.resolve", {
    approval: approval.id,
    decision,
    clientId: cli.key(),
    ...(message === undefined ? {} : { message }),
    ...(answers === undefined ? {} : { answers }),
  });
  if (json === true) printJson(cli, view);
  else cli.print(`${DONE[decision]} ${oneLine(view.sessionName)}: ${oneLine(view.title)}`);
  return EXIT.done;
};

const DONE = { allow: "Allowed", always: "Always allowed", deny: "Denied", answer: "Answered" };

/** By its id, or the only open one of a session. */
const findApproval = async (cli: Cli, ref: string): Promise<Approval> => {
  if (/^apr_[0-9a-z]{26}$/.test(ref)) return cli.call("approvals.get", { approval: ref });
  const { approvals: open } = await cli.call("approvals.list", { session: ref });
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return only;
  const name = oneLine(ref);
  if (only === undefined)
    throw fail(
      EXIT.refused,
      "approval_not_found",
      `${name} waits for no decision.`,
      `See what was decided with: skein approvals ${name} --all`,
    );
  const ids = open.map(({ id, title }) => `\n    ${id}  ${oneLine(title)}`).join("");
  throw fail(
    EXIT.refused,
    "approval_ambiguous",
    `${name} waits for ${open.length} decisions.`,
    `Name one of them:${ids}`,
  );
};
