/** What every host says when it cannot do what it was asked, in the same words. */
import { adapterFailure, type AdapterFailure, type Host } from "@skein/sdk";

export const refusal = (
  code: "folder_not_found" | "folder_not_directory" | "backend_not_installed" | "internal",
  message: string,
  remedy: string,
  cause?: unknown,
) => adapterFailure(message, { kind: "unavailable", code, remedy, retryable: false }, cause);

/** null: it can be worked in. */
export const folderRefusal = (
  folder: string,
  found: Awaited<ReturnType<Host["folder"]>>,
): AdapterFailure | null => {
  switch (found) {
    case "directory":
      return null;
    case "missing":
      return refusal(
        "folder_not_found",
        `The folder ${folder} does not exist.`,
        "Create it, or choose another folder.",
      );
    case "file":
      return refusal(
        "folder_not_directory",
        `${folder} is a file, not a folder.`,
        "Choose the folder that it lies in.",
      );
    case "unreadable":
      return refusal(
        "folder_not_found",
        `The folder ${folder} may not be entered.`,
        "Give yourself the right to read it, or choose another folder.",
      );
  }
};

export const programMissing = (program: string, cause?: unknown): AdapterFailure =>
  refusal(
    "backend_not_installed",
    `The program ${program} does not exist.`,
    "Install it, or name its path in the configuration.",
    cause,
  );

export const programForbidden = (program: string, cause?: unknown): AdapterFailure =>
  refusal(
    "backend_not_installed",
    `The program ${program} may not be executed.`,
    "Give yourself the right to execute it, or name another one in the configuration.",
    cause,
  );

/** Descriptors, processes and memory: what others use now and may give back. */
const isShort = (error: unknown): boolean =>
  ["EMFILE", "ENFILE", "EAGAIN", "ENOMEM"].includes((error as NodeJS.ErrnoException).code ?? "");

const shortage = (what: string, cause: unknown): AdapterFailure =>
  adapterFailure(
    `${what}: ${(cause as Error).message}.`,
    {
      kind: "unavailable",
      code: "backend_unavailable",
      remedy:
        "Try again. When it stays so, end what is not needed, or raise the limits of the daemon (`ulimit -n`, `ulimit -u`).",
      retryable: true,
    },
    cause,
  );

export const notStarted = (program: string, cause: unknown): AdapterFailure => {
  const what = `${program} could not be started`;
  if (isShort(cause)) return shortage(what, cause);
  return adapterFailure(
    `${what}: ${(cause as Error).message}.`,
    {
      kind: "unavailable",
      code: "backend_unavailable",
      remedy: `Check that ${program} is installed and may be executed.`,
      retryable: false,
    },
    cause,
  );
};

/** Whether a process is there, or whose it is. */
export const untold = (cause: unknown): AdapterFailure => {
  const what = "Which processes run cannot be told";
  if (isShort(cause)) return shortage(what, cause);
  const remedy = "Look whether `ps` works here, and whether /proc can be read.";
  const failure = {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy,
    retryable: true,
  } as const;
  return adapterFailure(`${what}: ${(cause as Error).message}.`, failure, cause);
};

export const gone = (what: string, cause?: unknown): AdapterFailure =>
  adapterFailure(
    `The agent's process is gone; ${what}.`,
    {
      kind: "unavailable",
      code: "backend_unavailable",
      remedy: "Send again: the session starts its agent anew.",
      retryable: true,
    },
    cause,
  );

/** Of a file or folder there: a full disk is told from any other fault. */
export const fileFailure = (
  what: string,
  why: string,
  isFull: boolean,
  cause?: unknown,
): AdapterFailure =>
  adapterFailure(
    `${what}: ${why}.`,
    {
      kind: "unavailable",
      code: isFull ? "storage_full" : "storage_failed",
      remedy: isFull
        ? "Make room on that disk; then try again."
        : "Give the daemon's user the right to read and write there.",
      retryable: isFull,
    },
    cause,
  );

/** The same, of this machine, by the error that the file system gave. */
export const fileFault = (what: string, error: unknown): AdapterFailure => {
  if (isShort(error)) return shortage(what, error);
  const { message } = error as Error;
  const isFull = /\b(ENOSPC|EDQUOT)\b|No space left|quota exceeded/i.test(message);
  return fileFailure(what, message, isFull, error);
};
