/** The daemon's word that a generation is over: what it still reports is refused. Not the daemon that leaves, nor a disk that fails. */
import { isRefusal } from "@skein/contract";

export const isStale = (error: unknown): boolean =>
  isRefusal(error) && ["invalid_input", "session_not_found"].includes(error.problem.code);
