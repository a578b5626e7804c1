/** How a session's status is said and coloured. */
import type { Session, SessionState } from "@skein/contract";
import { oneLine } from "./escape.ts";
import type { Paint } from "./paint.ts";

/** `waiting` says for what: waiting:approval. */
export const stateWords = ({ status }: Session): string =>
  status.waitingFor === null ? status.state : `${status.state}:${status.waitingFor}`;

export const paintState = (paint: Paint, state: SessionState, text: string): string => {
  if (state === "working" || state === "starting") return paint.cyan(text);
  if (state === "waiting") return paint.yellow(text);
  if (state === "failed" || state === "lost") return paint.red(text);
  return state === "idle" ? paint.green(text) : paint.dim(text);
};

export const agentWords = ({ backend, model, effort }: Session): string =>
  oneLine([backend, model, effort].filter((each) => each !== null).join(" "));

/** A path below the home folder begins with ~. */
export const folderWords = (folder: string, userHome: string | undefined): string =>
  oneLine(
    userHome !== undefined && userHome.length > 1 && `${folder}/`.startsWith(`${userHome}/`)
      ? `~${folder.slice(userHome.length)}`
      : folder,
  );
