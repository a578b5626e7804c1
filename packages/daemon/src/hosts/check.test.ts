import { isAdapterFailure, type Clock, type Host, type RunResult } from "@skein/sdk";
import { describe, expect, test } from "vitest";
import { checkHost } from "./check.ts";

const NOW = Date.parse("2026-03-01T08:00:00.000Z");
const GIB = 1024 ** 3;

const makeClock = (): Clock => {
  let now = 0;
  return { now: () => NOW + now, monotonic: () => (now += 20), after: () => () => undefined };
};

const ran = (stdout: string, over: Partial<RunResult> = {}): RunResult => ({
  exitCode: 0,
  signal: null,
  stdout,
  stderr: "",
  timedOut: false,
  ...over,
});

const whole = [
  "system\tLinux x86_64",
  "tmux\ttmux 3.5a",
  "git\tgit version 2.47.3",
  `free\t${(50 * GIB) / 1024}`,
];

/** A host that answers with these lines; `date` is off by so much. */
const hostWith = (over: {
  readonly lines?: readonly string[];
  readonly stderr?: string;
  readonly skewMs?: number;
  readonly programs?: Readonly<Record<string, string>>;
}): {
  readonly host: Host;
  readonly trips: () => number;
  readonly tmux: () => string | undefined;
} => {
  const { lines = whole, stderr = "", skewMs = 0 } = over;
  const programs = over.programs ?? { claude: "2.1.197 (Claude Code)", codex: "codex-cli 0.169.0" };
  let trips = 0;
  let tmux: string | undefined;
  const host = {
    id: "cloud",
    home: "/home/me/.skein/far/1",
    environment: async () => ({ PATH: "/opt/bin:/usr/bin", HOME: "/home/me", SECRET: "no" }),
    which: async (name: string, path?: string) => {
      if (name === "tmux") return path?.startsWith("/opt") === true ? null : "/usr/bin/tmux";
      return name in programs ? `/opt/bin/${name}` : null;
    },
    run: async (argv: readonly string[], { env }: { env: Record<string, string> }) => {
      trips++;
      expect(env).toEqual({ PATH: "/opt/bin:/usr/bin", HOME: "/home/me" });
      if (argv[0] === "sh") {
        tmux = argv.at(-1);
        return ran(lines.join("\n"), { stderr });
      }
      if (argv[0] === "date") return ran(`${Math.floor((NOW + skewMs) / 1000)}\n`);
      return ran(programs[argv[0]?.split("/").at(-1) ?? ""] ?? "");
    },
  } as unknown as Host;
  return { host, trips: () => trips, tmux: () => tmux };
};

const sought = [
  { backend: "claude-code", command: ["claude"] as const },
  { backend: "codex", command: ["codex"] as const },
  { backend: "acp:gemini", command: ["gemini"] as const },
];

const engine = async () => ({ engine: "podman" as const, version: "5.4.2" });

const look = (over: Parameters<typeof hostWith>[0] = {}) =>
  checkHost(hostWith(over).host, sought, makeClock(), engine);

const messages = async (over: Parameters<typeof hostWith>[0]): Promise<string[]> =>
  (await look(over)).warnings.map(({ message }) => message);

describe("a host that is looked at", () => {
  test("says its system, its tools, its agents, its clock and its disk", async () => {
    expect(await look()).toMatchObject({
      system: "Linux x86_64",
      latencyMs: 20,
      tmux: { found: true, version: "3.5a" },
      git: { found: true, version: "2.47.3" },
      containers: { engine: "podman", version: "5.4.2" },
      agents: [
        { backend: "claude-code", command: "/opt/bin/claude", version: "2.1.197" },
        { backend: "codex", command: "/opt/bin/codex", version: "0.169.0" },
      ],
      clockSkewMs: 0,
      freeBytes: 50 * GIB,
      warnings: [],
    });
  });

  test("is asked few things: one for all of the system, the time, and each agent that is there", async () => {
    const { host, trips } = hostWith({});
    await checkHost(host, sought, makeClock(), engine);
    expect(trips()).toBe(4);
  });

  test("has the tmux that terminals are held by, also where the login's PATH does not lead to it", async () => {
    const { host, tmux } = hostWith({});
    await checkHost(host, sought, makeClock(), engine);
    expect(tmux()).toBe("/usr/bin/tmux");
  });

  test("without tmux, git or agents is told of, with what that means", async () => {
    const told = await messages({ lines: ["system\tLinux x86_64"], programs: {} });
    expect(told).toEqual([
      expect.stringMatching(/^There is no tmux, so no terminals .* tui\.$/),
      expect.stringMatching(/no git/),
      expect.stringMatching(/No agent was found/),
    ]);
  });

  test.each([
    [3_600_000, "Its clock is 60 min ahead."],
    [-3 * 24 * 3_600_000, "Its clock is 72 h behind."],
  ])("with a clock that is off by %d ms is told of", async (skewMs, said) => {
    expect(await messages({ skewMs })).toEqual([said]);
  });

  test("with a clock that is off by less than can be measured is not", async () => {
    expect((await look({ skewMs: 900 })).clockSkewMs).toBe(0);
    expect(await messages({ skewMs: 30_000 })).toEqual([]);
  });

  test("with little disk left is told of, and one that does not say how much is not", async () => {
    const lines = (free: string) => [...whole.slice(0, -1), `free\t${free}`];
    expect(await messages({ lines: lines(String(200 * 1024)) })).toEqual([
      "Only 200 MiB are free on the disk of its state folder.",
    ]);
    expect((await look({ lines: lines("") })).freeBytes).toBeNull();
  });

  test("whose shell prints banners is understood all the same", async () => {
    const found = await look({ lines: ["Welcome!", "", ...whole, "bye\tbye"] });
    expect(found).toMatchObject({ system: "Linux x86_64", tmux: { found: true } });
  });

  test("that is no machine with a shell is refused, in its own words", async () => {
    const failure = await look({ lines: [], stderr: "x\nThis account is disabled." }).catch(
      (error: unknown) => error,
    );
    expect(isAdapterFailure(failure) && failure.failure.code).toBe("host_unusable");
    expect(String(failure)).toMatch(/cloud .*: This account is disabled\.$/);
  });
});
