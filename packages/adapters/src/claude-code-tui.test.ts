/** The TUI mode on real files, real hooks and a real process, with a stand-in for the program and its terminal. */
import { lstat, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hostAway } from "@skein/sdk";
import { decided } from "@skein/sdk/testkit";
import { expect, test, vi } from "vitest";
import { makeHome, turnLeft, typed, texts, words } from "./claude-code-tui-home.testkit.ts";

test("it starts without a question, answers, tells what it used, and ends on request", async () => {
  await using home = await makeHome();
  const own = { theme: "dark", projects: { "/elsewhere": { allowedTools: ["x"] } } };
  await writeFile(join(home.config, ".claude.json"), JSON.stringify(own));
  const rig = await home.started();
  const seeded = JSON.parse(await readFile(join(home.config, ".claude.json"), "utf8")) as object;
  expect(seeded).toEqual({
    theme: "dark",
    hasCompletedOnboarding: true,
    projects: {
      "/elsewhere": { allowedTools: ["x"] },
      [join(home.home, "work")]: { hasTrustDialogAccepted: true },
    },
    customApiKeyResponses: { approved: ["an-twenty-characters"], rejected: [] },
  });
  await rig.link.prompt(words("SAY hello"));
  expect(await rig.next("turn-ended")).toMatchObject({
    turn: "trn_1",
    outcome: "completed",
    error: null,
    usage: { model: "claude-test", inputTokens: 10, outputTokens: 5, cacheReadTokens: 2 },
  });
  expect(texts(rig.facts)).toEqual(["message: hello", "ended completed"]);
  expect((await rig.next("provider-session")).providerSessionId).toBe(home.tui.id);
  await rig.link.stop({ force: false });
  expect(await rig.next("exited")).toMatchObject({ expected: true, reason: "stopped on request" });
  expect(await home.host.owners()).toEqual([]);
});

test("a start whose host goes away in the middle has not failed: it rejects, and the next one starts", async () => {
  await using home = await makeHome();
  const cut = { ...home.terminals, open: () => Promise.reject(hostAway("far")) };
  const rig = await home.rig({}, cut);
  await expect(rig.link.start()).rejects.toMatchObject({ failure: { code: "host_unreachable" } });
  expect(rig.facts).toEqual([]);
  await rig.kill();
  await home.started({ checkpoint: rig.checkpoint() });
});

test("a key that the person said no to stays refused, and a configuration that is no JSON is left as it is", async () => {
  await using home = await makeHome();
  const rejected = ["an-twenty-characters"];
  const file = join(home.config, ".claude.json");
  await writeFile(file, JSON.stringify({ customApiKeyResponses: { rejected } }));
  await home.started();
  const seeded = JSON.parse(await readFile(file, "utf8")) as object;
  expect(seeded).toMatchObject({ customApiKeyResponses: { rejected } });
  expect(JSON.stringify(seeded)).not.toContain("approved");
});

test("a configuration behind a link is written where it is, and the link stays", async () => {
  await using home = await makeHome();
  const [file, dotfile] = [join(home.config, ".claude.json"), join(home.home, "dotfile")];
  await writeFile(dotfile, JSON.stringify({ theme: "dark" }));
  await symlink("../dotfile", file);
  await home.started();
  expect((await lstat(file)).isSymbolicLink()).toBe(true);
  expect(JSON.parse(await readFile(dotfile, "utf8"))).toMatchObject({
    theme: "dark",
    hasCompletedOnboarding: true,
  });
});

test("while another one holds the configuration's lock nothing is written, and the failure says so", async () => {
  await using home = await makeHome(20);
  const file = join(home.config, ".claude.json");
  const own = JSON.stringify({ theme: "dark" });
  await writeFile(file, own);
  await mkdir(`${file}.lock`);
  const rig = await home.rig();
  await rig.link.start();
  const { message, remedy } = await rig.next("start-failed");
  expect(message).toContain("could not be written");
  expect(remedy).toContain(".claude.json.lock");
  expect(await readFile(file, "utf8")).toBe(own);
  expect((await lstat(`${file}.lock`)).isDirectory()).toBe(true);
  expect(await home.host.owners()).toEqual([]);
});

