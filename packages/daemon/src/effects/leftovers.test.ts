import { mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Host, Owner } from "@skein/sdk";
import { clearLeftovers } from "./leftovers.ts";
import type { EffectsPort, SessionBrief } from "./ports.ts";

let spool: string;
beforeEach(async () => {
  spool = await mkdtemp(join(tmpdir(), "skein-spool-"));
});
afterEach(() => rm(spool, { recursive: true }));

const brief = (id: string, more: Partial<SessionBrief>): SessionBrief => ({
  id,
  name: id,
  backend: "claude-code",
  host: "local",
  interface: "protocol",
  program: null,
  container: null,
  folder: "/",
  model: null,
  effort: null,
  permissions: "guarded",
  providerSessionId: null,
  forkFrom: null,
  generation: 2,
  how: "resume",
  process: "running",
  deleted: false,
  unreachable: false,
  turn: null,
  ...more,
});

const briefs = [
  brief("ses_running", {}),
  brief("ses_asleep", { process: "none" }),
  brief("ses_deleted", { process: "none", deleted: true }),
];

const clear = async (
  owners: readonly Owner[] = [],
  meanwhile: (id: string, times: number) => Promise<unknown> = async () => {},
) => {
  const asked = new Map<string, number>();
  const swept: string[] = [];
  const found = await clearLeftovers({
    port: {
      brief: async (id: string) => {
        asked.set(id, (asked.get(id) ?? 0) + 1);
        await meanwhile(id, asked.get(id) ?? 0);
        return briefs.find((one) => one.id === id) ?? null;
      },
    } as unknown as EffectsPort,
    host: {
      owners: async () => owners.map((owner) => ({ owner, pids: [1] })),
      sweep: async ({ session, generation }: Owner) => swept.push(`${session} ${generation}`),
      remove: (dir: string) => rm(dir, { recursive: true, force: true }),
      files: {
        list: async (dir: string) => (await readdir(dir).catch(() => [])).map((name) => ({ name })),
      },
      run: async ([, dir]: readonly string[]) => rmdir(dir ?? "").catch(() => undefined),
    } as unknown as Host,
    spool,
  });
  return { ...found, swept, left: (await readdir(spool, { recursive: true })).toSorted() };
};

const make = (...folders: readonly string[]) =>
  Promise.all(folders.map((folder) => mkdir(join(spool, folder), { recursive: true })));

test("what belongs to nobody goes, what a living generation uses stays", async () => {
  await make("ses_running/1", "ses_running/2", "ses_unknown/1", "ses_deleted/2");
  const { left, folders } = await clear();
  expect(left).toEqual(["ses_running", "ses_running/2"]);
  expect(folders).toBe(3);
});

test("the folder of a session that may start any moment is never taken away from under it", async () => {
  await make("ses_asleep/2");
  expect((await clear()).left).toEqual(["ses_asleep"]);
});

test("a folder that something was put into at the last moment stays", async () => {
  await make("ses_deleted/2");
  const { left } = await clear([], async (id, times) =>
    id === "ses_deleted" && times === 2 ? make("ses_deleted/3") : undefined,
  );
  expect(left).toEqual(["ses_deleted", "ses_deleted/3"]);
});

test("processes of generations that are over are ended, others and those of shared servers not", async () => {
  const owners = [
    { session: "ses_running", generation: 1 },
    { session: "ses_running", generation: 2 },
    { session: "ses_unknown", generation: 1 },
    { session: "codex-server-1", generation: 1 },
  ];
  expect((await clear(owners)).swept).toEqual(["ses_running 1", "ses_unknown 1"]);
});
