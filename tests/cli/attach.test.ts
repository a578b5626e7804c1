/** Skein's terminals in a person's own window: the real command line, the real daemon, tmux as the window. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openHouse, type House } from "../scenarios/house.ts";
import { untilTrue } from "../scenarios/processes.ts";
import { fakeClaudeBackend } from "../daemon/fixtures.ts";
import { openPerson, type Person } from "./person.ts";
import { MAIN, skein, type Ran } from "./run-skein.ts";

let house: House;
const people: Person[] = [];
let count = 0;

beforeAll(async () => {
  house = await openHouse({
    config: async (place) => ({ backends: { "claude-code": await fakeClaudeBackend(place) } }),
  });
});
afterEach(() => {
  for (const person of people.splice(0)) person.close();
});
afterAll(() => house.close());

const person = (columns: number, rows: number): Person => {
  const one = openPerson(house.place, house.home, `person-${(count += 1)}`, [columns, rows]);
  people.push(one);
  return one;
};
const run = (...words: readonly string[]): Promise<Ran> => skein(words, { home: house.home });

/** A shell that stands alone, ready for what is typed. */
const shell = async (): Promise<string> => {
  const argv = ["/usr/bin/env", "PS1=% ", "/bin/sh"];
  const { terminal } = await house.call("terminals.open", { folder: house.place, argv });
  return terminal.id;
};

test("a session's terminal is opened, typed into, left, and goes on", async () => {
  const folder = await house.folder("project");
  const { session } = await house.call("sessions.create", { folder, name: "fizz-top" });
  const me = person(90, 24);
  me.type("echo before");
  await me.sees(/^before/m);
  me.skein(`attach ${session.name}`);
  await untilTrue("it is attached", me.onSecondScreen);
  me.type("pwd; echo sum-$((1+1))");
  const seen = await me.sees(/^sum-2/m);
  expect(seen).toContain(folder);
  me.type("stty size");
  await me.sees(/^24 90/m);
  me.keys("C-\\", "C-\\");
  expect(await me.sees(/goes on/)).toMatch(
    /Detached; fizz-top goes on\. Back with: skein attach fizz-top/,
  );
  expect(me.onSecondScreen()).toBe(false);
  me.type("stty -a | grep -c ' -icanon'; echo raw-$?");
  await me.sees(/raw-1/);
  const { terminals } = await house.call("terminals.list", { session: session.id });
  expect(terminals).toMatchObject([{ session: session.id, runs: "shell", state: "running" }]);
});

test("the window's size is the terminal's, also when it changes", async () => {
  const id = await shell();
  const me = person(100, 30);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  me.type("stty size");
  await me.sees(/^30 100/m);
  me.type(`until [ "$(stty size)" = "20 70" ]; do sleep 0.02; done; clear; stty size`);
  await me.sees(/until/);
  me.resize(70, 20);
  expect(await me.sees(/^20 70/m)).not.toContain("30 100");
});

test("who did not type last sees the top left part, or room around it; typing changes that", async () => {
  const id = await shell();
  const [writer, small, large] = [person(80, 20), person(40, 10), person(100, 30)];
  writer.skein(`attach ${id}`);
  await writer.sees(/^%/m);
  writer.type("clear; seq 1 15; printf '%070d\\n' 7");
  await writer.sees(/0{60}7/);
  small.skein(`attach ${id} --read-only`);
  const part = await small.sees(/80x20/);
  expect(part.split("\n").slice(0, 9)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(part.split("\n")[9]).toMatch(/^trm_\w+… · 80x20.* leaves/);
  large.skein(`attach ${id}`);
  const whole = (await large.sees(/80x20/)).split("\n");
  expect(whole.slice(14, 16)).toEqual(["15", `${"0".repeat(69)}7`]);
  expect(whole[29]).toContain("80x20");
  large.type("clear; stty size");
  await large.sees(/^30 100/m);
  expect(await large.sees(/^30 100/m)).not.toContain("80x20");
  await writer.sees(/100x30/);
  await small.sees(/100x30/);
});

test("a viewer types nothing, and leaves with the same keys", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.skein(`attach ${id} --read-only`);
  await me.sees(/^%/m);
  me.type("echo typed");
  const { terminal } = await house.call("terminals.screen", { terminal: id });
  expect(terminal.viewers).toBe(1);
  await house.call("terminals.type", { terminal: id, text: "echo by another", enter: true });
  expect(await me.sees(/^by another/m)).not.toContain("echo typed");
  me.keys("C-\\", "C-\\");
  await me.sees(/Detached/);
});

test("other keys may leave it, and Ctrl-\\ once is a key like any other", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.skein(`attach ${id} --detach-keys 'C-q x'`);
  await me.sees(/^%/m);
  me.type("trap 'echo quit-key' QUIT; sleep 1000");
  await me.sees(/sleep 1000/);
  me.keys("C-\\");
  await me.sees(/quit-key|Quit/);
  me.keys("C-q", "x");
  expect(await me.sees(/Detached/)).toContain(id);
});

