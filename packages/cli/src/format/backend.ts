/** A backend in one line: what it is, its version, whether it can be used, and if not, what helps. */
import type { Backend } from "@skein/contract";
import { oneLine } from "./escape.ts";
import type { Paint } from "./paint.ts";

const LOGIN = {
  "logged-in": "logged in",
  "api-key": "API key",
  "logged-out": "not logged in",
  unknown: "login unknown",
} as const;

export const loginWords = (backend: Backend): string =>
  backend.found ? LOGIN[backend.login] : "not installed";

/** Known out of the box, not there, and nobody asked for it: `skein backends` shows it, nothing else does. */
export const isUnasked = ({ id, found, remedy }: Backend): boolean =>
  !found && id.startsWith("acp:") && remedy?.startsWith("Install it") === true;

export const isUsable = (backend: Backend): boolean =>
  backend.found && backend.login !== "logged-out";

/** What takes any program logs in nowhere and has no models: only what it runs them in is told. */
const holderWords = ({ takesProgram, found, command, version }: Backend): string | null => {
  if (takesProgram !== true || !found) return null;
  const program = command?.split("/").at(-1) ?? "";
  return oneLine([program, version ?? ""].filter((word) => word !== "").join(" ")) || "found";
};

/** Its version, whether it is logged in, how many models it has. */
export const agentWords = (backend: Backend): string =>
  holderWords(backend) ??
  `${backend.version ?? "version unknown"}, ${loginWords(backend)}, ${backend.models.length} models`;

/** It has been asked a moment ago, and was not waited for. */
export const isUnanswered = ({ found, command, version }: Backend): boolean =>
  found && command === null && version === null;

export const backendLine = (backend: Backend, paint: Paint): string => {
  const holder = holderWords(backend);
  const words = holder ?? loginWords(backend);
  const painted = isUsable(backend) ? paint.green(words) : paint.yellow(words);
  const version = backend.version === null || holder !== null ? "" : ` ${oneLine(backend.version)}`;
  const remedy = backend.remedy === null ? "" : paint.dim(` - ${oneLine(backend.remedy)}`);
  return `${oneLine(backend.id)}${version}  ${painted}${remedy}`;
};

/** Those that are still being asked share a line: nothing is known of them yet. */
export const backendLines = (backends: readonly Backend[], paint: Paint): string[] => {
  const shown = backends.filter((each) => !isUnasked(each));
  const asked = shown.filter(isUnanswered).map(({ id }) => oneLine(id));
  const lines = shown.filter((each) => !isUnanswered(each)).map((each) => backendLine(each, paint));
  return asked.length === 0
    ? lines
    : [...lines, `${asked.join(", ")}  ${paint.dim("being asked; see: skein backends")}`];
};
