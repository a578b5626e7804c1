/**
 * Runs a program under strace and gives what it did to the files of one folder, in order, with the lines it wrote to its
 * standard output among it. SQLite under Node works on the main thread, whose calls `-ff` keeps in a file of their own: no
 * call is cut in two there. strace 6, `-xx`: every string in hexadecimal.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export type Step =
  | {
      readonly step: "open";
      readonly fd: number;
      readonly path: string;
      readonly made: boolean;
      readonly emptied: boolean;
    }
  | { readonly step: "close"; readonly fd: number }
  | { readonly step: "write"; readonly fd: number; readonly at: number; readonly bytes: Buffer }
  | { readonly step: "truncate"; readonly fd: number; readonly size: number }
  | { readonly step: "sync"; readonly fd: number }
  | { readonly step: "rename"; readonly from: string; readonly to: string }
  | { readonly step: "unlink"; readonly path: string }
  | { readonly step: "mkdir"; readonly path: string }
  | { readonly step: "said"; readonly line: string };

/** Calls that change files; one that we cannot replay makes the trace worthless, so it is named here to be refused. */
const CALLS =
  "openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync," +
  "sync_file_range,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,mkdir,mkdirat,dup,dup2,dup3";

const LONGEST = 1 << 20;

const programs = "strace is not installed: apt-get install -y strace";

/** Throws when strace is missing or the program fails. `traces` is a folder to be made. */
export const traced = (argv: readonly string[], traces: string, folder: string): Step[] => {
  mkdirSync(traces);
  const options = [
    "-ff",
    "--seccomp-bpf",
    "-qq",
    "-xx",
    "-s",
    String(LONGEST),
    "-e",
    `trace=${CALLS}`,
  ];
  try {
    execFileSync("strace", [...options, "-e", "signal=none", "-o", join(traces, "t"), ...argv], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error(programs);
    throw error;
  }
  return parse(mainThread(traces), folder);
};

/** The first thread's: it has the lowest number, and it is the one that said something. */
const mainThread = (traces: string): string => {
  const files = readdirSync(traces).map((name) => join(traces, name));
  const largest = files.toSorted((a, b) => statSync(b).size - statSync(a).size)[0];
  if (largest === undefined) throw new Error("strace wrote nothing.");
  return readFileSync(largest, "latin1");
};

const LINE = /^(\w+)\((.*)\)\s+= (-?\d+)/;

const unhex = (text: string): Buffer =>
  Buffer.from(text.replaceAll("\\x", "").replaceAll('"', ""), "hex");

const parse = (text: string, folder: string): Step[] => {
  const steps: Step[] = [];
  const ours = new Set<number>();
  for (const line of text.split("\n")) {
    const [, call = "", args = "", result = "-1"] = LINE.exec(line) ?? [];
    if (Number(result) < 0) continue;
    const step = stepOf(call, args.split(", "), Number(result), { folder, ours });
    if (step === null) continue;
    if (step.step === "open") ours.add(step.fd);
    if (step.step === "close") ours.delete(step.fd);
    steps.push(step);
  }
  return steps;
};

type Scope = { readonly folder: string; readonly ours: ReadonlySet<number> };

const stepOf = (
  call: string,
  args: readonly string[],
  result: number,
  scope: Scope,
): Step | null => {
  const [first = "", second = "", third = "", fourth = ""] = args;
  const fd = Number(first);
  const inside = (text: string): string | null => {
    const path = unhex(text).toString();
    return path === scope.folder || path.startsWith(`${scope.folder}/`) ? path : null;
  };
  switch (call) {
    case "openat": {
      const path = inside(second);
      const made = third.includes("O_CREAT");
      return path === null
        ? null
        : { step: "open", fd: result, path, made, emptied: third.includes("O_TRUNC") };
    }
    case "mkdir": {
      const path = inside(first);
      return path === null ? null : { step: "mkdir", path };
    }
    case "unlink": {
      const path = inside(first);
      return path === null ? null : { step: "unlink", path };
    }
    case "rename": {
      const [from, to] = [inside(first), inside(second)];
      return from === null || to === null ? null : { step: "rename", from, to };
    }
    default:
      if (fd === 1 && call === "write")
        return { step: "said", line: unhex(second).toString().trim() };
      return scope.ours.has(fd)
        ? onFile(call, fd, [second, third, fourth], result)
        : refuseForeign(call, args, scope);
  }
};

const onFile = (
  call: string,
  fd: number,
  [first = "", , third = ""]: readonly string[],
  result: number,
): Step => {
  switch (call) {
    case "close":
      return { step: "close", fd };
    case "fsync":
    case "fdatasync":
      return { step: "sync", fd };
    case "ftruncate":
      return { step: "truncate", fd, size: Number(first) };
    case "pwrite64": {
      const bytes = unhex(first);
      if (bytes.length !== result) throw new Error("A write was cut short, or the trace was.");
      return { step: "write", fd, at: Number(third), bytes };
    }
    default:
      throw new Error(`The replay does not know ${call}.`);
  }
};

/** Calls by path that the replay does not know must not touch the folder. */
const refuseForeign = (call: string, args: readonly string[], { folder }: Scope): null => {
  const touches = args.some(
    (arg) => arg.startsWith('"') && unhex(arg).toString().startsWith(folder),
  );
  if (touches) throw new Error(`The replay does not know ${call} by path.`);
  return null;
};