test("the daemon is killed and comes back: said, and gone on where it was", async () => {
  const id = await shell();
  const me = person(90, 20);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  me.type("echo one");
  await me.sees(/^one/m);
  await house.kill9();
  expect(await me.sees(/Trying again/)).toContain("one");
  await house.restart();
  await untilTrue("it is said no more", () => !me.screen().includes("Trying again"), 20_000);
  me.type("echo two-$((1+1))");
  expect(await me.sees(/^two-2/m)).toContain("one");
});

/** The pid of the one that shows this terminal. */
const clientOf = (id: string): number => {
  const pid = readdirSync("/proc").find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      return words.includes("attach") && words.includes(id);
    } catch {
      return false;
    }
  });
  return Number(pid);
};

test("killed with -9 it leaves the window as it was", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.type("echo before; saved=$(stty -g)");
  await me.sees(/^before/m);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  execFileSync("kill", ["-9", String(clientOf(id))]);
  await untilTrue("the first screen is back", () => !me.onSecondScreen());
  me.type('[ "$saved" = "$(stty -g)" ] && echo as-it-was');
  expect(await me.sees(/^as-it-was/m)).not.toMatch(/^%/m);
});

test("its program's end is shown, and Enter leaves", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  me.type("exit 3");
  await me.sees(/ended \(exit code 3\): Enter leaves/);
  me.keys("Enter");
  expect(await me.sees(/Detached/)).toContain(id);
});

test("closed by someone else it ends, and says so", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.skein(`attach ${id}; echo exit-$?`);
  await me.sees(/^%/m);
  expect(await run("terminal", "close", id)).toMatchObject({ code: 0 });
  expect(await me.sees(/exit-0/)).toContain("was closed");
  expect(me.onSecondScreen()).toBe(false);
});

