/**
 * A program as people run it in a terminal: it shows a prompt, takes a line or a paste, answers, and shows its prompt again. What it
 * answers is told by the script words; Ctrl-C ends what it does, Ctrl-D ends it. It remembers only while it runs.
 *
 * FAKE_REPL_LOG: a file to which each prompt that was worked off is appended, for tests that must know without looking.
 */
import { appendFileSync } from "node:fs";
import { parseScript } from "../fake-llm/script.ts";
import { act, misbehave } from "./act.ts";
import { makeKeyboard } from "./keyboard.ts";

const PROMPT = "> ";
const MORE = ". ";

const out = (text: string): void => void process.stdout.write(text);
const say = (text: string): void => out(text.replaceAll("\n", "\r\n"));

let line = "";
let count = 0;
let working: AbortController | null = null;
const waiting: string[] = [];

const log = (prompt: string): void => {
  const file = process.env["FAKE_REPL_LOG"];
  const session = process.env["SKEIN_SESSION"] ?? "";
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ session, prompt })}\n`);
};

const work = async (prompt: string): Promise<void> => {
  const own = new AbortController();
  working = own;
  count += 1;
  let column = 0;
  const speak = (text: string): void => {
    say(text);
    column = text.endsWith("\n") ? 0 : 1;
  };
  if (misbehave(prompt, speak) === null) {
    for (const step of parseScript(prompt)) {
      if (own.signal.aborted) break;
      await act(step, { say: speak, prompt, count, signal: own.signal });
    }
  }
  working = null;
  if (own.signal.aborted) say("^C\n");
  else if (column > 0) say("\n");
  log(prompt);
};

const next = async (): Promise<void> => {
  while (working === null) {
    const prompt = waiting.shift();
    if (prompt === undefined) return;
    if (prompt.trim() !== "") await work(prompt);
    out(PROMPT);
  }
};

const keyboard = makeKeyboard();

process.stdin.setRawMode(true);
process.stdin.setEncoding("utf8");
out(`A scripted program\r\n\u001b[?2004h${PROMPT}`);
process.stdin.on("data", (chunk: string) => {
  for (const key of keyboard(chunk)) {
    if (key.typed === "text") {
      line += key.text;
      out(key.text.replaceAll("\n", `\r\n${MORE}`));
    } else if (key.typed === "erase" && line !== "") {
      line = line.slice(0, -1);
      out("\b \b");
    } else if (key.typed === "interrupt") {
      line = "";
      if (working === null) out(`^C\r\n${PROMPT}`);
      else working.abort();
    } else if (key.typed === "end" && line === "") {
      process.exit(0);
    } else if (key.typed === "enter") {
      out("\r\n");
      waiting.push(line);
      line = "";
      void next();
    }
  }
});
