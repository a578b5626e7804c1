/** Starts a program in a terminal: a new one, or the one that its last program has left. */
import { posix } from "node:path";
import { pause, type Clock, type Host, type TerminalSpec } from "@skein/sdk";
import { noAnswer, noFolder, noProgram, tmuxRefused } from "./failures.ts";
import { OPTION, findPane, ownerWord, type Pane } from "./panes.ts";
import { startCommand, startScript } from "./program.ts";
import type { Answer, Tmux } from "./tmux.ts";

const NAME = /^[A-Za-z0-9-]{1,100}$/;
const ID = /^trm_[0-9a-z]+$/;

/** Also one that was not written to its end. */
const START_FILE = /^(trm_[0-9a-z]+)\.sh(?:\.[^.]+)?$/;

const runFolder = ({ home }: Host): string => posix.join(home, "run");

const nameOf = ({ id, name }: TerminalSpec): string =>
  name !== undefined && NAME.test(name) ? name : `aises-${id.slice("trm_".length)}`;

const check = async (host: Host, { id, argv, env, folder }: TerminalSpec): Promise<void> => {
  if (!ID.test(id)) throw new Error(`${id} is no terminal's id`);
  const kind = await host.folder(folder);
  if (kind !== "directory") throw noFolder(folder, kind);
  if ((await host.which(argv[0], env["PATH"])) === null) throw noProgram(argv[0]);
};

const size = ({ columns, rows }: TerminalSpec): readonly string[] => [
  "-x",
  String(columns),
  "-y",
  String(rows),
];

const create = (tmux: Tmux, spec: TerminalSpec, command: readonly string[]): Promise<Answer> => {
  const name = nameOf(spec);
  const target = `=${name}:`;
  return tmux.commands([
    ["new-session", "-d", "-s", name, ...size(spec), "-c", "/", ...command],
    ["set-option", "-t", target, OPTION.id, spec.id],
    ["set-option", "-t", target, OPTION.owner, ownerWord(spec.owner)],
    // Makes the size its own, whoever attaches.
    ["resize-window", "-t", target, ...size(spec)],
    ["select-pane", "-t", target, "-T", ""],
  ]);
};

const LOOKS = 40;
const LOOK_MS = 50;

const attached = async (tmux: Tmux, session: string): Promise<readonly string[]> => {
  const answer = await tmux.run(["list-clients", "-t", session, "-F", "#{client_name}"]);
  if (answer.is === "unknown") throw answer.failure;
  return answer.is === "done" ? answer.out.split("\n").filter((name) => name !== "") : [];
};

/**
 * What a client in control mode has not had of the last program's output, tmux (3.2 to 3.7) takes for the next one's, and
 * crashes with all that it holds. So whoever was attached is gone before another program starts; viewers come back by
 * themselves, and who comes now has had nothing yet. Rejects with an AdapterFailure.
 */
const sendAway = async (tmux: Tmux, { session }: Pane, clock: Clock): Promise<void> => {
  const before = await attached(tmux, session);
  if (before.length === 0) return;
  await tmux.run(["detach-client", "-s", session]);
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const now = new Set(await attached(tmux, session));
    if (!before.some((name) => now.has(name))) return;
    await pause(clock, LOOK_MS);
  }
  throw tmuxRefused(tmux.host.id, "a client that is attached to the terminal does not leave");
};

const respawn = (
  tmux: Tmux,
  spec: TerminalSpec,
  { session, pane }: Pane,
  command: readonly string[],
): Promise<Answer> =>
  tmux.commands([
    ["set-option", "-t", session, OPTION.owner, ownerWord(spec.owner)],
    ["select-pane", "-t", pane, "-T", ""],
    ["respawn-pane", "-k", "-t", pane, "-c", "/", ...command],
  ]);

const runsFor = (pane: Pane, { owner }: TerminalSpec): boolean =>
  !pane.dead && ownerWord(pane.owner) === ownerWord(owner);

/** false: it runs already. Rejects with an AdapterFailure, and leaves nothing behind then. */
export const openTerminal = async (
  tmux: Tmux,
  spec: TerminalSpec,
  clock: Clock,
): Promise<boolean> => {
  const { host } = tmux;
  await tmux.ready();
  const found = await findPane(tmux, spec.id);
  if ("is" in found) throw found.failure;
  if (found.pane !== null && runsFor(found.pane, spec)) return false;
  await check(host, spec);
  if (found.pane !== null) await sendAway(tmux, found.pane, clock);
  const file = posix.join(runFolder(host), `${spec.id}.sh`);
  await host.files.write(file, startScript(spec, host.home, tmux.terminal()), 0o600);
  const answer =
    found.pane === null
      ? await create(tmux, spec, startCommand(file))
      : await respawn(tmux, spec, found.pane, startCommand(file));
  if (answer.is === "done") return true;
  await host.files.remove(file).catch(() => undefined);
  if (found.pane === null) await closeTerminal(tmux, spec.id).catch(() => undefined);
  throw answer.is === "unknown" ? answer.failure : tmuxRefused(host.id, answer.words ?? "");
};

/**
 * Removes what a crash left between the writing of a start file and its start: it holds a whole environment. Resolves with how
 * many there were. Rejects with an AdapterFailure.
 */
export const clearStartFiles = async (
  host: Host,
  isOpening: (id: string) => boolean,
): Promise<number> => {
  const folder = runFolder(host);
  let removed = 0;
  for (const { name, kind } of (await host.files.list(folder)) ?? []) {
    const id = kind === "file" ? START_FILE.exec(name)?.[1] : undefined;
    if (id === undefined || isOpening(id)) continue;
    await host.files.remove(posix.join(folder, name));
    removed += 1;
  }
  return removed;
};

/** Ends the program and the terminal. Rejects when tmux does not say that it is gone. */
export const closeTerminal = async (tmux: Tmux, id: string): Promise<void> => {
  const found = await findPane(tmux, id);
  if ("is" in found) throw found.failure;
  if (found.pane === null) return;
  const answer = await tmux.run(["kill-session", "-t", found.pane.session]);
  if (answer.is === "unknown") throw answer.failure;
  const after = await findPane(tmux, id);
  if ("is" in after) throw after.failure;
  if (after.pane !== null) throw noAnswer(tmux.host.id);
  // A terminal that belongs to no session is its own owner: what ignored the hang-up ends here.
  if (found.pane.owner.session === id) await tmux.host.sweep(found.pane.owner);
};
