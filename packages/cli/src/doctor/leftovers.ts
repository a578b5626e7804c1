/**
 * What agents that are gone left behind: processes that still carry their marks, spool folders that nobody reads. Looks only; the next start of the daemon clears the folders away, and a process is for a person to end.
 */
import { readdir, readFile } from "node:fs/promises";
import type { Session } from "@skein/contract";
import { inHome } from "../place.ts";
import { inShell, ok, warn, type Finding } from "./finding.ts";

type Marks = { readonly session: string; readonly generation: number };
type Marked = Marks & { readonly pid: number };

/**
 * Every process of this user that carries a session's marks of this state folder (Linux; elsewhere none are seen). Others are the
 * daemon's own: a server that several sessions share carries its backend's mark, a client of tmux its daemon's.
 */
const markedProcesses = async (home: string): Promise<Marked[]> => {
  const names = await readdir("/proc").catch(() => []);
  const found: Marked[] = [];
  for (const name of names.filter((each) => /^\d+$/.test(each))) {
    const marks = await marksOf(home, name);
    if (marks?.session.startsWith("ses_") === true) found.push({ pid: Number(name), ...marks });
  }
  return found;
};

const marksOf = async (home: string, pid: string): Promise<Marks | undefined> =>
  marksIn(await readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""), home);

/** Pure. The environment of a process as /proc gives it: NAME=value, each ended by NUL, bytes as latin1. */
export const marksIn = (environ: string, home: string): Marks | undefined => {
  const words = environ.split("\0");
  const value = (name: string) =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const isOurs = value("SKEIN_HOME") === Buffer.from(home, "utf8").toString("latin1");
  const [session, generation] = [value("SKEIN_SESSION"), value("SKEIN_GENERATION")];
  return isOurs && session !== undefined && generation !== undefined
    ? { session, generation: Number(generation) }
    : undefined;
};

/** Pure. Whether a process belongs to the life that its session's agent leads now. */
export const isOfThisLife = ({ generation }: Marks, session: Session | undefined): boolean =>
  session !== undefined && generation === session.generation && !ENDED.has(session.status.state);

/** The states of a session without a process. A lost one may have its process. */
const ENDED: ReadonlySet<string> = new Set(["stopped", "failed"]);

/** `ask` gives the sessions that the daemon has; null when no daemon can be asked. */
export const checkLeftovers = async (
  home: string,
  ask: (() => Promise<readonly Session[]>) | null,
): Promise<Finding[]> => {
  // Processes first: an agent that starts meanwhile is not among them. One that ends meanwhile is looked at again below.
  const marked = await markedProcesses(home);
  const folders = await readdir(inHome.spool(home)).catch(() => []);
  if (ask === null) {
    const sessions = new Set(marked.map(({ session }) => session)).size;
    const words = `${sessions} sessions have processes; the daemon takes them over when it starts`;
    return [ok("leftovers", sessions === 0 ? "no agent runs" : words)];
  }
  const known = new Map((await ask()).map((session) => [session.id, session]));
  const isGone = (name: string) => name.startsWith("ses_") && !known.has(name);
  const strays: Marked[] = [];
  for (const one of marked)
    if (!isOfThisLife(one, known.get(one.session)) && (await isThere(home, one))) strays.push(one);
  const unread = folders.filter(isGone);
  const findings: Finding[] = [];
  if (strays.length > 0) {
    const pids = strays
      .toSorted((a, b) => a.pid - b.pid)
      .map(({ pid }) => pid)
      .join(" ");
    const owners = strays.map(({ session }) => known.get(session)?.name ?? session);
    const sessions = [...new Set(owners)].join(", ");
    findings.push(
      warn("leftovers", `processes whose agents are gone (${sessions}): ${pids}`, `kill ${pids}`),
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

/** Whether it lives still: it may have been about to end when it was seen. */
const isThere = async (home: string, { pid, generation }: Marked): Promise<boolean> =>
  (await marksOf(home, String(pid)))?.generation === generation;
