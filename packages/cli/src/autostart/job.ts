/** What is started at login: the daemon, or the gateway, of one state folder. */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Cli } from "../cli.ts";
import { EXIT, fail } from "../failure.ts";

export type JobKind = "daemon" | "gateway";

export type Job = {
  readonly kind: JobKind;
  /** skein, skein-gateway; with a mark of the state folder when it is not the usual one. */
  readonly name: string;
  readonly says: string;
  readonly argv: readonly string[];
  readonly home: string;
  /** Agents are found by it: a login's own is much shorter than a shell's. */
  readonly path: string;
};

const markOf = (cli: Cli): string => {
  const usual = join(cli.env["HOME"] ?? homedir(), ".skein");
  if (cli.home === usual) return "";
  return `-${createHash("sha256").update(cli.home).digest("hex").slice(0, 8)}`;
};

/** Where this program lies; a Failure when it will not lie there for long. */
const scriptOf = ({ self: [, script] }: Cli): string => {
  const real = realpathSync(script);
  if (!/[\\/]_npx[\\/]/.test(real)) return real;
  throw fail(
    EXIT.refused,
    "not_installed",
    "This skein lies in npx's cache, which is cleared now and then.",
    "Install it first, then run it from there: npm install --global.",
  );
};

const SAYS = {
  daemon: "Skein, the control plane for AI agents",
  gateway: "Skein's gateway for programs in a sandbox",
} as const;

/** Systemd and launchd know no way to write a line break, or nothing at all. */
const writable = (what: string, text: string): string => {
  if (!/[\n\r\0]/.test(text)) return text;
  throw fail(
    EXIT.refused,
    "unwritable",
    `${what} holds a line break, which no unit can.`,
    "Use a path without one.",
  );
};

export const jobOf = (cli: Cli, kind: JobKind, words: readonly string[]): Job => ({
  kind,
  name: `skein${kind === "gateway" ? "-gateway" : ""}${markOf(cli)}`,
  says: SAYS[kind],
  argv: [cli.self[0], scriptOf(cli), ...words].map((word) => writable("The program's path", word)),
  home: writable("SKEIN_HOME", cli.home),
  path: writable("PATH", cli.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"),
});
