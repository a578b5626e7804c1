import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { install, status, uninstall } from "./install.ts";
import type { Ran, RunProgram } from "./program.ts";
import { launchd } from "./supervisor.ts";

const DOMAIN = "gui/501";
const LABEL = `${DOMAIN}/dev.skein.daemon`;

/** launchd as far as it is used: what is loaded, and what it was told. */
const makeFakeLaunchd = (broken = "") => {
  const calls: string[] = [];
  let loaded = false;
  const ran = (code: number, out = "", err = ""): Ran => ({ code, out, err });
  const run: RunProgram = async (program, ...args) => {
    const line = args.join(" ");
    calls.push(line);
    if (program !== "launchctl") throw new Error(program);
    if (args[0] === broken) return ran(5, "", "Bootstrap failed: 5: Input/output error");
    if (args[0] === "bootstrap") loaded = true;
    if (args[0] === "bootout") loaded = false;
    if (line === `print ${LABEL}`) return loaded ? ran(0, "state = running\n\tpid = 77") : ran(113);
    return ran(0);
  };
  return { run, calls };
};

const makePlace = (broken = "") => {
  const home = mkdtempSync(join(tmpdir(), "skein-launchd-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const fake = makeFakeLaunchd(broken);
  const supervisorFor = (...argv: string[]) =>
    launchd(
      { kind: "daemon", name: "skein", says: "Skein", argv, home, path: "/bin" },
      { HOME: home },
      fake.run,
      501,
    );
  return { ...fake, home, supervisorFor };
};

const free = { force: false, isTaken: async () => false };

test("launchd: installed, renewed, looked at and taken away", async () => {
  const { home, supervisorFor, calls } = makePlace();
  const supervisor = supervisorFor("node", "skein.js", "up");
  expect(await install(supervisor, free)).toMatchObject({ written: true, started: true });
  expect(supervisor.file).toMatch(/\/Library\/LaunchAgents\/dev\.skein\.daemon\.plist$/);
  expect(calls.filter((call) => call.startsWith("boot"))).toEqual([
    `bootstrap ${DOMAIN} ${supervisor.file}`,
  ]);
  expect(existsSync(join(home, "logs"))).toBe(true);
  expect(await status(supervisor)).toMatchObject({ found: "same", enabled: true, running: true });
  expect(await install(supervisor, free)).toMatchObject({ written: false, started: true });
  expect(calls.filter((call) => call.startsWith("boot"))).toHaveLength(1);
  const other = supervisorFor("node", "skein.js", "up", "--port", "9000");
  expect(await install(other, free)).toMatchObject({ written: true });
  expect(calls.filter((call) => call.startsWith("boot")).slice(1)).toEqual([
    `bootout ${LABEL}`,
    `bootstrap ${DOMAIN} ${supervisor.file}`,
  ]);
  expect(await uninstall(other, false)).toBe(true);
  expect([existsSync(other.file), calls.at(-1)]).toEqual([false, `bootout ${LABEL}`]);
  expect(await uninstall(other, false)).toBe(false);
});

test("launchd: what cannot be started leaves nothing behind, or what was there before", async () => {
  const { supervisorFor } = makePlace("bootstrap");
  const supervisor = supervisorFor("node", "skein.js", "up");
  await expect(install(supervisor, free)).rejects.toThrow("Bootstrap failed");
  expect(existsSync(supervisor.file)).toBe(false);
  writeFileSync(supervisor.file, "<plist/>");
  await expect(install(supervisor, free)).rejects.toThrow("was not written by skein");
  await expect(install(supervisor, { ...free, force: true })).rejects.toThrow("Bootstrap failed");
  expect(readFileSync(supervisor.file, "utf8")).toBe("<plist/>");
  expect(await status(supervisor)).toMatchObject({ found: "foreign" });
});

test("launchd: without a login at the screen it is said so, and nothing is written", async () => {
  const { supervisorFor } = makePlace("print");
  const supervisor = supervisorFor("node", "skein.js", "up");
  await expect(install(supervisor, free)).rejects.toThrow("launchd knows no login of yours here");
  expect(existsSync(supervisor.file)).toBe(false);
});
