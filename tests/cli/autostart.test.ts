/** `skein service` and `skein gateway install`, with a stand-in for systemctl that remembers what it was told. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { skein as run, plainEnv, type Ran } from "./run-skein.ts";
import { temporaryHome } from "./stub-daemon.ts";

let place: string;
let home: string;
let bin: string;
let state: string;
let unit: string;

const systemctl = (folder: string): string => `#!/bin/sh
cd '${folder}' || exit 1
echo "$*" >>calls
case "$2" in
  show) if [ -e no-bus ]; then echo 'Failed to connect to bus: No medium found' >&2; exit 1; fi ;;
  enable) : >enabled ;;
  restart) if [ -e broken ]; then echo 'Job failed. See the journal.' >&2; exit 1; fi; : >active ;;
  disable) rm -f enabled active ;;
  is-enabled) if [ -e enabled ]; then echo enabled; else echo disabled; exit 1; fi ;;
  is-active) if [ -e active ]; then echo active; else echo inactive; exit 3; fi ;;
esac
`;

beforeEach(() => {
  place = temporaryHome();
  home = join(place, ".skein");
  bin = join(place, "bin");
  state = join(place, "state of it");
  unit = join(place, ".config", "systemd", "user", "skein.service");
  for (const folder of [bin, state]) mkdirSync(folder);
  writeFileSync(join(bin, "systemctl"), systemctl(state));
  chmodSync(join(bin, "systemctl"), 0o755);
});
afterEach(() => {
  rmSync(place, { recursive: true, force: true });
});

const skein = (words: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(words, { home, env: { HOME: place, PATH: `${bin}:${process.env["PATH"]}`, ...env } });

const calls = (): string[] => readFileSync(join(state, "calls"), "utf8").trim().split("\n");
const set = (name: string): void => writeFileSync(join(state, name), "");
const unset = (name: string): void => unlinkSync(join(state, name));

test("installed, started, the same a second time, looked at and taken away", async () => {
  const installed = await skein(["service", "install"]);
  expect(installed).toMatchObject({ code: 0, stderr: "" });
  expect(installed.stdout).toContain(`Installed ${unit}\n`);
  expect(installed.stdout).toContain("loginctl enable-linger");
  expect(calls().filter((call) => !/ (show|is-\w+)/.test(call))).toEqual([
    "--user daemon-reload",
    "--user enable skein.service",
    "--user restart skein.service",
  ]);
  const text = readFileSync(unit, "utf8");
  const again = await skein(["service", "install"]);
  expect(again.stdout).toContain(`Installed already: ${unit}\n`);
  expect(readFileSync(unit, "utf8")).toBe(text);
  expect(calls().filter((call) => call.includes(" restart "))).toHaveLength(1);
  expect(JSON.parse((await skein(["service", "status", "--json"])).stdout)).toEqual({
    file: unit,
    found: "same",
    enabled: true,
    running: true,
    answers: false,
    port: null,
  });
  expect(await skein(["service", "uninstall"])).toMatchObject({
    code: 0,
    stdout: `Removed ${unit}\n`,
  });
  expect([existsSync(unit), existsSync(join(state, "enabled"))]).toEqual([false, false]);
  expect((await skein(["service", "uninstall"])).stdout).toBe("It is not installed\n");
});

/** A line of a unit as systemd reads it: quoted words, with its escapes. */
const words = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) =>
    word.replaceAll(/\\(.)/g, "$1").replaceAll("%%", "%").replaceAll("$$", "$"),
  );