test("what a person types is a turn of theirs; a prompt that comes then is not typed into it, and given once", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  typed(home.tui, "TALK");
  const { key, text } = await rig.next("begun");
  expect(text).toBe("TALK");
  // The daemon does not know of it yet, and hands over what waits.
  await rig.link.prompt(words("SAY mine", 1));
  await rig.link.interrupt({ turn: key });
  expect(await rig.next("turn-ended")).toMatchObject({ turn: key, outcome: "interrupted" });
  await rig.link.prompt(words("SAY mine", 2, 1));
  expect(await rig.next("turn-ended")).toMatchObject({ turn: "trn_2", outcome: "completed" });
  expect(home.tui.heard).toEqual(["TALK", "SAY mine"]);
});

test("a prompt that the TUI had put behind a person's turn is not typed again", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const { tui } = home;
  // At the very moment of the paste someone presses Enter on words of their own.
  tui.onPaste = () => typed(tui, "TALK");
  const giving = rig.link.prompt(words("SAY mine"));
  const { key } = await rig.next("begun");
  await giving;
  expect(tui.queue).toEqual(["SAY mine"]);
  await rig.link.interrupt({ turn: key });
  expect((await rig.next("turn-ended")).turn).toBe(key);
  await rig.link.prompt(words("SAY mine", 2, 1));
  expect((await rig.next("accepted")).turn).toBe("trn_2");
  expect((await rig.next("turn-ended")).turn).toBe("trn_2");
  expect(tui.heard).toEqual(["TALK", "SAY mine"]);
});

test("interrupted before its first word a prompt stands in the input line again: the next one comes alone", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  for (const number of [1, 2]) {
    await rig.link.prompt(words("WAIT\nfor it", number));
    await rig.link.interrupt({ turn: `trn_${number}` });
    expect((await rig.next("turn-ended")).outcome).toBe("interrupted");
  }
  await rig.link.prompt(words("SAY next", 3));
  await rig.next("turn-ended");
  expect(home.tui.heard).toEqual(["WAIT\nfor it", "WAIT\nfor it", "SAY next"]);
  // Twice within a second it would have ended the program.
  expect(home.tui.pressed).not.toContain("C-c");
  expect(home.tui.menus).toBe(0);
});

test("a draft that someone has begun is cleared whole, also one for the shell", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const { tui } = home;
  for (const [index, draft] of ["", "one\ntwo\nthree", "! rm -rf old"].entries()) {
    tui.input = draft;
    await rig.link.prompt(words(`SAY ${index}`, index + 1));
    await rig.next("turn-ended");
  }
  expect(tui.heard).toEqual(["SAY 0", "SAY 1", "SAY 2"]);
  expect(tui.menus).toBe(0);
});

test("an API that refuses fails the turn, with what it said", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const failure = async (number: number, code: number) => {
    await rig.link.prompt(words(`FAIL ${code}`, number));
    return (await rig.next("turn-ended")).error;
  };
  expect(await failure(1, 500)).toMatchObject({ kind: "api", message: "API Error: 500" });
  expect(await failure(2, 429)).toMatchObject({ kind: "limit" });
  expect(await failure(3, 401)).toMatchObject({ kind: "login" });
});

test("a daemon that dies with a turn or a request open: the next one reads on, no word twice, and answers", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.prompt(words("RUN make"));
  const { request, approval } = await first.next("asked");
  await first.kill();
  const second = await home.rig({
    checkpoint: first.checkpoint(),
    turn: turnLeft("RUN make", true),
  });
  expect(await second.link.attach()).toBe("alive");
  await second.link.answer({ request, approval, resolution: decided("allow") });
  expect(await second.next("turn-ended")).toMatchObject({ turn: "trn_1", outcome: "completed" });
  expect(texts([...first.facts, ...second.facts])).toEqual([
    "command running",
    "command done",
    "message: done",
    "ended completed",
  ]);
  expect(home.tui.starts).toBe(1);
});

