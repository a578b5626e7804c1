/** When an end is told that tmux says nothing of, and that what is not known is no end. */
import { expect, test } from "vitest";
import type { Host, RunResult } from "@skein/sdk";
import { makeEnds } from "./ends.ts";
import { makeTmux } from "./tmux.ts";

const done = { exitCode: 0, signal: null, stdout: "", stderr: "", timedOut: false };
const said = (more: Partial<RunResult>): RunResult => ({ ...done, ...more });

/** What the host says of process 9. */
type Told = "alive" | "ended" | "out of reach";

type Pane = { dead: boolean; signal: string };

/** tmux holds one pane, of process 9, and its bell never rings. `told`: what its host says, one after the other, then the last of it. */
const open = (given: {
  readonly told: readonly Told[];
  /** What becomes of the pane when tmux is poked. */
  readonly poked?: (pane: Pane) => void;
  readonly pane?: Partial<Pane>;
}) => {
  const pane: Pane = { dead: false, signal: "", ...given.pane };
  let asked = 0;
  let now = 0;
  const host = {
    id: "local",
    home: "/home/ada/.skein",
    environment: async () => ({}),
    which: async () => "/usr/bin/tmux",
    open: async () => ({ ended: new Promise(() => {}), close: () => {} }),
    ended: async () => {
      const answer = given.told[Math.min(asked, given.told.length - 1)]!;
      asked += 1;
      if (answer === "out of reach") throw new Error("out of reach");
      return new Set(answer === "ended" ? [9] : []);
    },
    run: async (argv: readonly string[]): Promise<RunResult> => {
      const [word] = argv.slice(6);
      if (word === "run-shell") given.poked?.(pane);
      if (word !== "list-panes") return done;
      return said({ stdout: `trm_1|1 ses_1|$4|%7|9|${pane.dead ? 1 : 0}||${pane.signal}|20|3|\n` });
    },
  } as unknown as Host;
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, run: () => void) => {
      const timer = setImmediate(() => {
        now += ms;
        run();
      });
      return () => clearImmediate(timer);
    },
  };
  const ends = makeEnds(makeTmux(host), clock);
  return { ends, now: () => now, asked: () => asked };
};

const never = new AbortController().signal;

test("a program that was killed and that tmux missed is told within two seconds, as tmux says once it was poked", async () => {
  const { ends, now } = open({
    told: ["alive", "ended"],
    poked: (pane) => Object.assign(pane, { dead: true, signal: "9" }),
  });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(now()).toBeLessThanOrEqual(3_000);
});

test("one whose terminal is closed and that tmux has not buried is asked for at once", async () => {
  const { ends, now } = open({
    told: ["alive"],
    pane: { dead: true },
    poked: (pane) => Object.assign(pane, { signal: "9" }),
  });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(now()).toBeLessThanOrEqual(200);
});

test("one that is gone has ended even where tmux goes on to call it alive", async () => {
  const { ends, now } = open({ told: ["ended"] });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: null });
  expect(now()).toBeLessThanOrEqual(5_000);
});

test.each([
  ["nobody says how the program is", "out of reach"],
  ["it runs", "alive"],
] as const)("nothing has ended where %s", async (_, answer) => {
  const { ends, now, asked } = open({ told: [answer] });
  const leaving = new AbortController();
  const waiting = ends.wait("trm_1", leaving.signal);
  while (now() < 120_000) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort(new Error("nobody waits any more"));
  await expect(waiting).rejects.toThrow("nobody waits any more");
  expect(asked()).toBeGreaterThan(50);
});
