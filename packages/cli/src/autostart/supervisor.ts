/** Who starts jobs at login and again when they fail: systemd's user instance, or launchd. */
import { homedir } from "node:os";
import { join } from "node:path";
import { EXIT, fail, type Failure } from "../failure.ts";
import { makeFolders } from "../folders.ts";
import type { Env } from "../place.ts";
import type { Job } from "./job.ts";
import type { Ran, RunProgram } from "./program.ts";
import { labelOf, launchdText, systemdText } from "./texts.ts";

export type Supervisor = {
  readonly file: string;
  readonly text: string;
  /** How a person looks at it and starts it. */
  readonly look: string;
  readonly start: string;
  /** What else there is to know once it is installed. */
  readonly note: string | null;
  /** Rejects with a Failure when there is none here. Changes nothing. */
  here(): Promise<void>;
  /** Takes in what the file says now; at login it will be started. */
  enable(): Promise<void>;
  /** Starts it; one that runs is started anew. */
  run(): Promise<void>;
  /** Stops it, if it runs; at login it will not be started. Its file may be gone after that. */
  disable(): Promise<void>;
  /** The file is gone, or is as it was before: take that in. Never rejects. */
  forget(): Promise<void>;
  state(): Promise<{ readonly enabled: boolean; readonly running: boolean }>;
};

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

const must = async (ran: Promise<Ran>, doing: string): Promise<Ran> => {
  const result = await ran;
  if (result.code === 0) return result;
  throw fail(
    EXIT.refused,
    "supervisor_failed",
    `${doing} failed: ${firstLine(result.err) || `exit code ${String(result.code)}`}`,
    "Nothing was left half done. See the message above, and: skein doctor",
  );
};

const homeOf = (env: Env): string => env["HOME"] ?? homedir();

const notHere = (why: string, remedy: string): Failure =>
  fail(EXIT.refused, "no_supervisor", why, remedy);

const BY_HAND =
  "Start the daemon with skein up --detach, for instance from your shell's profile or cron's @reboot.";

export const systemd = (job: Job, env: Env, run: RunProgram): Supervisor => {
  const unit = `${job.name}.service`;
  const config = env["XDG_CONFIG_HOME"] ?? "";
  const folder = config === "" ? join(homeOf(env), ".config") : config;
  const user = (...args: string[]): Promise<Ran> => run("systemctl", "--user", ...args);
  const is = async (what: string, ...fine: string[]): Promise<boolean> =>
    fine.includes((await user(what, unit)).out);
  return {
    file: join(folder, "systemd", "user", unit),
    text: systemdText(job),
    look: `journalctl --user -u ${unit}`,
    start: `systemctl --user start ${unit}`,
    note: "It starts when you log in. To have it run without a login: loginctl enable-linger",
    here: async () => {
      const { code, err } = await user("show", "--property=Version");
      if (code === null)
        throw notHere("There is no systemd on this machine (systemctl was not found).", BY_HAND);
      if (code !== 0)
        throw notHere(
          `No systemd user instance can be reached here: ${firstLine(err)}`,
          `Log in as yourself (not by su), or have it kept: loginctl enable-linger. Or: ${BY_HAND}`,
        );
    },
    enable: async () => {
      await must(user("daemon-reload"), "systemctl daemon-reload");
      await must(user("enable", unit), `Enabling ${unit}`);
    },
    run: async () => {
      await must(user("restart", unit), `Starting ${unit}`);
    },
    disable: async () => {
      await must(user("disable", "--now", unit), `Stopping ${unit}`);
    },
    forget: async () => {
      await user("daemon-reload");
    },
    state: async () => ({
      enabled: await is("is-enabled", "enabled"),
      running: await is("is-active", "active", "activating", "reloading"),
    }),
  };
};

export const launchd = (job: Job, env: Env, run: RunProgram, user: number): Supervisor => {
  const label = labelOf(job);
  const domain = `gui/${user}`;
  const file = join(homeOf(env), "Library", "LaunchAgents", `${label}.plist`);
  const known = async (): Promise<Ran> => run("launchctl", "print", `${domain}/${label}`);
  return {
    file,
    text: launchdText(job),
    look: `launchctl print ${domain}/${label}`,
    start: `launchctl kickstart ${domain}/${label}`,
    note: null,
    here: async () => {
      const { code, err } = await run("launchctl", "print", domain);
      if (code === 0) return;
      throw notHere(
        code === null
          ? "There is no launchd on this machine (launchctl was not found)."
          : `launchd knows no login of yours here: ${firstLine(err)}`,
        `Run it in a session at the screen. Or: ${BY_HAND}`,
      );
    },
    enable: async () => {
      // It writes the output there, and does not start what has no place for it.
      makeFolders(join(job.home, "logs"), 0o700);
      await must(run("launchctl", "enable", `${domain}/${label}`), `Enabling ${label}`);
    },
    run: async () => {
      // What it knows of the file before stays with it until that is taken out.
      if ((await known()).code === 0)
        await must(run("launchctl", "bootout", `${domain}/${label}`), `Reloading ${label}`);
      await must(run("launchctl", "bootstrap", domain, file), `Starting ${label}`);
    },
    disable: async () => {
      if ((await known()).code === 0)
        await must(run("launchctl", "bootout", `${domain}/${label}`), `Stopping ${label}`);
    },
    forget: async () => {},
    state: async () => {
      const { code, out } = await known();
      return { enabled: code === 0, running: code === 0 && /^\s*pid = \d+/m.test(out) };
    },
  };
};