test("what a program asks of its terminal is answered once, and not by the person's; no clipboard is written", async () => {
  const id = await shell();
  const me = person(80, 20);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  me.type(
    `stty -icanon -echo; printf '\\033]52;c;ZXZpbA==\\007\\033[c'; head -c 7 | od -An -c; stty sane`,
  );
  await me.sees(/033 +\[ +\? +1 +; +2 +c/);
  me.type("echo still-$((1+1))");
  expect(await me.sees(/^still-2/m)).not.toMatch(/\?\d+;|ZXZpbA\n/);
});

test("what is pasted arrives as a paste where the program takes such, and as its lines elsewhere", async () => {
  const id = await shell();
  const me = person(120, 20);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  const raw = "stty -icanon -echo min 1";
  me.type(`${raw}; printf '\\033[?2004hwa'; echo its; head -c 19 | tr '\\n\\033' '/^'; stty sane`);
  await me.sees(/^waits/m);
  me.paste("one\ntwo");
  expect(await me.sees(/201~/)).toContain("^[200~one/two^[201~");
  me.type(
    `clear; ${raw}; printf '\\033[?2004lwa'; echo its; head -c 8 | tr '\\n\\033' '/^'; stty sane`,
  );
  await me.sees(/^waits/m);
  me.paste("one\ntwo!");
  expect(await me.sees(/two!/)).toMatch(/^one\/two!/m);
  me.keys("C-\\", "C-\\");
  await me.sees(/Detached/);
  me.type("cat");
  me.paste("back\nagain\n");
  expect(await me.sees(/again[^]*again/)).not.toContain("200~");
});

test("there is no such terminal, or no window: one sentence, and the window is left alone", async () => {
  const me = person(80, 20);
  me.skein("attach nobody-here; echo exit-$?");
  expect(await me.sees(/exit-1/)).toContain("no session");
  expect(me.onSecondScreen()).toBe(false);
  me.skein("attach trm_00000000000000000000000000; echo exit-$?");
  await me.sees(/exit-1/);
  const ran = await run("attach", "fizz-top");
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toContain("skein terminal show");
});

test("in the terminal itself it is refused: it would show itself for ever", async () => {
  const id = await shell();
  const me = person(90, 20);
  me.skein(`attach ${id}`);
  await me.sees(/^%/m);
  me.skein(`attach ${id}; echo exit-$?`);
  expect(await me.sees(/^exit-2/m)).toContain("already");
});

test("terminals from a script: open, type, show, list, close", async () => {
  const opened = await run("terminal", "open", "--folder", house.place, "-q", "--", "/bin/cat");
  const id = opened.stdout.trim();
  expect(id).toMatch(/^trm_/);
  expect(await run("terminal", "type", id, "$(hello) `you`", "--enter")).toMatchObject({ code: 0 });
  await untilTrue("it is shown", async () =>
    (await run("terminal", "show", id)).stdout.startsWith("$(hello) `you`\n$(hello) `you`"),
  );
  const listed = JSON.parse((await run("terminal", "list", "--json")).stdout) as {
    terminals: { id: string; argv: string[] }[];
  };
  expect(listed.terminals.find((one) => one.id === id)).toMatchObject({ argv: ["/bin/cat"] });
  expect((await run("terminal", "list")).stdout).toContain(id);
  expect((await run("terminal", "close", id)).stdout).toBe(`Closed terminal ${id}\n`);
  expect((await run("terminal", "list", "-q")).stdout).not.toContain(id);
  expect(await run("terminal", "show", id)).toMatchObject({ code: 1, stdout: "" });
  expect(await run("terminal", "open")).toMatchObject({ code: 2 });
});

test("a session that is created in a session's shell has that as its parent; in a terminal that stands alone, none", async () => {
  const folder = await house.folder("family");
  const { session } = await house.call("sessions.create", { folder, name: "mother" });
  const shellOf = await house.call("terminals.open", { session: session.id });
  const parentOf = async (terminal: string, name: string): Promise<string | null> => {
    const text = `${process.execPath} ${MAIN} create --name ${name} > ${name}.out 2>&1; echo over > ${name}.end`;
    await house.call("terminals.type", { terminal, text: `cd ${folder}; ${text}`, enter: true });
    await untilTrue("it is over", () => existsSync(join(folder, `${name}.end`)), 15_000);
    expect(readFileSync(join(folder, `${name}.out`), "utf8")).toBe(`Created session ${name}\n`);
    return (await house.call("sessions.get", { session: name })).session.parent;
  };
  expect(await parentOf(shellOf.terminal.id, "child")).toBe(session.id);
  expect(await parentOf(await shell(), "foundling")).toBe(null);
});

test("what stands behind -- is a program, also when it is one word and a session has its name", async () => {
  await house.call("sessions.create", { folder: house.place, name: "cat" });
  const opened = await run("terminal", "open", "--json", "--", "cat");
  const { terminal } = JSON.parse(opened.stdout) as { terminal: { argv: string[]; session: null } };
  expect(terminal).toMatchObject({ argv: ["cat"], session: null });
  for (const words of [
    ["cat", "--", "top"],
    ["cat", "top"],
    ["cat", "--folder", "/"],
  ])
    expect(await run("terminal", "open", ...words)).toMatchObject({ code: 2 });
});

test("a window that nobody gave a size is taken for one of 80x24", async () => {
  const folder = await house.folder("sizeless");
  const { session } = await house.call("sessions.create", { folder });
  const me = person(90, 24);
  me.type("stty rows 0 cols 0");
  me.skein(`attach ${session.name}`);
  await untilTrue("it is attached", me.onSecondScreen);
  me.type("stty size");
  await me.sees(/^24 80/m);
  me.keys("C-\\", "C-\\");
  expect(await me.sees(/goes on/)).toContain("Detached");
});

test("where tmux was killed, it is said how a terminal is opened again", async () => {
  const folder = await house.folder("killed");
  const { session } = await house.call("sessions.create", { folder, name: "lost-shell" });
  const { terminal } = await house.call("terminals.open", { session: session.id });
  const alone = await shell();
  const windows = [session.name, terminal.id, alone].map((ref) => {
    const me = person(100, 20);
    me.skein(`attach ${ref}`);
    return me;
  });
  for (const me of windows) await untilTrue("it is attached", me.onSecondScreen);
  await windows[2]!.sees(/^%/m);
  const socket = join(house.home, "run", "tmux");
  const pid = execFileSync("tmux", ["-S", socket, "display-message", "-p", "#{pid}"]);
  process.kill(Number(pid), "SIGKILL");
  expect(await windows[0]!.sees(/Open it/)).toContain("skein attach lost-shell");
  expect(await windows[1]!.sees(/Open it/)).toContain(`skein attach ${session.id}`);
  expect(await windows[2]!.sees(/Open another/)).toContain("skein terminal open");
  const me = windows[1]!;
  me.skein(`attach ${session.id}`);
  await untilTrue("it is open again", me.onSecondScreen);
});

test("of a terminal that there is not, a terminal is told", async () => {
  for (const words of [["show"], ["close"]]) {
    const { code, stderr } = await run("terminal", ...words, "trm_x");
    expect([code, stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/no terminal "trm_x"[^]*skein terminal list/),
    ]);
  }
});

test("a terminal is opened in a folder that is named from the current one", async () => {
  const cwd = await house.folder("from-here");
  mkdirSync(join(cwd, "below"));
  const opened = async (folder: string): Promise<string | undefined> => {
    const words = ["terminal", "open", "--quiet", "--folder", folder];
    const { stdout, stderr } = await skein(words, { home: house.home, cwd });
    expect(stderr).toBe("");
    const { terminals } = await house.call("terminals.list", {});
    return terminals.find(({ id }) => id === stdout.trim())?.folder;
  };
  expect(await opened(".")).toBe(cwd);
  expect(await opened("below")).toBe(join(cwd, "below"));
  expect(await opened(house.place)).toBe(house.place);
});
