/** Terminals as people use them: through a daemon of their own, over WebSockets, with a real tmux. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHouse, type House } from "../scenarios/house.ts";
import { isAlive } from "../scenarios/processes.ts";
import { fakeClaudeBackend } from "./fixtures.ts";
import { look, tmuxOf, tryToLook, type Viewer } from "./terminal-viewer.ts";

let house: House;
let tmux: ReturnType<typeof tmuxOf>;

beforeAll(async () => {
  house = await openHouse({
    config: async (place) => ({ backends: { "claude-code": await fakeClaudeBackend(place) } }),
    env: { SHELL: "/bin/bash" },
  });
  tmux = tmuxOf(house.home);
});

afterAll(async () => {
  await tmux.run("kill-server").catch(() => "");
  await house.close();
});

const plain = ["/bin/bash", "--norc", "--noprofile", "-i"];

const opened = async (
  size = { columns: 80, rows: 24 },
  argv: string[] = plain,
): Promise<string> => {
  const folder = await house.folder("terminal");
  const { terminal } = await house.call("terminals.open", { folder, argv, ...size });
  return terminal.id;
};

const prompted = (viewer: Viewer): boolean => /[$#]/.test(viewer.screen().join(""));

const same = async (viewer: Viewer, terminal: string): Promise<void> => {
  const pane = await tmux.paneOf(terminal);
  // What tmux has drawn is on its way to the viewer: asked for until both have come to rest.
  for (let tries = 0; tries < 40; tries += 1) {
    const seen = viewer.screen().join("\n");
    if (seen === (await tmux.screen(pane)).join("\n")) return;
    await pause(50);
  }
  expect(viewer.screen()).toEqual(await tmux.screen(pane));
};

test("two clients of different sizes see one screen; who typed last rules its size, the other is told", async () => {
  const terminal = await opened();
  const wide = await look(house.home, { ref: terminal, client: "wide", columns: 100, rows: 30 });
  const small = await look(house.home, { ref: terminal, client: "small", columns: 60, rows: 15 });
  expect(await small.frame("attached")).toMatchObject({ columns: 100, rows: 30, writer: "wide" });
  wide.type("echo from-$((40+2)); stty size\r");
  await Promise.all([wide.shows("from-42"), small.shows("30 100")]);
  // tmux tells a program of its new size some moments after it drew it.
  small.type("sleep 0.5; stty size\r");
  await wide.frame(
    "size",
    ({ columns, rows, writer }) => columns === 60 && rows === 15 && writer === "small",
  );
  await Promise.all([wide.shows("15 60"), small.shows("15 60")]);
  await Promise.all([same(wide, terminal), same(small, terminal)]);
  small.say({ type: "resize", columns: 1000, rows: 20 });
  await wide.frame("size", ({ columns }) => columns === 1000);
  wide.say({ type: "claim" });
  await small.frame("size", ({ columns, writer }) => columns === 100 && writer === "wide");
  await Promise.all([same(wide, terminal), same(small, terminal)]);
  wide.cut();
  await small.frame("size", ({ columns, writer }) => columns === 1000 && writer === "small");
});

/** From Ctrl-C until what runs there heard of it. */
const interrupt = async (viewer: Viewer, stopped: string): Promise<number> => {
  const began = Date.now();
  viewer.type("\u0003");
  // Written beside and renamed: whole as soon as it is there.
  await viewer.until(() => existsSync(stopped));
  return Number(await readFile(stopped, "utf8")) - began;
};

const trap = (stopped: string): string =>
  `trap "date +%s%3N > ${stopped}.part; mv ${stopped}.part ${stopped}; exit" INT`;

