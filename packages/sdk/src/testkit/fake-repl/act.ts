/** What the scripted program does with each script word. Everything it says goes to its terminal. */
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { untilThere } from "../fake-llm/held.ts";
import type { Step } from "../fake-llm/script.ts";

type Stage = {
  readonly say: (text: string) => void;
  readonly prompt: string;
  /** Prompts so far, this one included. */
  readonly count: number;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** In a group of its own, which Ctrl-C ends. */
const runCommand = (command: string, { say, signal }: Stage): Promise<void> =>
  new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", command], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end = (): void => void process.kill(-child.pid!, "SIGKILL");
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => say(chunk.toString()));
    signal.addEventListener("abort", end, { once: true });
    child.on("close", () => {
      signal.removeEventListener("abort", end);
      resolve();
    });
  });

const slow = async (
  { say, signal }: Stage,
  seconds: number,
  file: string | undefined,
): Promise<void> => {
  for (let word = 1; word <= seconds * 10; word++) {
    await pause(100, signal);
    if (signal.aborted) return;
    say(`${word} `);
  }
  const goesOn = async (ms: number): Promise<boolean> => {
    await pause(ms, signal);
    return !signal.aborted;
  };
  if (!(await untilThere(file, goesOn))) return;
  say("slow done\n");
};

const edit = async (path: string, old: string, fresh: string): Promise<void> =>
  writeFile(path, (await readFile(path, "utf8")).replace(old, fresh));

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${text}\n`);
};

export const act = async (step: Step, stage: Stage): Promise<void> => {
  const { say, signal } = stage;
  switch (step.word) {
    case "PONG":
      return say("PONG\n");
    case "SAY":
    case "TRUNCATE":
      return say(`${step.text}\n`);
    case "COUNT":
      return say(`${stage.count}\n`);
    case "ECHO":
      return say(`${stage.prompt}\n`);
    case "WRITE":
      await write(step.path, step.text);
      return say(`wrote ${step.path}\n`);
    case "EDIT":
      await edit(step.path, step.old, step.new);
      return say(`edited ${step.path}\n`);
    case "RUN":
      return runCommand(step.command, stage);
    case "SLOW":
      return slow(stage, step.seconds, step.file);
    case "SILENT":
      return pause(step.seconds * 1_000, signal);
    default:
      return say(`It cannot do ${step.word}.\n`);
  }
};

/** Words of its own: what a program in a terminal may do to whoever looks at it. null: it is none of them. */
export const misbehave = (prompt: string, say: (text: string) => void): true | null => {
  const [word = "", number = "0"] = prompt.split(/\s/);
  switch (word) {
    case "DIE":
      process.exit(Number(number));
      break;
    case "FLOOD":
      for (let line = 1; line <= Number(number); line++) say(`flood ${line}\n`);
      return true;
    case "GARBAGE":
      say(
        "\u001b[999;999H\u001b[6n\u001b[c\u001b]0;title\u0007\u001b]52;c;ZXZpbA==\u0007\u001b[999;1H\r\n",
      );
      return true;
    case "CHILD":
      spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }).unref();
      return null;
    case "DEAF":
      for (const signal of ["SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
      return null;
    default:
      return null;
  }
};
