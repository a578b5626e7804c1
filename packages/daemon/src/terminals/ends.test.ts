/** When an end is told that tmux says nothing of, and that what is not known is no end. */
import { expect, test } from "vitest";
import type { Host, RunResult } from "@skein/sdk";
import { makeEnds } from "./ends.ts";
import { makeTmux } from "./tmux.ts";

const done = { exitCode: 0, signal: null, stdout: "", stderr: "", timedOut: false };
const said = (more: Partial<RunResult>): RunResult => ({ ...done, ...more });
const unburied = said({ stdout: "    9 ZNs\n" });
const gone = said({ exitCode: 1 });

type Pane = { dead: boolean; signal: string };

/** tmux holds one pane, of process 9, and its bell never rings. `ps`: what it says, one after the other, then the last of it. */
const open = (given: {
  readonly ps: readonly (RunResult | "out of reach")[];
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
    run: async (argv: readonly string[]): Promise<RunResult> => {
      if (argv[0] === "ps") {
        const answer = given.ps[Math.min(asked, given.ps.length - 1)]!;
        asked += 1;
        if (answer === "out of reach") throw new Error("out of reach");
        return answer;
      }
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

const alive = said({ stdout: "    9 Ss+\n" });
const never = new AbortController().signal;

test("a program that was killed and that tmux missed is told within two seconds, as tmux says once it was poked", async () => {
  const { ends, now } = open({
    ps: [alive, unburied],
    poked: (pane) => Object.assign(pane, { dead: true, signal: "9" }),
  });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(now()).toBeLessThanOrEqual(3_000);
});

test("one whose terminal is closed and that tmux has not buried is asked for at once", async () => {
  const { ends, now } = open({
    ps: [alive],
    pane: { dead: true },
    poked: (pane) => Object.assign(pane, { signal: "9" }),
  });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(now()).toBeLessThanOrEqual(200);
});

test("one that is gone has ended even where tmux goes on to call it alive", async () => {
  const { ends, now } = open({ ps: [gone] });
  expect(await ends.wait("trm_1", never)).toEqual({ exitCode: null, signal: null });
  expect(now()).toBeLessThanOrEqual(5_000);
});

test.each([
  ["that is out of reach", "out of reach"],
  ["that is too slow", said({ exitCode: null, timedOut: true })],
  ["without a ps", said({ exitCode: 127, stderr: "ps: not found" })],
  ["whose ps knows other options", said({ exitCode: 1, stderr: "ps: unrecognized option" })],
  ["whose link fails", said({ exitCode: 255 })],
  ["where it runs", alive],
] as const)("nothing has ended on a host %s", async (_, answer) => {
  const { ends, now, asked } = open({ ps: [answer] });
  const leaving = new AbortController();
  const waiting = ends.wait("trm_1", leaving.signal);
  while (now() < 120_000) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort(new Error("nobody waits any more"));
  await expect(waiting).rejects.toThrow("nobody waits any more");
  expect(asked()).toBeGreaterThan(50);
});
