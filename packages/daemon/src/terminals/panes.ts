/** What tmux holds: one session, one window, one pane for each terminal, told apart by options of our own, never by name. */
import { constants } from "node:os";
import type { Owner } from "@skein/sdk";
import { cutListing } from "./failures.ts";
import type { Answer, Tmux } from "./tmux.ts";

export type Pane = {
  readonly id: string;
  readonly owner: Owner;
  /** tmux's own: `$1`, `%1`. A server that started anew counts from 0 again, so they are asked for each time. */
  readonly session: string;
  readonly pane: string;
  readonly pid: number;
  readonly dead: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
};

/** tmux option names of a terminal's session. */
export const OPTION = { id: "@skein", owner: "@skein-owner" } as const;

export const ownerWord = ({ session, generation }: Owner): string => `${generation} ${session}`;

const FIELDS = [
  `#{${OPTION.id}}`,
  `#{${OPTION.owner}}`,
  "#{session_id}",
  "#{pane_id}",
  "#{pane_pid}",
  "#{pane_dead}",
  "#{pane_dead_status}",
  "#{pane_dead_signal}",
  "#{pane_width}",
  "#{pane_height}",
  // Last: it is the program's own, and may hold anything; cut by tmux, or one title could push other panes off the list.
  "#{=256:pane_title}",
];
const SEPARATOR = "|";
const FORMAT = FIELDS.join(SEPARATOR);

const signalNames = new Map(
  Object.entries(constants.signals).map(([name, value]) => [value, name]),
);

const readSignal = (word: string): string | null =>
  word === "" ? null : (signalNames.get(Number(word) as never) ?? word);

const readOwner = (word: string): Owner => {
  const space = word.indexOf(" ");
  return { generation: Number(word.slice(0, space)), session: word.slice(space + 1) };
};

const readPane = (line: string): Pane | null => {
  const [id, owner, session, pane, pid, dead, status, signal, columns, rows, ...title] =
    line.split(SEPARATOR);
  if (id === undefined || id === "" || session === undefined || pane === undefined) return null;
  return {
    id,
    owner: readOwner(owner ?? ""),
    session,
    pane,
    pid: Number(pid),
    dead: dead === "1",
    exitCode: status === "" || status === undefined ? null : Number(status),
    signal: readSignal(signal ?? ""),
    columns: Number(columns),
    rows: Number(rows),
    title: title.join(SEPARATOR),
  };
};

/** Well above what LIMITS.terminals of the longest lines have. */
const MOST_BYTES = 4 * 1024 * 1024;

/** What is beyond MOST_BYTES was dropped, and who stands there is surely not dead. */
const isCut = (out: string): boolean =>
  Buffer.byteLength(out) >= MOST_BYTES || (out !== "" && !out.endsWith("\n"));

/** Every terminal of ours there. "absent" is an empty list. */
export const listPanes = async (
  tmux: Tmux,
): Promise<{ panes: readonly Pane[] } | Extract<Answer, { is: "unknown" }>> => {
  const answer = await tmux.run(["list-panes", "-a", "-F", FORMAT], { maxBytes: MOST_BYTES });
  if (answer.is === "unknown") return answer;
  if (answer.is === "absent") return { panes: [] };
  if (isCut(answer.out)) return { is: "unknown", failure: cutListing(tmux.host.id) };
  return { panes: answer.out.split("\n").flatMap((line) => readPane(line) ?? []) };
};

/** null: it is not held, surely. */
export const findPane = async (
  tmux: Tmux,
  id: string,
): Promise<{ pane: Pane | null } | Extract<Answer, { is: "unknown" }>> => {
  const found = await listPanes(tmux);
  return "is" in found ? found : { pane: found.panes.find((pane) => pane.id === id) ?? null };
};
