/** What must be true before a session can begin: checked at the door, so that nothing is left half made. */
import {
  LOCAL_HOST,
  allows,
  refuse,
  type Backend,
  type Container,
  type ParsedInput,
  type PermissionMode,
  type SessionInterface,
} from "@skein/contract";
import type { Host } from "@skein/sdk";
import { noDiskRoom } from "../disk-room.ts";
import { ownerOf } from "./own.ts";
import type { BackendsPort, Caller, OperationDeps } from "./ports.ts";

export const noHost = ({ hosts }: OperationDeps, name: string) => {
  const known = hosts.names();
  return refuse(
    "host_unknown",
    `There is no host ${name}.`,
    `${known.length === 0 ? "" : `Known: ${sample(known)}. `}Add one that \`ssh ${name}\` reaches with \`skein host add ${name}\`.`,
  );
};

/** Why, unless that says no more than that it does not answer. */
export const awayWords = (
  name: string,
  { since, reason }: { readonly since: string; readonly reason: string },
): string => {
  const words = `${name} does not answer (since ${since})`;
  return reason === `${name} does not answer.` ? `${words}.` : `${words}: ${reason}`;
};

/** A host that is known and answers. */
export const admitHost = async (deps: OperationDeps, name: string) => {
  const host = deps.hosts.get(name);
  const backends = deps.backends(name);
  if (host === undefined || backends === undefined) {
    throw noHost(deps, name);
  }
  if (host.reach().state === "unreachable") await deps.hosts.tried(name);
  const reach = host.reach();
  if (reach.state === "unreachable") {
    throw refuse(
      "host_unreachable",
      awayWords(name, reach),
      reach.remedy ?? `Look with \`skein host check ${name}\`.`,
    );
  }
  return { host, backends };
};

/** What an agent said there would be lost. Whoever is not known, or does not answer, is refused elsewhere, or waited for. */
export const admitRoom = async ({ hosts }: OperationDeps, name: string): Promise<void> => {
  if ((await hosts.room(name)) === "full") throw noDiskRoom(name);
};

/** As `admitHost`, for what begins an agent's work there. */
export const admitWork = async (deps: OperationDeps, name: string) => {
  const found = await admitHost(deps, name);
  await admitRoom(deps, name);
  return found;
};

type Folders = Pick<Host, "folder" | "id">;

/** Where, when it is not here. */
const on = (host: string): string => (host === LOCAL_HOST ? "" : ` on ${host}`);

export const admitFolder = async (host: Folders, folder: string): Promise<void> => {
  if (!folder.startsWith("/") || folder.includes("\0")) {
    throw refuse(
      "invalid_input",
      `${JSON.stringify(folder)} is no absolute path.`,
      "Give the whole path, beginning with /.",
    );
  }
  const found = await host.folder(folder);
  if (found === "file")
    throw refuse(
      "folder_not_directory",
      `${folder} is a file${on(host.id)}.`,
      "Give the folder it lies in.",
    );
  if (found === "missing")
    throw refuse(
      "folder_not_found",
      `There is no folder ${folder}${on(host.id)}.`,
      "Create it, or correct the path.",
    );
  if (found === "unreadable")
    throw refuse(
      "folder_not_found",
      `The folder ${folder} cannot be read${on(host.id)}.`,
      host.id === LOCAL_HOST
        ? "Give the daemon's user the right to enter it."
        : "Give the user that ssh logs in as the right to enter it.",
    );
};

/** Whether it can run now; asked anew before it is refused, for people install and log in while the daemon runs. */
const usable = (backend: Backend): boolean => backend.found && backend.login !== "logged-out";

/** What the configuration names elsewhere stands with its host. */
const installing = ({ id, host, remedy }: Backend): string => {
  const place = host === LOCAL_HOST ? `backends.${id}` : `hosts.${host}.backends.${id}`;
  if (host === LOCAL_HOST && remedy !== null) return remedy;
  const told = remedy ?? "Install it, or name its program in config.json5.";
  return told.replace(/config\.json5\.$/, `config.json5 (${place}.command).`);
};

