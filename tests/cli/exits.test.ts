/** Exit codes and the words of errors: what scripts and people go by when it does not go well. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SessionState } from "@skein/contract";
import { id } from "./fixtures.ts";
import { MAIN, plainEnv, skein as run, type RunOptions } from "./run-skein.ts";
import { startStub, temporaryHome, type StubDaemon } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

let daemon: StubDaemon;
beforeAll(async () => {
  daemon = await startStub(worldAnswers);
});
afterAll(() => daemon.close());

const skein = (words: readonly string[], options: Partial<RunOptions> = {}) =>
  run(words, { home: daemon.home, ...options });

describe.concurrent("wait and ask", () => {
  test("3 when someone has to decide, with what is asked and how to answer", async () => {
    const [waited, asked] = await Promise.all([
      skein(["wait", "lux-mid"]),
      skein(["ask", "ask-er", "well?"]),
    ]);
    expect([waited.code, waited.stderr]).toEqual([3, ""]);
    expect(waited.stdout).toMatch(
      /^lux-mid asks \(command\): Run a command \[apr_luxone0+, since \w+\]\n/,
    );
    expect(waited.stdout).toContain("\n  allow   skein approve lux-mid\n");
    expect([asked.code, asked.stderr]).toEqual([3, ""]);
    expect(asked.stdout).toContain("skein respond ask-er --answer 1");
  });

  test("124 when the time is over", async () => {
    expect(await skein(["wait", "busy", "-t", "2m"])).toEqual({
      code: 124,
      stdout: "",
      stderr:
        "skein: busy is still working after 2m\n" +
        "  busy: runs npm test\n" +
        "  Wait longer with -t, or stop the turn with: skein interrupt busy\n",
    });
    const { code } = await skein(["ask", "busy", "well?", "-t", "1"]);
    expect(code).toBe(124);
    expect(daemon.inputs("sessions.wait")).toContainEqual({
      sessions: ["busy"],
      until: "all",
      timeoutMs: 120_000,
    });
  });

  test("1 when a turn failed, in the agent's words with the remedy", async () => {
    const wanted = {
      code: 1,
      stderr: "skein: broken failed: Not logged in. [login]\n  Run claude and log in.\n",
    };
    expect(await skein(["wait", "broken"])).toMatchObject(wanted);
    expect(await skein(["wait", "broken", "fizz-top", "--any"])).toMatchObject(wanted);
    expect(await skein(["ask", "broken", "well?"])).toMatchObject({
      code: 1,
      stderr: "skein: Not logged in. [login]\n  Run claude and log in.\n",
    });
  });
});

describe.concurrent("1: what the daemon refuses is said in its words, with remedy and code", () => {
  test.each([
    [
      ["status", "ghost"],
      "There is no session ghost. [session_not_found]\n  See them with: skein list",
    ],
    [
      ["create", "--name", "taken"],
      "A session named taken is alive. [name_taken]\n  Choose another --name.",
    ],
    [
      ["create", "-p", "/nowhere/missing"],
      "There is no folder /nowhere/missing. [folder_not_found]\n  Make it first.",
    ],
    [
      ["rename", "fizz-top", "A_B"],
      "The name is not right: use lower-case letters, digits and hyphens, beginning and ending with a letter or digit. [invalid_input]\n  Correct it; skein help VERB says what the verb takes.",
    ],
    [
      ["list", "--state", "foo"],
      `The state is not right: choose one of ${SessionState.options.join(", ")}. [invalid_input]\n  Correct it; skein help VERB says what the verb takes.`,
    ],
    [["send", "fizz-top", ""], "The prompt is empty. [prompt_empty]\n  Say something."],
    [
      ["approve", id("apr", "twosecond")],
      "laptop allowed it a moment ago. [already_resolved]\n  There is nothing left to decide.",
    ],
    [
      ["status", "\u001b[31mghost"],
      "There is no session \\x1b[31mghost. [session_not_found]\n  See them with: skein list",
    ],
  ])("%j", async (words, said) => {
    expect(await skein(words)).toEqual({ code: 1, stdout: "", stderr: `skein: ${said}\n` });
  });

  test("NUL is carried to the daemon, which refuses it", async () => {
    const ran = await skein(["send", "fizz-top", "-"], { input: "a\0b" });
    expect(ran).toMatchObject({
      code: 1,
      stderr: "skein: The prompt holds a NUL byte. [prompt_is_binary]\n  Send text.\n",
    });
  });
});

describe.concurrent("1: what this side refuses", () => {
  test.each([
    [["send", "x", "-f", "/nowhere/at/all"], "There is no file /nowhere/at/all. [file_unreadable]"],
    [["send", "x", "-f", "/"], "/ is a folder. [file_unreadable]"],
    [["approve", "fizz-top"], "fizz-top waits for no decision. [approval_not_found]"],
    [["approve", "two-asks"], "two-asks waits for 2 decisions. [approval_ambiguous]"],
    [["approve", "ask-er"], "ask-er asks a question; it wants an answer. [answer_mismatch]"],
    [
      ["respond", "ask-er", "--answer", "Green"],
      "“Green” is none of the choices of “Which colour?”. [answer_mismatch]\n  Choose one of: 1) Red  2) Blue",
    ],
    [
      ["respond", "lux-mid", "--answer", "1"],
      "This is no question; it is allowed or denied. [answer_mismatch]",
    ],
  ])("%j", async (words, said) => {
    const ran = await skein(words);
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr.slice(0, said.length + 8)).toBe(`skein: ${said}\n`);
  });

  test.each([
    ["call", "sessions.delete", "--json", "{}"],
    ["call", "sessions.delete", "--json", '{"session": null}'],
    ["status", ""],
    ["send", "", "hi"],
    ["ask", "", "hi"],
    ["wait", ""],
    ["wait", "fizz-top", ""],
    ["kill", ""],
    ["logs", ""],
  ])("a session that is not named: %j %j %j %j", async (...words) => {
    const said = "The session is missing. [invalid_input]\n  Give a session's name or id.";
    expect(await skein(words)).toEqual({ code: 1, stdout: "", stderr: `skein: ${said}\n` });
  });

  test("a current folder that was removed", async () => {
    const cwd = temporaryHome();
    const [node, home] = [process.execPath, daemon.home];
    const child = spawnSync("/bin/sh", ["-c", `rmdir "${cwd}" && exec "${node}" "${MAIN}" list`], {
      cwd,
      env: plainEnv(home),
      encoding: "utf8",
    });
    expect([child.status, child.stdout, child.stderr]).toEqual([
      1,
      "",
      "skein: The current folder is gone. [folder_not_found]\n" +
        "  Change to one that exists, then run it again.\n",
    ]);
  });

  test("bytes that are no text", async () => {
    const ran = await skein(["send", "x", "-"], { input: new Uint8Array([0xff, 0xfe, 0x41]) });
    expect(ran.stderr).toMatch(/^skein: Standard input is not UTF-8 text\. \[prompt_is_binary\]\n/);
  });
});

describe.concurrent("2: a command line that makes no sense", () => {
  test.each([
    [["lsit"], "Unknown command 'lsit'.\n  Did you mean list? See all verbs with: skein help"],
    [["help", "aks"], "Unknown command 'aks'.\n  Did you mean ask? See all verbs with: skein help"],
    [["list", "--jsno"], "Unknown option '--jsno'.\n  Did you mean --json? See: skein help list"],
    [["send"], "Missing required argument 'ID'.\n  See: skein help send"],
    [["send", "x"], "No prompt was given.\n  Give TEXT, -f FILE, or - to read standard input."],
    [
      ["send", "x", "a text", "-f", "b"],
      "The prompt was given twice.\n  Give either TEXT or -f FILE.",
    ],
    [
      ["send", "x", "a", "--steer", "--interrupt"],
      "--steer and --interrupt exclude each other.\n  Choose one.",
    ],
    [
      ["create", "--permissions", "all"],
      "Option '--permissions <mode>' argument 'all' is invalid. Allowed choices are read-only, guarded, workspace, full.\n  See: skein help create",
    ],
    [
      ["wait", "x", "-t", "soon"],
      "Option '-t, --timeout <time>' argument 'soon' is invalid. Write seconds, or 30m, 2h.\n  See: skein help wait",
    ],
    [
      ["create", "-p", ""],
      "The folder is empty.\n  Give -p FOLDER, or no -p for the current folder.",
    ],
    [
      ["kill"],
      "It was not said which sessions to kill.\n  Give either IDs and --group, or --all, or --older-than AGE.",
    ],
    [
      ["kill", "x", "--all"],
      "Sessions were chosen in more than one way.\n  Give either IDs and --group, or --all, or --older-than AGE.",
    ],
    [
      ["respond", "x", "maybe"],
      "There is no decision 'maybe'.\n  Say allow, always or deny, or answer a question with --answer.",
    ],
    [
      ["call", "sessions.lst"],
      "There is no operation sessions.lst.\n  Did you mean sessions.list? See them all with: skein call --list",
    ],
    [
      ["call", "sessions.list", "--json", "[1]"],
      "The input is not a JSON object.\n  An operation takes {...}.",
    ],
    [["completion", "tcsh"], "There is no completion for 'tcsh'.\n  Choose bash, zsh or fish."],
    [
      ["up", "--port", "99999"],
      "Option '--port <number>' argument '99999' is invalid. A port is a whole number from 0 (any free one) to 65535.\n  See: skein help up",
    ],
    [["list", "--\u001b[2J"], "Unknown option '--\\x1b[2J'.\n  See: skein help list"],
  ])("%j", async (words, said) => {
    expect(await skein(words)).toEqual({ code: 2, stdout: "", stderr: `skein: ${said}\n` });
  });

  test.each([
    [{ SKEIN_URL: "ftp://x", SKEIN_TOKEN: "t" }, "SKEIN_URL is no http address: ftp://x"],
    [{ SKEIN_TOKEN: "a b" }, "SKEIN_TOKEN holds characters that no token has."],
    [{ SKEIN_URL: "http://127.0.0.1:1" }, "SKEIN_URL is set, but SKEIN_TOKEN is not."],
  ])("%j", async (env, said) => {
    const ran = await skein(["list"], { env });
    expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([2, `skein: ${said}`]);
  });
});

describe.concurrent("255: the daemon could not be reached", () => {
  test("no daemon: one sentence and the way to start one", async () => {
    const home = temporaryHome();
    for (const words of [
      ["list"],
      ["send", "x", "y"],
      ["wait", "x"],
      ["status"],
      ["call", "events.watch"],
    ])
      expect(await skein(words, { home })).toEqual({
        code: 255,
        stdout: "",
        stderr:
          `skein: No daemon is running for ${home}. [not_running]\n` +
          "  Start it with: skein up --detach\n",
      });
    rmSync(home, { recursive: true });
  });

  test("an address where nothing listens", async () => {
    const env = { SKEIN_URL: "http://127.0.0.1:1", SKEIN_TOKEN: "t" };
    const ran = await skein(["list"], { env });
    expect(ran.code).toBe(255);
    expect(ran.stderr).toMatch(
      /^skein: No daemon answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\./,
    );
  });

  test("down without a daemon has nothing to do", async () => {
    const home = temporaryHome();
    expect(await skein(["down"], { home })).toMatchObject({
      code: 0,
      stdout: `No daemon is running for ${home}.\n`,
    });
    rmSync(home, { recursive: true });
  });

  test("one that takes every request and is never heard of", { timeout: 60_000 }, async () => {
    const mute = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number };
    const env = { SKEIN_URL: `http://127.0.0.1:${port}`, SKEIN_TOKEN: "t" };
    const [listed, waited, made, sent] = await Promise.all([
      skein(["list"], { env }),
      skein(["wait", "lux-mid", "-t", "1"], { env }),
      skein(["token", "create", "another"], { env }),
      skein(["send", "lux-mid", "hi", "--client-id", "once"], { env }),
    ]);
    const waits = "skein: the daemon does not answer; waiting for it\n";
    const gone = "skein: The daemon does not answer. [no_answer]\n";
    for (const ran of [listed, waited])
      expect(ran).toEqual({
        code: 255,
        stdout: "",
        stderr: `${waits}${gone}  Look with: skein doctor\n`,
      });
    expect(made).toEqual({
      code: 255,
      stdout: "",
      stderr: `${waits}${gone}  It may have been done. Look with skein status before you repeat it.\n`,
    });
    expect([sent.code, sent.stdout]).toEqual([255, ""]);
    expect(sent.stderr).toBe(
      `${waits}${gone}  It may have been recorded. Look with skein doctor, then run it again with --client-id once: nothing is done twice.\n`,
    );
    mute.close();
  });

  test("something else that answers there", async () => {
    const home = temporaryHome();
    const other = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>"));
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const env = { SKEIN_URL: `http://127.0.0.1:${port}`, SKEIN_TOKEN: "t" };
    const ran = await skein(["list"], { env });
    expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([
      255,
      "skein: What answers there is not Skein: it said 200. [not_skein]",
    ]);
    await new Promise((resolve) => other.close(resolve));
    rmSync(home, { recursive: true });
  });
});
