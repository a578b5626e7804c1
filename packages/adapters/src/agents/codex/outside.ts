/**
 * Codex's own threads on a host (0.169.0): one JSONL file each, `<CODEX_HOME>/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`, whose
 * first line says whose it is and where; and who writes one: a lock on `thread-writer-locks/<id>.lock`.
 */
import { posix } from "node:path";
import type { ItemBody, ItemStatus } from "@skein/contract";
import {
  instant,
  readLines,
  wholeLines,
  type BackendContext,
  type FileEntry,
  type Outside,
  type OutsideConversation,
  type OutsidePage,
} from "@skein/sdk";

const LISTED = 50;
const HEAD_BYTES = 256 * 1024;
const PAGE_BYTES = 1024 * 1024;
const LOOK_MS = 5_000;
const TITLE_CHARS = 120;
const ROLLOUT = /^rollout-.*-([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/;

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const string = (value: unknown): string | null => (typeof value === "string" ? value : null);

const homeOf = ({ env }: BackendContext): string =>
  env["CODEX_HOME"] ?? posix.join(env["HOME"] ?? "/", ".codex");

type Rollout = FileEntry & { readonly path: string; readonly id: string };

const subfolders = async ({ host }: BackendContext, folder: string): Promise<readonly string[]> =>
  ((await host.files.list(folder)) ?? [])
    .filter((one) => one.kind === "directory" && /^\d+$/.test(one.name))
    .map((one) => posix.join(folder, one.name))
    .toSorted()
    .toReversed();

const rolloutsIn = async ({ host }: BackendContext, day: string): Promise<readonly Rollout[]> =>
  ((await host.files.list(day)) ?? []).flatMap((entry) => {
    const id = ROLLOUT.exec(entry.name)?.[1];
    return id === undefined ? [] : [{ ...entry, path: posix.join(day, entry.name), id }];
  });

/** Day by day, newest first, until `enough`. */
const rollouts = async (
  context: BackendContext,
  enough: (found: readonly Rollout[]) => boolean,
): Promise<readonly Rollout[]> => {
  const found: Rollout[] = [];
  for (const year of await subfolders(context, posix.join(homeOf(context), "sessions")))
    for (const month of await subfolders(context, year))
      for (const day of await subfolders(context, month)) {
        found.push(...(await rolloutsIn(context, day)));
        if (enough(found)) return found;
      }
  return found;
};

const parse = (text: string): Json => {
  try {
    return object(JSON.parse(text));
  } catch {
    return {};
  }
};

/** `flock` fails where the lock is held (for writing: ours is shared, and keeps no other reader out); where there is no such program nobody can tell. */
const HELD_SCRIPT = 'command -v flock >/dev/null || exit 3; flock --shared --nonblock "$1" true';

const heldOf = async (
  context: BackendContext,
  id: string,
): Promise<OutsideConversation["held"]> => {
  const lock = posix.join(homeOf(context), "thread-writer-locks", `${id}.lock`);
  if ((await context.host.folder(lock)) !== "file") return "no";
  const argv = ["sh", "-c", HELD_SCRIPT, "sh", lock] as const;
  const { exitCode } = await context.host.run(argv, { env: context.env, timeoutMs: LOOK_MS });
  if (exitCode === 0) return "no";
  return exitCode === 1 ? "yes" : "unknown";
};

const textOf = (content: unknown): string =>
  Array.isArray(content)
    ? content.map((part) => string(object(part)["text"]) ?? "").join("\n")
    : "";

const STATUS: Readonly<Record<string, ItemStatus>> = {
  completed: "done",
  failed: "failed",
  declined: "declined",
};

const edit = (item: Json): ItemBody => ({
  kind: "edit",
  status: STATUS[string(item["status"]) ?? ""] ?? "done",
  changes: Object.entries(object(item["changes"])).map(([path, value]) => {
    const change = object(value);
    const kind = string(change["type"]);
    return {
      path,
      change: kind === "add" || kind === "delete" ? kind : "update",
      diff: string(change["content"]) ?? string(change["unified_diff"]) ?? "",
    };
  }),
});

/** null: nothing to show. */
const bodyOf = (item: Json): ItemBody | null => {
  const status = STATUS[string(item["status"]) ?? ""] ?? "done";
  switch (item["type"]) {
    case "UserMessage":
      return { kind: "user", text: textOf(item["content"]), how: "outside" };
    case "AgentMessage":
      return { kind: "message", text: textOf(item["content"]) };
    case "Reasoning": {
      const words = Array.isArray(item["summary_text"]) ? item["summary_text"].join("\n\n") : "";
      return words === "" ? null : { kind: "reasoning", text: words };
    }
    case "CommandExecution": {
      const argv = Array.isArray(item["command"]) ? item["command"].map(String) : [];
      // `/bin/bash -lc SCRIPT`: the script is the command.
      const [, flag, script] = argv;
      return {
        kind: "command",
        command: flag === "-lc" && script !== undefined ? script : argv.join(" "),
        folder: (string(item["cwd"]) ?? "").replace(/^file:\/\//, "") || null,
        output: string(item["aggregated_output"]) ?? "",
        exitCode: typeof item["exit_code"] === "number" ? item["exit_code"] : null,
        status,
      };
    }
    case "FileChange":
      return edit(item);
    case "McpToolCall": {
      const tool = `${string(item["server"]) ?? ""}.${string(item["tool"]) ?? ""}`;
      const failure = string(object(item["error"])["message"]);
      const output = failure ?? textOf(object(item["result"])["content"]);
      return { kind: "tool", tool, title: tool, input: item["arguments"], output, status };
    }
    default:
      return null;
  }
};

/** What a line of a rollout tells: an item that is complete, or nothing. */
const itemOf = (line: Json): OutsidePage["items"][number] | null => {
  const payload = object(line["payload"]);
  if (line["type"] !== "event_msg" || payload["type"] !== "item_completed") return null;
  const item = object(payload["item"]);
  const id = string(item["id"]);
  const body = bodyOf(item);
  return id === null || body === null ? null : { id, at: instant(line["timestamp"]), body };
};

const describe = async (
  context: BackendContext,
  { id, path, modifiedAt }: Rollout,
): Promise<OutsideConversation | null> => {
  const bytes = await context.host.files.read(path, { maxBytes: HEAD_BYTES });
  const lines = bytes === null ? [] : wholeLines(bytes, 0).map((line) => parse(line.text));
  const meta = object(lines.find((line) => line["type"] === "session_meta")?.["payload"]);
  const folder = string(meta["cwd"]);
  if (folder === null) return null;
  const said = lines.map(itemOf).find((item) => item?.body.kind === "user");
  return {
    id,
    folder,
    title: said?.body.kind === "user" ? said.body.text.slice(0, TITLE_CHARS) : null,
    startedAt: instant(meta["timestamp"]),
    activeAt: new Date(modifiedAt).toISOString(),
    held: await heldOf(context, id),
  };
};

const findRollout = async (context: BackendContext, id: string): Promise<Rollout | undefined> =>
  (await rollouts(context, (found) => found.some((one) => one.id === id))).find(
    (one) => one.id === id,
  );

export const outside: Outside = {
  list: async (context) => {
    const found = await rollouts(context, (some) => some.length >= LISTED);
    const newest = found.toSorted((one, other) => other.modifiedAt - one.modifiedAt);
    const told = await Promise.all(newest.slice(0, LISTED).map((one) => describe(context, one)));
    return told.filter((one) => one !== null);
  },
  open: async (context, id) => {
    const found = await findRollout(context, id);
    if (found === undefined) return null;
    return {
      bytes: found.bytes,
      describe: () => describe(context, found),
      read: async (from) => {
        const page = await readLines(context.host.files, found.path, from, PAGE_BYTES);
        const items = page.lines.map((line) => itemOf(parse(line.text)));
        return { ...page, items: items.filter((one) => one !== null) };
      },
    };
  },
};