test("what the unit says starts a daemon for its state folder, in a place with an odd name", async () => {
  const odd = join(place, 'a "b" 100% $HOME');
  mkdirSync(odd, { mode: 0o700 });
  const installed = await skein(["service", "install", "--port", "0", "--json"], {
    SKEIN_HOME: odd,
  });
  const { file } = JSON.parse(installed.stdout) as { file: string };
  expect(file).toMatch(/\/skein-[0-9a-f]{8}\.service$/);
  // Where systemd is, it has to find nothing wrong.
  const verified = spawnSync("systemd-analyze", ["verify", "--user", "--man=no", file], {
    env: { ...process.env, XDG_RUNTIME_DIR: place },
    encoding: "utf8",
  });
  expect([verified.error === undefined ? verified.status : 0, verified.stderr ?? ""]).toEqual([
    0,
    "",
  ]);
  const lines = readFileSync(file, "utf8").split("\n");
  const [program = "", ...args] = words(lines.find((line) => line.startsWith("ExecStart=")) ?? "");
  const env = Object.fromEntries(
    lines
      .filter((line) => line.startsWith("Environment="))
      .flatMap(words)
      .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
  );
  expect(env).toMatchObject({ SKEIN_HOME: odd, PATH: expect.stringContaining(bin) });
  const daemon = spawn(program, args, {
    env: { ...plainEnv(odd), HOME: place, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => daemon.stdout.once("data", resolve));
  // It does the work already, and not for the supervisor: the unit is there, and nothing is started twice.
  const beside = await skein(["service", "install"], { SKEIN_HOME: odd });
  expect(beside.stdout).toContain("The daemon runs.");
  unset("active");
  const byHand = await skein(["service", "install", "--force"], { SKEIN_HOME: odd });
  expect(byHand.stdout).toMatch(
    /A daemon runs already, by hand\..* skein down, then: systemctl --user start skein-/,
  );
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  expect((await skein(["down"], { SKEIN_HOME: odd })).code).toBe(0);
  expect(await ended).toBe(0);
});

test("a unit that a person changed, or wrote, is left alone, unless they force it", async () => {
  await skein(["service", "install"]);
  const changed = `${readFileSync(unit, "utf8")}Nice=5\n`;
  writeFileSync(unit, changed);
  for (const verb of ["install", "uninstall"]) {
    const refused = await skein(["service", verb]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^skein: .*skein\.service was changed after skein wrote it\. \[file_not_ours\]\n.*--force/,
      ),
    ]);
  }
  expect(readFileSync(unit, "utf8")).toBe(changed);
  writeFileSync(unit, "[Service]\nExecStart=/bin/true\n");
  expect((await skein(["service", "install"])).stderr).toContain("was not written by skein");
  expect((await skein(["service", "install", "--force"])).code).toBe(0);
  expect(readFileSync(unit, "utf8")).toContain("KillMode=process");
});

test("one of another version is replaced, and the daemon started anew", async () => {
  await skein(["service", "install"]);
  await skein(["service", "install", "--port", "9000"]);
  expect(readFileSync(unit, "utf8")).toContain('"up" "--port" "9000"');
  expect(calls().filter((call) => call.includes(" restart "))).toHaveLength(2);
});

test("what cannot be started leaves nothing behind", async () => {
  set("broken");
  const refused = await skein(["service", "install"]);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^skein: Starting skein\.service failed: Job failed\. See the journal\. \[/,
    ),
  ]);
  expect([existsSync(unit), existsSync(join(state, "enabled"))]).toEqual([false, false]);
});

test("where there is no systemd, or no user instance of it, that is said, and nothing is written", async () => {
  set("no-bus");
  const noBus = await skein(["service", "install"]);
  expect([noBus.code, noBus.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^skein: No systemd user instance can be reached here: Failed to connect to bus: .* \[no_supervisor\]\n.*enable-linger.*skein up --detach/,
    ),
  ]);
  const none = await skein(["service", "install"], { PATH: join(place, "nothing") });
  expect([none.code, none.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^skein: There is no systemd on this machine .* \[no_supervisor\]\n {2}Start the daemon with/,
    ),
  ]);
  expect(existsSync(unit)).toBe(false);
});

test("the gateway has a unit of its own, which remembers its port", async () => {
  const gateway = unit.replace("skein.service", "skein-gateway.service");
  expect((await skein(["gateway", "install", "--port", "6800"])).code).toBe(0);
  expect(readFileSync(gateway, "utf8")).toContain('"gateway" "--port" "6800"');
  expect(existsSync(unit)).toBe(false);
  expect(JSON.parse((await skein(["gateway", "status", "--json"])).stdout)).toMatchObject({
    file: gateway,
    found: "same",
    running: true,
    answers: false,
    port: 6800,
  });
  expect((await skein(["gateway", "status"])).stdout).toMatch(/^answers +no \(port 6800\)$/m);
  expect((await skein(["gateway", "uninstall"])).stdout).toBe(`Removed ${gateway}\n`);
});
