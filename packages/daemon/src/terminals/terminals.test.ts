/** The door of the terminals, on a host whose tmux says what the test says. */
import { expect, test } from "vitest";
import type { Host, RunResult } from "@skein/sdk";
import { makeTerminals } from "./terminals.ts";

const PANE = "trm_1|0 trm_1|$4|%7|9|0|||20|3|\n";
const done = { exitCode: 0, signal: null, stdout: "", stderr: "", timedOut: false };

const open = (given: {
  readonly files?: readonly string[];
  readonly refuses?: (words: readonly string[]) => boolean;
  /** As stty says them; null: there is none. */
  readonly modes?: string | null;
  /** Whether its program has ended. */
  readonly dead?: boolean;
  /** The start of its process; null: the host cannot say. */
  readonly started?: string | null;
  /** What each list of its clients says; then none are attached. */
  readonly clients?: string[];
}) => {
  const calls: (readonly string[])[] = [];
  const removed: string[] = [];
  const timers = new Map<number, () => void>();
  let last = 0;
  const host = {
    id: "local",
    home: "/home/ada/.skein",
    environment: async () => ({}),
    which: async () => "/usr/bin/tmux",
    folder: async () => "directory",
    owners: async () => [],
    sweep: async () => 0,
    process: async (pid: number) => {
      const { started = "70" } = given;
      if (started === null) throw new Error("no descriptor is left");
      return { pid, started };
    },
    files: {
      list: async () => (given.files ?? []).map((name) => ({ name, kind: "file" })),
      write: async () => {},
      remove: async (path: string) => void removed.push(path),
    },
    run: async (argv: readonly string[]): Promise<RunResult> => {
      const words = argv[0] === "/usr/bin/tmux" ? argv.slice(6) : argv;
      if (words[0] === "list-panes")
        return { ...done, stdout: given.dead === true ? PANE.replace("|9|0|", "|9|1|") : PANE };
      calls.push(words);
      if (words[0] === "display-message") return { ...done, stdout: "/dev/pts/7\n" };
      if (words[0] === "stty" && given.modes === null) return { ...done, exitCode: 127 };
      if (words[0] === "stty") return { ...done, stdout: given.modes ?? "" };
      if (words[0] === "list-clients") return { ...done, stdout: given.clients?.shift() ?? "" };
      return given.refuses?.(words) === true ? { ...done, exitCode: 1, stderr: "no space" } : done;
    },
  } as unknown as Host;
  const terminals = makeTerminals(host, {
    now: () => 0,
    monotonic: () => 0,
    after: (_, run) => {
      const mine = (last += 1);
      timers.set(mine, run);
      return () => void timers.delete(mine);
    },
  });
  return { terminals, calls, removed, timers };
};

test("text and Enter go in one call, with a moment between them", async () => {
  const { terminals, calls } = open({});
  await terminals.type("trm_1", "ls", true);
  expect(calls.map((words) => words.join(" "))).toEqual([
    "load-buffer -b skein-1 - ; paste-buffer -d -p -r -b skein-1 -t %7 ; run-shell -d 0.12 ; send-keys -t %7 Enter",
  ]);
  await terminals.type("trm_1", "", true);
  expect(calls.at(-1)).toEqual(["send-keys", "-t", "%7", "Enter"]);
});

test("a program that runs is told with its process, and runs where the host cannot say which that is", async () => {
  const alive = { liveness: "alive", held: true, exit: null };
  const told = open({ started: "70" }).terminals.look("trm_1");
  expect(await told).toEqual({ ...alive, process: { pid: 9, started: "70" } });
  const untold = open({ started: null }).terminals.look("trm_1");
  expect(await untold).toEqual({ ...alive, process: null });
});

const long = `echo ${"x".repeat(5_000)}`;

test("a line that a program which reads whole lines would lose a part of is refused, and nothing is typed", async () => {
  const { terminals, calls } = open({ modes: "speed 38400 baud;\nisig icanon iexten echo" });
  await expect(terminals.type("trm_1", `a\n${long}\nb`, true)).rejects.toMatchObject({
    message: expect.stringMatching(/5005 bytes.*takes 4095/),
    failure: { code: "prompt_too_large" },
  });
  expect(calls.map(([word]) => word)).toEqual(["display-message", "stty"]);
  await terminals.type("trm_1", "x".repeat(1_000), true);
  await terminals.type("trm_1", `${"x".repeat(4_000)}\n${"y".repeat(4_000)}`, true);
  expect(calls.filter(([word]) => word === "load-buffer")).toHaveLength(2);
});

test.each([
  ["which takes keys as they come", "isig -icanon iexten"],
  ["of which nobody can say how it reads", null],
])("a long line is typed into a program %s", async (_, modes) => {
  const { terminals, calls } = open({ modes });
  await terminals.type("trm_1", long, true);
  expect(calls.at(-1)?.[0]).toBe("load-buffer");
});

test("a paste that failed does not stay in a buffer of tmux", async () => {
  const { terminals, calls } = open({ refuses: ([word]) => word === "load-buffer" });
  await expect(terminals.paste("trm_1", "secret")).rejects.toThrow("no space");
  await terminals.held();
  expect(calls.at(-1)).toEqual(["delete-buffer", "-b", "skein-1"]);
});

const spec = {
  id: "trm_1",
  argv: ["sh"] as [string],
  env: {},
  folder: "/",
  owner: { session: "trm_1", generation: 1 },
  columns: 20,
  rows: 3,
};

test("who opens a terminal again is given the time to record it anew", async () => {
  const { terminals, timers } = open({});
  await terminals.open(spec);
  await terminals.open(spec);
  expect(timers.size).toBe(1);
  expect(terminals.isOpening("trm_1")).toBe(true);
  for (const run of timers.values()) run();
  expect(terminals.isOpening("trm_1")).toBe(false);
});

test("whoever is attached is gone before another program starts in a terminal; who comes meanwhile may stay", async () => {
  const { terminals, calls } = open({
    dead: true,
    clients: ["client-1\nclient-2\n", "client-3\n"],
  });
  await terminals.open(spec);
  const words = calls.map((call) => call.find((word) => word === "respawn-pane") ?? call[0]);
  expect(words).toEqual([
    "infocmp",
    "start-server",
    "list-clients",
    "detach-client",
    "list-clients",
    "respawn-pane",
  ]);
});

test("start files that a crash left are removed, but not those of openings under way", async () => {
  const files = ["trm_1.sh", "trm_2.sh", "trm_3.sh.0f-1", "tmux.conf", "trm_4.log"];
  const { terminals, removed } = open({ files });
  await terminals.open(spec);
  expect(await terminals.clear()).toBe(2);
  expect(removed).toEqual(["/home/ada/.skein/run/trm_2.sh", "/home/ada/.skein/run/trm_3.sh.0f-1"]);
});
