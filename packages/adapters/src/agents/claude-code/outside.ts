/**
 * Claude Code's own conversations on a host (2.1.197): one JSONL file each, `<config>/projects/<folder>/<id>.jsonl`; and who
 * has one open: `<config>/sessions/<pid>.json`, which stays behind a process that was killed.
 */
import { posix } from "node:path";
import {
  instant,
  readLines,
  wholeLines,
  type BackendContext,
  type FileEntry,
  type Outside,
  type OutsideConversation,
  type OutsidePage,
  type OutsideReader,
} from "@skein/sdk";
import { initialState } from "./state.ts";
import { step } from "./translate.ts";
import { isObject, readLine, string, type Json } from "./wire.ts";

const LISTED = 50;
const HEAD_BYTES = 64 * 1024;
const PAGE_BYTES = 1024 * 1024;
const HOLDER_BYTES = 16 * 1024;
const LOOK_MS = 5_000;
const TITLE_CHARS = 120;
/** Folders that are looked into side by side: each is a channel of the host's connection. */
const AT_ONCE = 8;
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

const configOf = ({ env }: BackendContext): string =>
  env["CLAUDE_CONFIG_DIR"] ?? posix.join(env["HOME"] ?? "/", ".claude");

type Transcript = FileEntry & { readonly path: string; readonly id: string };

const transcripts = async (context: BackendContext): Promise<readonly Transcript[]> => {
  const { files } = context.host;
  const root = posix.join(configOf(context), "projects");
  const projects = ((await files.list(root)) ?? []).filter((one) => one.kind === "directory");
  const filesOf = async ({ name }: FileEntry): Promise<readonly Transcript[]> => {
    const folder = posix.join(root, name);
    return ((await files.list(folder)) ?? []).map((entry) => ({
      ...entry,
      path: posix.join(folder, entry.name),
      id: entry.name.replace(/\.jsonl$/, ""),
    }));
  };
  const found: Transcript[] = [];
  for (let at = 0; at < projects.length; at += AT_ONCE)
    found.push(...(await Promise.all(projects.slice(at, at + AT_ONCE).map(filesOf))).flat());
  return found
    .filter((one) => one.kind === "file" && one.name.endsWith(".jsonl") && UUID.test(one.id))
    .toSorted((one, other) => other.modifiedAt - one.modifiedAt);
};

const parse = (text: string): Json => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
};

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What is known of one that nobody is seen to have open: `no`, or, where processes cannot be looked at, `unknown`. */
type Held = { readonly ids: ReadonlySet<string>; readonly others: "no" | "unknown" };

/**
 * Conversations that a living process has open. `ps` ends with 1 and says nothing where none of them lives; anything else (busybox
 * knows no -p) is no answer.
 */
const heldOnes = async (context: BackendContext): Promise<Held> => {
  const { host, env } = context;
  const folder = posix.join(configOf(context), "sessions");
  const entries = ((await host.files.list(folder)) ?? []).filter((one) =>
    /^\d+\.json$/.test(one.name),
  );
  const ids = new Set<string>();
  if (entries.length === 0) return { ids, others: "no" };
  const pids = entries.map((one) => one.name.replace(".json", ""));
  const argv = ["ps", "-o", "pid=", "-p", pids.join(",")] as const;
  const told = await host.run(argv, { env, timeoutMs: LOOK_MS });
  const noneLives = told.exitCode === 1 && told.stderr.trim() === "";
  if (told.timedOut || (told.exitCode !== 0 && !noneLives)) return { ids, others: "unknown" };
  const alive = told.stdout.trim().split(/\s+/);
  for (const entry of entries) {
    if (!alive.includes(entry.name.replace(".json", ""))) continue;
    const bytes = await host.files.read(posix.join(folder, entry.name), { maxBytes: HOLDER_BYTES });
    const id = bytes === null ? null : string(parse(text(bytes))["sessionId"]);
    if (id !== null) ids.add(id);
  }
  return { ids, others: "no" };
};

/** What a person typed; null for what the program itself put into their mouth. */
const typed = (line: Json): string | null => {
  if (line["type"] !== "user" || line["isMeta"] === true || line["isSidechain"] === true)
    return null;
  const content = isObject(line["message"]) ? line["message"]["content"] : null;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const words = content.filter(isObject).filter((block) => block["type"] === "text");
  return words.length === 0 ? null : words.map((block) => string(block["text"]) ?? "").join("\n");
};

const describe = async (
  context: BackendContext,
  { id, path, modifiedAt }: Transcript,
  held: Held,
): Promise<OutsideConversation | null> => {
  const bytes = await context.host.files.read(path, { maxBytes: HEAD_BYTES });
  if (bytes === null) return null;
  const lines = wholeLines(bytes, 0).map((line) => parse(line.text));
  const first = lines.find((line) => string(line["cwd"]) !== null);
  const folder = string(first?.["cwd"]);
  if (folder === null) return null;
  const named = lines.map((line) => string(line["aiTitle"])).findLast((title) => title !== null);
  const said = lines.map(typed).find((words) => words !== null);
  return {
    id,
    folder,
    title: (named ?? said ?? null)?.slice(0, TITLE_CHARS) ?? null,
    startedAt: instant(first?.["timestamp"]),
    activeAt: new Date(modifiedAt).toISOString(),
    held: held.ids.has(id) ? "yes" : held.others,
  };
};

/** The lines of a transcript have the shape of those on the wire, so the same fold reads them; a person's words it leaves out. */
const read = async (
  context: BackendContext,
  { path }: Transcript,
  from: number,
): Promise<OutsidePage> => {
  const page = await readLines(context.host.files, path, from, PAGE_BYTES);
  const items = new Map<string, OutsidePage["items"][number]>();
  const openedAt = new Map<string, number>();
  let state = initialState;
  let folder = "/";
  for (const line of page.lines) {
    const value = parse(line.text);
    folder = string(value["cwd"]) ?? folder;
    const at = instant(value["timestamp"]);
    const words = typed(value);
    const uuid = string(value["uuid"]);
    if (words !== null && uuid !== null)
      items.set(uuid, { id: uuid, at, body: { kind: "user", text: words, how: "outside" } });
    if (value["isSidechain"] === true) continue;
    const known = new Set(Object.keys(state.tools));
    const ours = { model: null, pid: null, reserved: null };
    const settings = { folder, permissions: "guarded", ...ours } as const;
    const folded = step(state, readLine(line.text), line.at, settings);
    state = folded.state;
    for (const call of Object.keys(state.tools)) if (!known.has(call)) openedAt.set(call, line.at);
    for (const fact of folded.facts)
      if (fact.fact === "item") items.set(fact.id, { id: fact.id, at, body: fact.body });
  }
  // A call whose result is still to come is read again with it; but for one that lies too far back.
  const open = Object.keys(state.tools).map((call) => openedAt.get(call) ?? page.next);
  const next = Math.min(page.next, ...open);
  return { items: [...items.values()], next: next > from ? next : page.next, more: page.more };
};

export const outside: Outside = {
  list: async (context) => {
    const newest = (await transcripts(context)).slice(0, LISTED);
    const held = await heldOnes(context);
    const told = await Promise.all(newest.map((one) => describe(context, one, held)));
    return told.filter((one) => one !== null);
  },
  open: async (context, id): Promise<OutsideReader | null> => {
    const found = (await transcripts(context)).find((one) => one.id === id);
    if (found === undefined) return null;
    return {
      bytes: found.bytes,
      describe: async () => describe(context, found, await heldOnes(context)),
      read: (from) => read(context, found, from),
    };
  },
};
