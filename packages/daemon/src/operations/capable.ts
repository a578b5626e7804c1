/** What is refused because an agent cannot do it: as it declares, or as it said itself when it was asked; before anything is begun. */
import { refuse, type Capabilities, type Session } from "@skein/contract";

export const admitForking = (view: Session, { fork }: Capabilities): void => {
  if (fork) return;
  throw refuse(
    "fork_unsupported",
    `${view.name} runs on ${view.backend}, which cannot copy a conversation.`,
    "Create a new session with `skein create`, and tell it what it has to know.",
  );
};

/** A session whose process is gone: without its conversation it would be another one under the same name. */
export const admitReturning = (
  { view, process }: { readonly view: Session; readonly process: string },
  { resume }: Capabilities,
): void => {
  if (resume || process !== "none" || view.providerSessionId === null) return;
  throw refuse(
    "resume_unsupported",
    `${view.name} has ended, and ${view.backend} cannot go on with a conversation.`,
    `Create a new session; what was said stays readable with \`skein logs ${view.name}\`.`,
  );
};