test("a flood holds nobody up, and Ctrl-C ends it within 100 ms; memory stays flat", async () => {
  const folder = await house.folder("flood");
  const terminal = await opened();
  const quick = await look(house.home, { ref: terminal, client: "quick" });
  const slow = await look(house.home, { ref: terminal, client: "slow", query: { readOnly: true } });
  await quick.until(prompted);
  slow.holdAcks();
  const rss = async (): Promise<number> =>
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${house.pid()}/status`, "utf8"))![1]) / 1024;
  const quiet: number[] = [];
  const took: number[] = [];
  const sizes: number[] = [];
  for (const flood of [1, 2, 3]) {
    const calm = join(folder, `calm-${flood}`);
    quick.type(`sh -c '${trap(calm)}; echo calm-$((${flood}+40)); while :; do sleep 1; done'\r`);
    await quick.shows(`calm-${flood + 40}`);
    quiet.push(await interrupt(quick, calm));
    const from = quick.received();
    const stopped = join(folder, `stopped-${flood}`);
    quick.type(`sh -c '${trap(stopped)}; yes 0123456789abcdefghijklmnop | head -c 2G'\r`);
    await quick.until(() => quick.received() > from + 3_000_000);
    sizes.push(await rss());
    took.push(await interrupt(quick, stopped));
  }
  // The machine may be busy with other tests: once is proof that nothing in between holds it up, and where nothing floods the
  // same takes its time too.
  expect(Math.min(...took)).toBeLessThan(100 + 5 * Math.min(...quiet));
  // The first one warms the daemon up.
  const [first = 0, ...later] = sizes;
  expect(Math.min(...later) - first).toBeLessThan(80);
  quick.type("echo after-$((1+1))\r");
  await quick.shows("after-2");
  await same(quick, terminal);
  slow.releaseAcks();
  await slow.frame("skipped");
  await slow.shows("after-2");
  await same(slow, terminal);
});

test("whoever comes back goes on at the byte where they were, and input that is sent again is typed once", async () => {
  const terminal = await opened();
  const first = await look(house.home, { ref: terminal, client: "one" });
  const seq = first.type("echo a$((1+1)) >> out\r");
  await first.frame("typed", (frame) => frame.seq === seq);
  await first.shows("out");
  const { stream, from } = first.place();
  first.cut();
  const other = await look(house.home, { ref: terminal, client: "two" });
  other.type("echo b$((1+1)) >> out\r");
  await other.shows("b$((1+1))");
  const again = await look(house.home, { ref: terminal, client: "one", query: { stream, from } });
  expect(await again.frame("attached")).toMatchObject({
    how: "resumed",
    offset: from,
    inputSeq: seq,
  });
  await again.until(() => again.raw().includes("b$((1+1))"));
  expect(again.snapshots()).toEqual([]);
  again.type("echo a$((1+1)) >> out\r", seq);
  await again.frame("typed", (frame) => frame.seq === seq);
  const last = again.type("cat out; echo all-$((2+2))\r", seq + 1);
  await again.frame("typed", (frame) => frame.seq === last);
  await other.shows("all-4");
  expect(other.screen().filter((line) => /^[ab]2$/.test(line))).toEqual(["a2", "b2"]);
  expect((await other.frame("attached")).inputSeq).toBeNull();
});

test("the same client attaching again replaces the first", async () => {
  const terminal = await opened();
  const first = await look(house.home, { ref: terminal, client: "tab" });
  const second = await look(house.home, { ref: terminal, client: "tab" });
  expect([await first.ended, (await first.frame("close")).reason]).toEqual([4003, "replaced"]);
  second.type("echo still-$((1+1))\r");
  await second.shows("still-2");
});

const fullScreen = String.raw`#!/bin/sh
i=0; while [ $i -lt 60 ]; do echo "scrolled line $i größe 日本"; i=$((i+1)); done
printf '\033[?1049h\033[2J\033[?1006;1002h\033[?25l\033]0;the <b>title</b>\007'
printf '\033[3;10r\033[1;7m\033[2;5Hreversed \033[38;2;10;20;30mcolours\033[m\033[12;1Hbottom of it'
printf '\033[6n\033[c\033[>c\033]11;?\007\033]52;c;cm0gLXJm\007\033]8;;file:///etc/passwd\007link\033]8;;\007'
read -r answer
printf '\033[r\033[?1049l'
echo "back, got $(printf %s "$answer" | wc -c)"
read -r more
`;

test("a full-screen program looks the same to who comes later; what it asks is answered once, by tmux", async () => {
  const folder = await house.folder("full");
  const program = join(folder, "full.sh");
  await writeFile(program, fullScreen, { mode: 0o755 });
  const { terminal } = await house.call("terminals.open", {
    folder,
    argv: [program],
    columns: 70,
    rows: 20,
  });
  const early = await look(house.home, { ref: terminal.id, client: "early" });
  await early.shows("bottom of it");
  const late = await look(house.home, {
    ref: terminal.id,
    client: "late",
    query: { readOnly: true },
  });
  await late.shows("bottom of it");
  expect((await late.frame("attached")).title).toBe("the <b>title</b>");
  await Promise.all([same(early, terminal.id), same(late, terminal.id)]);
  const questions = /\u001b\[(?:6n|c|>c)|\u001b\](?:52|11;\?)|file:|\u001b\[\?2004/;
  for (const viewer of [early, late]) {
    expect(viewer.answered()).toBe("");
    expect(`${viewer.raw()}${viewer.snapshots().join("")}`).not.toMatch(questions);
  }
  expect(late.snapshots()[0]).toContain("\u001b[?1049h");
  expect(late.snapshots()[0]).toContain("\u001b[?1002h");
  early.type("\r");
  await late.shows("back, got");
  await Promise.all([same(early, terminal.id), same(late, terminal.id)]);
});

test("a megabyte is pasted whole, and no byte of a paste is a key", async () => {
  const terminal = await opened({ columns: 80, rows: 24 }, [
    "/bin/sh",
    "-c",
    "stty raw -echo; echo ready; head -c 1000020 | md5sum; sleep 60",
  ]);
  const viewer = await look(house.home, { ref: terminal, client: "paster" });
  await viewer.shows("ready");
  const text = "0123456789".repeat(100_000);
  const seq = viewer.paste(
    `${text.slice(0, 500_000)}\u001b[201~\u0003\u0000${text.slice(500_000)}\u009b201~\ttab and\nnew lines\n\n`,
  );
  await viewer.frame("typed", (frame) => frame.seq === seq);
  const { createHash } = await import("node:crypto");
  const sum = createHash("md5").update(`${text}\ttab and\nnew lines\n\n`).digest("hex");
  await viewer.shows(sum);
  expect(viewer.paste("x".repeat(1_048_577)) > 0).toBe(true);
  expect(await viewer.ended).toBeGreaterThan(1000);
});

test("whoever may only look types nothing, resizes nothing", async () => {
  const terminal = await opened();
  const reader = await look(house.home, {
    ref: terminal,
    client: "r",
    columns: 33,
    rows: 11,
    query: { readOnly: true },
  });
  expect(await reader.frame("attached")).toMatchObject({
    readOnly: true,
    columns: 80,
    rows: 24,
    writer: null,
  });
  reader.type("touch typed\r");
  expect([await reader.ended, (await reader.frame("close")).reason]).toEqual([4009, "bad.frame"]);
  const resizer = await look(house.home, { ref: terminal, client: "r", query: { readOnly: true } });
  resizer.say({ type: "resize", columns: 40, rows: 10 });
  expect(await resizer.ended).toBe(4009);
  const { lines } = await house.call("terminals.screen", { terminal });
  expect(lines.join("\n")).not.toContain("touch");
});

test("a program's end is told with how it ended, and its last words stay", async () => {
  const terminal = await opened();
  const viewer = await look(house.home, { ref: terminal, client: "v" });
  viewer.type("echo last words; exit 7\r");
  expect((await viewer.frame("program")).program).toEqual({
    state: "ended",
    exitCode: 7,
    signal: null,
  });
  await viewer.shows("last words");
  viewer.type("x");
  expect((await viewer.frame("refused")).reason).toBe("ended");
  const { terminal: view } = await house.call("terminals.screen", { terminal });
  expect([view.state, view.exitCode]).toEqual(["ended", 7]);
  await house.call("terminals.close", { terminal });
  expect([await viewer.ended, (await viewer.frame("close")).reason]).toEqual([
    4001,
    "terminal.closed",
  ]);
  expect(await tryToLook(house.home, { ref: terminal })).toBe(404);
});

test("a program that is killed is told of soon, each time, whether or not a child holds its terminal", async () => {
  // tmux misses about one `cat` in three; it would be told after half a minute then.
  for (let round = 0; round < 8; round += 1) {
    const child = round % 4 === 0 ? "sleep 1000 &" : "";
    const argv = ["/bin/sh", "-c", `echo ready; ${child} exec cat`];
    const terminal = await opened({ columns: 80, rows: 24 }, argv);
    const viewer = await look(house.home, { ref: terminal, client: "v" });
    await viewer.shows("ready");
    const pane = await tmux.paneOf(terminal);
    const pid = Number(await tmux.run("display-message", "-p", "-t", pane, "#{pane_pid}"));
    const began = performance.now();
    process.kill(pid, "SIGKILL");
    const { program } = await viewer.frame("program");
    expect(program).toEqual({ state: "ended", exitCode: null, signal: "SIGKILL" });
    // It is 2 s, and the machine may be busy.
    expect(performance.now() - began).toBeLessThan(5_000);
    await house.call("terminals.close", { terminal });
  }
});

test("a session's terminal is a shell in its folder, the same each time, and goes with the session", async () => {
  const folder = await house.folder("session");
  const { session } = await house.call("sessions.create", { folder, name: "with-terminal" });
  expect(await tryToLook(house.home, { ref: "/api/sessions/with-terminal/terminal" })).toBe(404);
  const first = await house.call("terminals.open", { session: session.id });
  const second = await house.call("terminals.open", { session: "with-terminal" });
  expect(second.terminal).toMatchObject({
    id: session.id.replace("ses_", "trm_"),
    runs: "shell",
    session: session.id,
  });
  expect(second.terminal.id).toBe(first.terminal.id);
  const names = await tmux.run("list-sessions", "-F", "#{session_name}");
  expect(names.split("\n")).toContain(`aises-${session.id.slice(4)}`);
  const viewer = await look(house.home, {
    ref: "/api/sessions/with-terminal/terminal",
    client: "s",
  });
  viewer.type("pwd; echo $SKEIN_SESSION\r");
  await viewer.shows(first.terminal.id);
  await viewer.shows(folder.slice(-20));
  await house.call("sessions.delete", { session: session.id });
  expect((await viewer.frame("close")).reason).toBe("terminal.closed");
  expect(await tryToLook(house.home, { ref: "/api/tasks/17/terminal" })).toBe(404);
});

test("a terminal is opened again while somebody looks: all that tmux has of its program's last words was shown, and tmux lives on with all that it holds", async () => {
  const folder = await house.folder("anew");
  await house.call("sessions.create", { folder, name: "anew" });
  const open = () => house.call("terminals.open", { session: "anew" });
  const { terminal } = await open();
  const viewer = await look(house.home, { ref: terminal.id, client: "v" });
  const server = await tmux.server();
  const ended = (): number =>
    viewer.frames.filter((frame) => frame.type === "program" && frame.program.state === "ended")
      .length;
  await viewer.until(prompted);
  // Each time tmux has most likely thrown away some of what it had not written to the daemon. (It may throw away what it has not
  // read, too: that nobody has.)
  for (const round of [1, 2, 3, 4]) {
    const shown = viewer.snapshots().length;
    viewer.type("exec seq 20000\r");
    await viewer.until(() => ended() === round && viewer.snapshots().length > shown);
    await same(viewer, terminal.id);
    const until = viewer.snapshots().length;
    await open();
    await viewer.until(() => viewer.snapshots().length > until && prompted(viewer));
    viewer.type(`echo anew-$((${round}+50))\r`);
    await viewer.shows(`anew-${round + 50}`);
    await same(viewer, terminal.id);
  }
  expect(await tmux.server()).toBe(server);
});

test("what is typed by an operation goes in once for each client id", async () => {
  const terminal = await opened();
  const command = { terminal, text: "echo once-$((3+3))", enter: true, clientId: "again-1" };
  await house.call("terminals.type", command);
  await house.call("terminals.type", command);
  const viewer = await look(house.home, { ref: terminal, client: "v" });
  await viewer.shows("once-6");
  expect(viewer.screen().filter((line) => line === "once-6")).toHaveLength(1);
  await expect(house.call("terminals.open", { folder: "/nowhere" })).rejects.toMatchObject({
    problem: { code: "folder_not_found" },
  });
  await expect(house.call("terminals.open", { argv: ["no-such-program"] })).rejects.toMatchObject({
    problem: { code: "backend_not_installed" },
  });
});

/** Hundreds of processes and two daemons are started: on a machine with a load of 15 that alone took 40 s. */
const STARTS_MS = 120_000;

test(
  "daemons come and go: 20 panes live on, and every screen is as it was",
  async () => {
    const terminals = await Promise.all(
      Array.from({ length: 20 }, () => opened({ columns: 60, rows: 10 }, ["/bin/sh"])),
    );
    const viewer = await look(house.home, { ref: terminals[0]!, client: "v" });
    viewer.type("echo before-$((1+1))\r");
    await viewer.shows("before-2");
    const before = await tmux.pids();
    // Without any restart: what the same takes on this machine now.
    const calm = performance.now();
    const beside = await look(house.home, { ref: terminals[0]!, client: "beside" });
    beside.type("echo beside-$((1+1))\r");
    await beside.shows("beside-2");
    const usual = performance.now() - calm;
    beside.cut();
    for (const end of ["kill", "stop"]) {
      if (end === "kill") await house.kill9();
      else await house.down();
      await viewer.ended;
      await house.restart();
      expect(await tmux.pids()).toEqual(before);
      const began = performance.now();
      const again = await look(house.home, {
        ref: terminals[0]!,
        client: "v",
        query: viewer.place(),
      });
      expect(await again.frame("attached")).toMatchObject({ how: "snapshot", inputSeq: null });
      again.type(`echo ${end}-$((1+1))\r`);
      await again.shows(`${end}-2`);
      expect(performance.now() - began).toBeLessThan(1_000 + 10 * usual);
      await again.shows("before-2");
      await same(again, terminals[0]!);
    }
    const { terminals: listed } = await house.call("terminals.list", {});
    const states = listed.filter(({ id }) => terminals.includes(id)).map(({ state }) => state);
    expect(states).toEqual(terminals.map(() => "running"));
  },
  STARTS_MS,
);

test("what a crash left in tmux without a record is closed by the next daemon, and nothing else there", async () => {
  const kept = await opened({ columns: 60, rows: 10 }, ["/bin/sh"]);
  const stray = "trm_0000000000000000000000000a";
  await house.kill9();
  const startFile = join(house.home, "run", `${stray}.sh`);
  await writeFile(startFile, "export SECRET=1\n", { mode: 0o600 });
  await tmux.run("new-session", "-d", "-s", "stray", "sleep", "1000");
  await tmux.run("set-option", "-t", "=stray:", "@skein", stray);
  await tmux.run("set-option", "-t", "=stray:", "@skein-owner", `0 ${stray}`);
  await tmux.run("new-session", "-d", "-s", "a-persons-own", "sleep", "1000");
  await house.restart();
  const sessions = async (): Promise<string[]> =>
    (await tmux.run("list-sessions", "-F", "#{session_name}")).split("\n");
  // The files are cleared last.
  for (let tries = 0; tries < 200 && existsSync(startFile); tries += 1) await pause(50);
  expect(existsSync(startFile)).toBe(false);
  expect(await sessions()).not.toContain("stray");
  expect(await sessions()).toEqual(
    expect.arrayContaining(["a-persons-own", `aiterm-${kept.slice(4)}`]),
  );
});

test("a tmux that is stopped is not known, not dead: nothing is pruned, and all goes on when it does", async () => {
  const terminal = await opened();
  const viewer = await look(house.home, { ref: terminal, client: "v" });
  await viewer.until(prompted);
  const server = await tmux.server();
  const pids = await tmux.pids();
  process.kill(server, "SIGSTOP");
  try {
    const [{ terminals }, status] = await Promise.all([
      house.call("terminals.list", {}),
      tryToLook(house.home, { ref: terminal, client: "w" }),
    ]);
    expect(terminals.find(({ id }) => id === terminal)?.state).toBe("unknown");
    expect(status).toBe(503);
  } finally {
    process.kill(server, "SIGCONT");
  }
  viewer.type("echo again-$((1+1))\r");
  await viewer.shows("again-2");
  expect(await tmux.pids()).toEqual(pids);
});

test("a tmux that is killed is said so; its terminals are gone, can be opened again, and nothing else is harmed", async () => {
  const folder = await house.folder("killed");
  const { session } = await house.call("sessions.create", { folder, name: "beside" });
  const { terminal } = await house.call("terminals.open", { session: session.id });
  const viewer = await look(house.home, { ref: terminal.id, client: "v" });
  await viewer.until(prompted);
  const server = await tmux.server();
  process.kill(server, "SIGKILL");
  expect([await viewer.ended, (await viewer.frame("close")).reason]).toEqual([
    4002,
    "terminal.gone",
  ]);
  expect(isAlive(house.pid())).toBe(true);
  const { terminals } = await house.call("terminals.list", { session: session.id });
  expect(terminals.map(({ state }) => state)).toEqual(["gone"]);
  expect((await house.call("sessions.get", { session: session.id })).session.status.state).not.toBe(
    "failed",
  );
  const again = await house.call("terminals.open", { session: session.id });
  expect([again.terminal.id, again.terminal.state]).toEqual([terminal.id, "running"]);
  const anew = await look(house.home, { ref: terminal.id, client: "v" });
  anew.type("echo anew-$((1+1))\r");
  await anew.shows("anew-2");
});
