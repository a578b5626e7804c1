/** The daemon's word that a generation is over: what it still reports is refused. Not the daemon that leaves, nor a disk that fails. */
import { isRefusal } from "@skein/contract";

export const isStale = (error: unknown): boolean =>
  isRefusal(error) && error.problem.code === "invalid_input";
