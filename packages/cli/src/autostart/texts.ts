/** A job in the words of systemd and of launchd. Pure. */
import { stamped, stampPlace } from "../stamp.ts";
import type { Job } from "./job.ts";

/** Raised when the texts change, so that a person can tell which skein wrote theirs. */
const VERSION = 1;

/** systemd.syntax(7): quotes and backslashes are escaped, % is its own. */
const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;

/** In a command line $ is its own, too (systemd.service(5)). */
const word = (text: string): string => quoted(text).replaceAll("$", "$$$$");

/**
 * KillMode=process: agents live on when the daemon ends, as they do without systemd. OOMPolicy=continue: an agent that the
 * kernel ends for its memory does not take the daemon and all others along.
 */
export const systemdText = (job: Job): string =>
  stamped(`# Written by skein: "skein ${verbOf(job)} uninstall" removes it. Once it is changed, skein leaves it alone.
# ${stampPlace(VERSION)}
[Unit]
Description=${job.says.replaceAll("%", "%%")}
StartLimitIntervalSec=60
StartLimitBurst=10
${job.kind === "gateway" ? `After=${job.name.replace("-gateway", "")}.service\n` : ""}
[Service]
Type=exec
ExecStart=${job.argv.map(word).join(" ")}
Environment=${quoted(`SKEIN_HOME=${job.home}`)}
Environment=${quoted(`PATH=${job.path}`)}
Restart=on-failure
RestartSec=2
KillMode=process
OOMPolicy=continue
TimeoutStopSec=20

[Install]
WantedBy=default.target
`);

const XML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no way to write most control characters, escaped or not: they are left out. */
const xml = (text: string): string =>
  text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "").replaceAll(/[&<>"']/g, (c) => XML[c] ?? c);

const string = (text: string): string => `<string>${xml(text)}</string>`;

export const labelOf = ({ name }: Job): string =>
  `dev.${name.replace(/^skein(-gateway)?/, (_, gateway?: string) => (gateway === undefined ? "skein.daemon" : "skein.gateway"))}`;

/** launchd.plist(5). AbandonProcessGroup is launchd's KillMode=process. */
export const launchdText = (job: Job): string =>
  stamped(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by skein: "skein ${verbOf(job)} uninstall" removes it. Once it is changed, skein leaves it alone. -->
<!-- ${stampPlace(VERSION)} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  ${string(labelOf(job))}
  <key>ProgramArguments</key>
  <array>
${job.argv.map((each) => `    ${string(each)}`).join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>SKEIN_HOME</key>
    ${string(job.home)}
    <key>PATH</key>
    ${string(job.path)}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>AbandonProcessGroup</key>
  <true/>
  <key>StandardOutPath</key>
  ${string(`${job.home}/logs/${job.kind}.out.log`)}
  <key>StandardErrorPath</key>
  ${string(`${job.home}/logs/${job.kind}.out.log`)}
</dict>
</plist>
`);

const verbOf = ({ kind }: Job): string => (kind === "gateway" ? "gateway" : "service");
