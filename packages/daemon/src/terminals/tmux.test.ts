/** What is surely not there, and what is only not known. */
import { expect, test } from "vitest";
import type { Host, RunResult } from "@skein/sdk";
import { listPanes } from "./panes.ts";
import { makeTmux } from "./tmux.ts";

const hostOf = (given: {
  readonly program: string | null;
  readonly files?: readonly string[];
  readonly out?: string;
}) => {
  const asked: (readonly string[])[] = [];
  const host = {
    id: "local",
    home: "/home/ada/.skein",
    environment: async () => ({}),
    which: async () => given.program,
    files: { list: async () => (given.files ?? []).map((name) => ({ name })) },
    run: async (argv: readonly string[], { maxBytes = 0 }): Promise<RunResult> => {
      asked.push(argv);
      const stdout = Buffer.from(given.out ?? "")
        .subarray(0, maxBytes)
        .toString();
      return { exitCode: 0, signal: null, stdout, stderr: "", timedOut: false };
    },
  } as unknown as Host;
  return { tmux: makeTmux(host), asked };
};

test("without a tmux nothing is held; but where a server's socket stands, that is not known", async () => {
  expect(await listPanes(hostOf({ program: null }).tmux)).toEqual({ panes: [] });
  const { tmux } = hostOf({ program: null, files: ["skein.sock", "tmux"] });
  expect(await listPanes(tmux)).toMatchObject({ is: "unknown" });
});

test("a listing that was cut says nothing of who is not on it", async () => {
  const line = `trm_1|0 trm_1|$4|%7|9|0|||20|3|${"x".repeat(199)}\n`;
  const whole = hostOf({ program: "/usr/bin/tmux", out: line.repeat(1_000) });
  expect(await listPanes(whole.tmux)).toMatchObject({ panes: { length: 1_000 } });
  expect(whole.asked[0]!.at(-1)).toContain("#{=256:pane_title}");
  const most = 4 * 1024 * 1024;
  for (const out of [line.repeat(most / line.length + 1), line.repeat(3).slice(0, -1)])
    expect(await listPanes(hostOf({ program: "/usr/bin/tmux", out }).tmux)).toMatchObject({
      is: "unknown",
    });
});
