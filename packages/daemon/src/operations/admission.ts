/** What must be true before a session can begin: checked at the door, so that nothing is left half made. */
import { allows, refuse, type Backend, type ParsedInput } from "@skein/contract";
import type { Caller, OperationDeps } from "./ports.ts";

export const admitFolder = async (deps: OperationDeps, folder: string): Promise<void> => {
  if (!folder.startsWith("/") || folder.includes("\0")) {
    throw refuse(
      "invalid_input",
      `${JSON.stringify(folder)} is no absolute path.`,
      "Give the whole path, beginning with /.",
    );
  }
  const found = await deps.host.folder(folder);
  if (found === "file")
    throw refuse("folder_not_directory", `${folder} is a file.`, "Give the folder it lies in.");
  if (found === "missing")
    throw refuse(
      "folder_not_found",
      `There is no folder ${folder}.`,
      "Create it, or correct the path.",
    );
  if (found === "unreadable")
    throw refuse(
      "folder_not_found",
      `The folder ${folder} cannot be read.`,
      "Give the daemon's user the right to enter it.",
    );
};

/** Whether it can run now; asked anew before it is refused, for people install and log in while the daemon runs. */
const usable = (backend: Backend): boolean => backend.found && backend.login !== "logged-out";

export const admitBackend = async (deps: OperationDeps, id: string): Promise<Backend> => {
  const known = await deps.backends.get(id);
  if (known === undefined) {
    throw refuse(
      "backend_unknown",
      `There is no agent ${id}.`,
      `Known: ${deps.backends.ids.join(", ")}.`,
    );
  }
  if (usable(known)) return known;
  const [asked = known] = await deps.backends.refresh(id);
  if (!asked.found) {
    throw refuse(
      "backend_not_installed",
      `${asked.title} is not installed.`,
      asked.remedy ?? `Install it, or name its program in config.json5 (backends.${id}.command).`,
    );
  }
  if (asked.login === "logged-out") {
    throw refuse(
      "backend_not_logged_in",
      `${asked.title} is not logged in.`,
      asked.remedy ?? "Log in with its own program, then try again.",
    );
  }
  return asked;
};

const sample = (words: readonly string[]): string =>
  words.length > 12 ? `${words.slice(0, 12).join(", ")}, …` : words.join(", ");

/** A list that only stands in for the agent's own refuses nothing: the agent knows better. */
export const admitModel = (
  backend: Backend,
  model: string | undefined,
  effort: string | undefined,
): void => {
  if (backend.modelsSource !== "asked") return;
  const ids = backend.models.map((one) => one.id);
  const found =
    model === undefined
      ? backend.models.find((one) => one.isDefault)
      : backend.models.find((one) => one.id === model);
  if (model !== undefined && found === undefined) {
    throw refuse(
      "model_unknown",
      `${backend.title} knows no model ${JSON.stringify(model)}.`,
      `It lists ${sample(ids)}. Another one is accepted when config.json5 names it in backends.${backend.id}.models.`,
      { models: ids },
    );
  }
  if (
    effort === undefined ||
    found === undefined ||
    found.efforts.length === 0 ||
    found.efforts.includes(effort)
  )
    return;
  throw refuse(
    "effort_unknown",
    `${found.id} takes no effort ${JSON.stringify(effort)}.`,
    `It takes ${found.efforts.join(", ")}.`,
  );
};

/** An agent with full permissions does whatever a prompt says, unasked: choosing that, and prompting it, needs the right to approve. */
export const admitPermissions = (
  input: Pick<ParsedInput<"sessions.create">, "permissions">,
  caller: Caller,
): void => {
  if (input.permissions !== "full" || allows(caller.scopes, "operator.approvals")) return;
  throw refuse(
    "forbidden",
    "A session with full permissions never asks; choosing or prompting it needs operator.approvals.",
    "Use guarded or workspace, or a token with operator.approvals.",
  );
};

export const admitPrompt = (text: string, maxBytes: number): void => {
  if (text.trim() === "")
    throw refuse("prompt_empty", "The prompt is empty.", "Say what the agent should do.");
  if (text.includes("\0")) {
    throw refuse(
      "prompt_is_binary",
      "The prompt contains a NUL character: it looks like a binary file.",
      "Send text; put the file into the session's folder and name its path.",
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw refuse(
      "prompt_too_large",
      `The prompt has ${bytes} bytes; at most ${maxBytes} are taken.`,
      "Put the text into a file in the session's folder and name its path.",
    );
  }
};
