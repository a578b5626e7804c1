/**
 * How tmux is to behave on Skein's own socket. It holds programs and answers their questions, and does nothing else: no
 * keys of its own, no status line, no clipboard, no renaming, nothing passed through.
 */
import { LIMITS } from "@skein/contract";

/** Signalled whenever a program or a session ends: whoever waits looks again. */
export const ENDS = "skein-ends";

/** tmux 3.3a crashes at new-session when `window-size manual` is set for all: each window gets it when it is made. */
export const tmuxConfig = (terminal: string): string =>
  [
    "set -s exit-empty off",
    "set -s exit-unattached off",
    "set -s escape-time 0",
    "set -s set-clipboard off",
    "set -s focus-events off",
    "set -s buffer-limit 16",
    'set -s history-file ""',
    `set -s default-terminal "${terminal}"`,
    "set -gq allow-passthrough off",
    "set -g allow-rename off",
    "set -g automatic-rename off",
    "set -g set-titles off",
    "set -g remain-on-exit on",
    'set -gq remain-on-exit-format ""',
    "set -g destroy-unattached off",
    "set -g status off",
    "set -g mouse off",
    "set -g prefix None",
    "set -g prefix2 None",
    "set -g bell-action none",
    "set -g activity-action none",
    "set -g silence-action none",
    `set -g history-limit ${LIMITS.terminalHistory}`,
    'set -g update-environment ""',
    "set -g default-shell /bin/sh",
    "set -g lock-after-time 0",
    "unbind -aq -T root",
    "unbind -aq -T prefix",
    "unbind -aq -T copy-mode",
    "unbind -aq -T copy-mode-vi",
    ...["pane-died", "pane-exited", "session-closed"].map(
      (hook) => `set-hook -g ${hook} "wait-for -S ${ENDS}"`,
    ),
    "",
  ].join("\n");
