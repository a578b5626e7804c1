/** What on a host will get in the way, each with what to do about it. Nothing here keeps a host from being added. */
import type { HostCheck } from "@skein/contract";

type Warning = HostCheck["warnings"][number];

const MINUTE = 60_000;
/** A clock that is further off than this confuses whoever reads times from there. */
const SKEW_MS = MINUTE;
/** A spool, a checkout and what an agent installs need more than this. */
const LEAST_BYTES = 1024 ** 3;

const durationOf = (ms: number): string => {
  const minutes = Math.round(Math.abs(ms) / MINUTE);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.round(minutes / 60)} h`;
};

export const warningsOf = (check: Omit<HostCheck, "warnings">, host: string): Warning[] => {
  const warnings: Warning[] = [];
  const warn = (message: string, remedy: string): void => void warnings.push({ message, remedy });
  if (!check.tmux.found)
    warn(
      "There is no tmux, so no terminals and no sessions with the interface tui.",
      `Install tmux on ${host}, for instance with \`apt install tmux\`.`,
    );
  if (!check.git.found)
    warn("There is no git, so no tasks in worktrees.", `Install git on ${host}.`);
  if (check.agents.length === 0)
    warn(
      "No agent was found on the PATH of its login shell.",
      `Install one on ${host}, or name its program in config.json5 (hosts.${host}.backends).`,
    );
  if (Math.abs(check.clockSkewMs) > SKEW_MS)
    warn(
      `Its clock is ${durationOf(check.clockSkewMs)} ${check.clockSkewMs > 0 ? "ahead" : "behind"}.`,
      `Set it, for instance with \`timedatectl set-ntp true\` on ${host}.`,
    );
  if (check.freeBytes !== null && check.freeBytes < LEAST_BYTES)
    warn(
      `Only ${Math.floor(check.freeBytes / 1024 ** 2)} MiB are free on the disk of its state folder.`,
      `Make room on ${host}: an agent whose disk is full stops in the middle of its work.`,
    );
  return warnings;
};
