import { expect, test } from "vitest";
import type { Engine } from "./words.ts";
import { containerName, insideEnv, runWords, type Run } from "./words.ts";

const engine: Engine = {
  kind: "docker",
  command: ["/usr/bin/docker"],
  version: "28",
  identity: [],
};

const run = (over: Partial<Run> = {}): readonly string[] =>
  runWords({
    engine,
    container: { image: "agents:1", network: "default" },
    options: [],
    place: { folder: "/srv/shop", own: "/state/containers/ses_1" },
    mounts: ["/srv/shop"],
    name: "skein-ses_1-1",
    labels: {},
    folder: "/srv/shop",
    variables: ["ANTHROPIC_API_KEY"],
    tty: false,
    argv: ["claude", "-p"],
    ...over,
  });

test("values of the environment never stand in an argument, but for the agent's own HOME", () => {
  const values = run().filter((word) => word.startsWith("--env="));
  expect(values).toEqual(["--env=ANTHROPIC_API_KEY", "--env=HOME=/state/containers/ses_1/home"]);
});

test("what belongs to the host's paths stays outside", () => {
  const env = { PATH: "/bin", HOME: "/root", CODEX_HOME: "/c", CLAUDE_CONFIG_DIR: "/d", LANG: "C" };
  expect(insideEnv(env)).toEqual({ LANG: "C" });
});

test("the program and its arguments come last, after the image, whatever they are", () => {
  expect(run({ argv: ["--privileged", "x"] }).slice(-3)).toEqual(["agents:1", "--privileged", "x"]);
});

test("limits and network are what was asked for, and nothing where nothing was", () => {
  expect(run().join(" ")).not.toMatch(/--network|--cpus|--memory/);
  const container = { image: "a", network: "none", cpus: 1.5, memoryMiB: 512 } as const;
  expect(run({ container })).toEqual(
    expect.arrayContaining(["--network=none", "--cpus=1.5", "--memory=512m"]),
  );
});

test("a name that an owner gives is a name that engines take", () => {
  expect(containerName({ session: "codex:/x y", generation: 0 })).toBe("skein-codex--x-y-0");
});