test("a prompt that was typed when the daemon died is not typed again; one that was not is", async () => {
  await using home = await makeHome();
  const { tui } = home;
  const first = await home.started();
  const before = first.checkpoint();
  await first.link.prompt(words("SAY once"));
  await first.next("turn-ended");
  await first.kill();
  // As if nothing of that had been recorded but that it was about to be typed.
  const { state } = before as { state: object };
  const given = {
    ...words("SAY once"),
    pasted: true,
    returned: false,
    promptId: null,
    strangers: 0,
  };
  const second = await home.rig({
    checkpoint: { ...(before as object), state: { ...state, given } },
    turn: turnLeft("SAY once", false),
  });
  await second.link.attach();
  await second.link.prompt(words("SAY once"));
  expect((await second.next("turn-ended")).turn).toBe("trn_1");
  expect(tui.heard).toEqual(["SAY once"]);
  await second.kill();

  const third = await home.rig({ checkpoint: second.checkpoint() });
  await third.link.attach();
  tui.input = "half a line of the last da";
  await third.link.prompt(words("SAY twice", 2));
  await third.next("turn-ended");
  expect(tui.heard).toEqual(["SAY once", "SAY twice"]);
});

test("a death is told at once; one that nobody saw, by the next daemon, after its last words", async () => {
  await using home = await makeHome();
  const seen = await home.started();
  home.tui.child?.kill("SIGKILL");
  expect(await seen.next("exited")).toMatchObject({
    expected: false,
    unwitnessed: false,
    signal: "SIGKILL",
  });

  const unseen = await home.started({ generation: 2 });
  await unseen.kill();
  typed(home.tui, "SAY last words");
  await vi.waitUntil(() => home.tui.heard.includes("SAY last words") && !home.tui.busy);
  home.tui.child?.kill("SIGKILL");
  await vi.waitUntil(() => home.tui.exit !== null);
  const later = await home.rig({ generation: 2, checkpoint: unseen.checkpoint() });
  expect(await later.link.attach()).toBe("dead");
  expect(await later.next("exited")).toMatchObject({ unwitnessed: true });
  expect(texts(later.facts)).toEqual([
    "begun: SAY last words",
    "message: last words",
    "ended completed",
  ]);
});

test("who leaves it at rest has ended it, who does so in the middle of a turn has not", async () => {
  await using home = await makeHome();
  for (const [index, isAtWork] of [false, true].entries()) {
    const left = Promise.withResolvers<{ exitCode: number; signal: null }>();
    const terminals = { ...home.terminals, ended: () => left.promise };
    const rig = await home.rig({ generation: index + 1 }, terminals);
    await rig.link.start();
    await rig.next("started");
    if (isAtWork) await rig.link.prompt(words("TALK"));
    left.resolve({ exitCode: 0, signal: null });
    const reason = "Claude Code was ended at its terminal.";
    expect(await rig.next("exited")).toMatchObject({ expected: !isAtWork, reason });
  }
});

test("a fork's first turn, whose end stands before its beginning, ends all the same, and the copied history is not told", async () => {
  await using home = await makeHome();
  const original = await home.started();
  await original.link.prompt(words("SAY old"));
  const { providerSessionId } = await original.next("provider-session");
  await original.next("turn-ended");
  await original.link.stop({ force: true });

  const options = {
    id: "ses_fork",
    generation: 2,
    how: "fork",
    forkFrom: providerSessionId,
  } as const;
  const fork = await home.started(options);
  home.tui.late = [
    `${JSON.stringify({ type: "assistant", message: { id: "m", model: "c", content: [{ type: "text", text: "old" }] } })}\n`,
  ];
  await fork.link.prompt(words("SAY new", 2));
  expect((await fork.next("turn-ended")).outcome).toBe("completed");
  expect(texts(fork.facts)).toEqual(["message: new", "ended completed"]);
  expect((await fork.next("provider-session")).providerSessionId).not.toBe(providerSessionId);
});

test("a conversation that is gone begins anew with a warning", async () => {
  await using home = await makeHome();
  const gone = "00000000-0000-4000-8000-000000000000";
  const rig = await home.started({ how: "resume", providerSessionId: gone });
  expect((await rig.next("notice")).text).toContain("remembers nothing");
  await rig.link.prompt(words("SAY hello"));
  expect((await rig.next("turn-ended")).outcome).toBe("completed");
});

test("a start whose configuration another one wrote over is made again", async () => {
  await using home = await makeHome();
  home.tui.forgets = 1;
  await home.started();
  expect(home.tui.starts).toBe(2);
});
