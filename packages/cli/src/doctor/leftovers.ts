/**
 * What sessions that are gone left behind: processes that still carry their marks, spool folders that nobody reads. Looks
 * only; the next start of the daemon clears the folders away, and a process is for a person to end.
 */
import { readdir, readFile } from "node:fs/promises";
import { inHome } from "../place.ts";
import { inShell, ok, warn, type Finding } from "./finding.ts";

export type Marked = { readonly pid: number; readonly session: string };

/** Every process of this user that carries the marks of this state folder (Linux; elsewhere none are seen). */
export const markedProcesses = async (home: string): Promise<Marked[]> => {
  const names = await readdir("/proc").catch(() => []);
  const found: Marked[] = [];
  for (const name of names.filter((each) => /^\d+$/.test(each))) {
    const text = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    const session = sessionIn(text, home);
    if (session !== undefined) found.push({ pid: Number(name), session });
  }
  return found;
};

/** Pure. The environment of a process as /proc gives it: NAME=value, each ended by NUL, bytes as latin1. */
export const sessionIn = (environ: string, home: string): string | undefined => {
  const words = environ.split("\0");
  const value = (name: string) =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const isOurs = value("SKEIN_HOME") === Buffer.from(home, "utf8").toString("latin1");
  return isOurs ? value("SKEIN_SESSION") : undefined;
};

/** `known`: the sessions that the daemon has; null when no daemon can be asked. */
export const checkLeftovers = async (
  home: string,
  known: ReadonlySet<string> | null,
): Promise<Finding[]> => {
  const marked = await markedProcesses(home);
  const folders = await readdir(inHome.spool(home)).catch(() => []);
  if (known === null) {
    const sessions = new Set(marked.map(({ session }) => session)).size;
    const words = `${sessions} sessions have processes; the daemon takes them over when it starts`;
    return [ok("leftovers", sessions === 0 ? "no agent runs" : words)];
  }
  const isGone = (name: string) => name.startsWith("ses_") && !known.has(name);
  // Others are the daemon's own: a server that several sessions share carries its backend's mark.
  const strays = marked.filter(({ session }) => isGone(session));
  const unread = folders.filter(isGone);
  const findings: Finding[] = [];
  if (strays.length > 0) {
    const pids = strays.map(({ pid }) => pid).join(" ");
    const sessions = [...new Set(strays.map(({ session }) => session))].join(", ");
    findings.push(
      warn(
        "leftovers",
        `processes of sessions that are gone (${sessions}): ${pids}`,
        `kill ${pids}`,
      ),
    );
  }
  if (unread.length > 0) {
    const paths = unread.map((name) => inShell(`${inHome.spool(home)}/${name}`)).join(" ");
    findings.push(
      warn(
        "leftovers",
        `spool folders of sessions that are gone: ${unread.length}`,
        `rm -r ${paths}`,
      ),
    );
  }
  return findings.length === 0 ? [ok("leftovers", "none")] : findings;
};