export const admitBackend = async (backends: BackendsPort, id: string): Promise<Backend> => {
  const known = await backends.get(id);
  if (known === undefined) {
    throw refuse(
      "backend_unknown",
      `There is no agent ${id}.`,
      `Known: ${backends.ids.join(", ")}. A program of that name is run when its path is given, or --quiet-ms, --ready or --marker beside it.`,
    );
  }
  if (usable(known)) return known;
  const [asked = known] = await backends.refresh(id);
  if (!asked.found) {
    throw refuse(
      "backend_not_installed",
      `${asked.title} is not installed${on(asked.host)}.`,
      installing(asked),
    );
  }
  if (asked.login === "logged-out") {
    throw refuse(
      "backend_not_logged_in",
      `${asked.title} is not logged in${on(asked.host)}.`,
      asked.remedy ?? "Log in with its own program, then try again.",
    );
  }
  return asked;
};

/** In a container it is the image that must have the agent, and the agent that knows its models. */
export const admitAgent = async (
  deps: OperationDeps,
  host: string,
  backends: BackendsPort,
  input: ParsedInput<"sessions.create">,
): Promise<{ readonly agent: Backend; readonly container: Container | null }> => {
  if (input.container === undefined) {
    const agent = await admitBackend(backends, input.backend);
    admitModel(agent, input.model, input.effort);
    return { agent, container: null };
  }
  // An engine takes a mount as `from:to`, and knows no way to write a colon that is none of its own.
  if (input.folder.includes(":"))
    throw refuse(
      "invalid_input",
      `A container cannot have the folder ${input.folder}: its path has a colon.`,
      "Work in a folder without one, or without --mode docker.",
    );
  const container = await deps.admitContainer(host, input.container, input);
  const known = await backends.get(input.backend);
  return { agent: known ?? (await admitBackend(backends, input.backend)), container };
};

const sample = (words: readonly string[]): string =>
  words.length > 12 ? `${words.slice(0, 12).join(", ")}, …` : words.join(", ");

/** A list that only stands in for the agent's own refuses nothing: the agent knows better. */
const admitModel = (
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

/** How it will be held: as asked for, or as its agent is held by default. */
export const admitInterface = (
  backend: Backend,
  asked: SessionInterface | undefined,
): SessionInterface => {
  const [first = "protocol"] = backend.interfaces;
  if (asked === undefined || backend.interfaces.includes(asked)) return asked ?? first;
  throw refuse(
    "interface_unsupported",
    `${backend.title} cannot be held with the interface ${asked}.`,
    `It has ${backend.interfaces.join(", ")}.`,
  );
};

/** What it may do: as asked for, or by default. Nothing asks a person on behalf of a program that is only looked at. */
export const admitProgram = (
  { takingProgram }: Pick<BackendsPort, "takingProgram">,
  input: Pick<ParsedInput<"sessions.create">, "backend" | "program" | "permissions">,
): PermissionMode => {
  const { backend, program, permissions } = input;
  if (takingProgram.includes(backend) !== (program !== undefined)) {
    throw refuse(
      "invalid_input",
      program === undefined
        ? `A session of the backend ${backend} needs the program that runs in it.`
        : `${backend} chooses its own program.`,
      `Give program with the backend ${takingProgram.join(" or ")}, and with no other.`,
    );
  }
  if (program === undefined) return permissions ?? "guarded";
  if (permissions === undefined || permissions === "full") return "full";
  throw refuse(
    "invalid_input",
    `Nobody can hold the program ${program.argv[0]} to ${permissions}: it asks nobody.`,
    "Leave permissions out, or say full.",
  );
};

/** An agent with full permissions does whatever a prompt says, unasked: choosing that, and prompting it, needs the right to approve. */
export const admitPermissions = (
  input: { readonly permissions: PermissionMode },
  caller: Caller,
): void => {
  if (allows(caller.scopes, "operator.approvals")) return;
  if (input.permissions === "full")
    throw refuse(
      "forbidden",
      "A session with full permissions never asks; choosing or prompting it needs operator.approvals.",
      "Use guarded or workspace, or a token with operator.approvals.",
    );
  // Whoever holds it chooses the folder: in `workspace` that would be written to unasked, wherever on the host it is.
  if (input.permissions === "workspace" && ownerOf(caller) !== null)
    throw refuse(
      "forbidden",
      "A session in workspace edits its folder unasked; with a token for its own sessions that needs operator.approvals.",
      "Use guarded or read-only, or a token with operator.approvals.",
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
