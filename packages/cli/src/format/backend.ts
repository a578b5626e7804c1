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

export const backendLine = (backend: Backend, paint: Paint): string => {
  const words = loginWords(backend);
  const painted = isUsable(backend) ? paint.green(words) : paint.yellow(words);
  const version = backend.version === null ? "" : ` ${oneLine(backend.version)}`;
  const remedy = backend.remedy === null ? "" : paint.dim(` - ${oneLine(backend.remedy)}`);
  return `${oneLine(backend.id)}${version}  ${painted}${remedy}`;
};
