/**
 * Records what the real Claude Code says, for the tests of the fold: `node scripts/record-claude-code.ts /path/to/claude [scenario...]`.
 * Against the fake LLM, with a home that is thrown away. One file a scenario: the lines of its stdout, and between them what
 * we did (`skein`). Paths are replaced, and lists that only fill the page are left out.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClaudeCodeDriver, makeLocalHost } from "@skein/adapters";
import { systemClock } from "@skein/sdk";
import {
  claudeEnv,
  decided,
  makeFakeLlm,
  makeRig,
  makeRigBackend,
  type Rig,
  type RigOptions,
} from "@skein/sdk/testkit";
import { turnUuid } from "../packages/adapters/src/agents/claude-code/life.ts";

const [command, ...chosen] = process.argv.slice(2);
if (command === undefined)
  throw new Error("usage: node scripts/record-claude-code.ts /path/to/claude [scenario...]");

const llm = await makeFakeLlm();
const recordings = join(
  import.meta.dirname,
  "../packages/adapters/src/agents/claude-code/recordings",
);
const folderInRecording = "/home/dev/project";

type Stage = {
  readonly prompt: (text: string) => Promise<string>;
  readonly ended: () => Promise<unknown>;
  readonly turn: (text: string) => Promise<unknown>;
  readonly asked: (decision: "allow" | "always" | "deny" | "answer") => Promise<void>;
  readonly waitAsked: () => Promise<unknown>;
  readonly interrupt: (turn: string) => Promise<void>;
  readonly steer: (turn: string, text: string) => Promise<void>;
  readonly accepted: () => Promise<unknown>;
  /** Until the agent has said so many more lines of a type. */
  readonly spoke: (type: string) => Promise<void>;
};

type Scenario = {
  readonly options?: RigOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly play: (stage: Stage) => Promise<void>;
};

const asking =
  (text: string, decision: "allow" | "always" | "deny" | "answer") =>
  async (stage: Stage): Promise<void> => {
    await stage.prompt(text);
    await stage.asked(decision);
    await stage.ended();
  };

const inTurn =
  (...steps: ((stage: Stage) => Promise<unknown>)[]) =>
  async (stage: Stage) => {
    for (const step of steps) await step(stage);
  };

const says = (...texts: string[]) =>
  inTurn(...texts.map((text) => (stage: Stage) => stage.turn(text)));

const scenarios: Record<string, Scenario> = {
  talk: { play: says("say PONG", "THINK deep", "/nope", "COUNT") },
  edits: {
    play: inTurn(
      asking("WRITE notes.txt hello", "allow"),
      asking("WRITE notes.txt other", "deny"),
      asking("EDIT notes.txt hello goodbye", "always"),
      says("WRITE more.txt unasked"),
    ),
  },
  commands: {
    play: inTurn(
      asking("RUN touch one", "allow"),
      asking("RUN touch two", "deny"),
      asking("RUN sh -c 'echo out; echo err >&2; exit 3'", "allow"),
      says("RUN echo harmless"),
    ),
  },
  question: { play: asking("ASK Which colour?|red|blue", "answer") },
  plan: {
    play: inTurn(
      says("TOOL EnterPlanMode {}"),
      asking('TOOL ExitPlanMode {"plan":"Do it"}', "allow"),
    ),
  },
  interrupts: {
    play: async (stage) => {
      const slow = await stage.prompt("SLOW 20");
      await stage.spoke("content_block_delta");
      await stage.interrupt(slow);
      await stage.ended();
      const silent = await stage.prompt("SILENT 20");
      await stage.accepted();
      await stage.interrupt(silent);
      await stage.ended();
      const pending = await stage.prompt("RUN touch pending");
      await stage.waitAsked();
      await stage.interrupt(pending);
      await stage.ended();
    },
  },
  failures: {
    play: says(
      "FAIL 400 bad request",
      "FAIL 403",
      "FAIL 404",
      "FAIL 429",
      "FAIL 529",
      "FAILONCE 529",
      "CUT",
      "TRUNCATE half",
      "FAIL 401",
      "COUNT",
    ),
  },
  "logged-out": { env: { ANTHROPIC_API_KEY: "" }, play: says("PONG") },
  steer: {
    play: async (stage) => {
      const busy = await stage.prompt("RUN sleep 1\nPONG");
      await stage.spoke("tool_use");
      await stage.steer(busy, "COUNT");
      await stage.ended();
      const plain = await stage.prompt("SLOW 1");
      await stage.accepted();
      await stage.steer(plain, "COUNT");
      await stage.ended();
    },
  },
  background: {
    options: { permissions: "full" },
    env: { IS_SANDBOX: "1" },
    play: async (stage) => {
      await stage.turn('TOOL Bash {"command":"sleep 1; echo late","run_in_background":true}');
      await stage.spoke("task_notification");
      await stage.spoke('"type":"result"');
      await stage.turn("COUNT");
    },
  },
  subagent: {
    play: asking(
      'TOOL Task {"description":"sub","prompt":"RUN touch below","subagent_type":"general-purpose"}',
      "allow",
    ),
  },
};

const omitted = [
  "commands",
  "agents",
  "skills",
  "slash_commands",
  "plugins",
  "available_output_styles",
  "memory_paths",
];

/** A line without what only fills the page. */
const tidy = (line: string): string =>
  JSON.stringify(JSON.parse(line), (key: string, value: unknown) =>
    omitted.includes(key) ? undefined : value,
  );

const makeStage = (rig: Rig, spool: string, note: (line: object) => Promise<void>): Stage => {
  let turns = 0;
  let heard = 0;
  const stage: Stage = {
    prompt: async (text) => {
      turns += 1;
      const [turn, prompt] = [`trn_${turns}`, `prm_${turns}`];
      const uuid = turnUuid({ session: { id: "ses_rig" }, generation: 1 } as never, turn);
      await note({ skein: "prompt", turn, prompt, uuid, text });
      await rig.link.prompt({ turn, prompt, text });
      return turn;
    },
    ended: () => rig.next("turn-ended"),
    turn: async (text) => {
      await stage.prompt(text);
      return stage.ended();
    },
    waitAsked: () => rig.next("asked"),
    asked: async (decision) => {
      const asked = await rig.next("asked");
      const answers = decision === "answer" ? { answers: { "1": ["blue"] } } : {};
      await rig.link.answer({
        request: asked.request,
        approval: asked.approval,
        resolution: decided(decision, answers),
      });
    },
    interrupt: async (turn) => {
      await note({ skein: "interrupt", turn });
      await rig.link.interrupt({ turn });
    },
    steer: async (turn, text) => {
      const prompt = `prm_steer_${turn}`;
      const uuid = turnUuid({ session: { id: "ses_rig" }, generation: 1 } as never, prompt);
      await note({ skein: "steer", prompt, uuid, text });
      await rig.link.steer({ turn, prompt, text });
    },
    accepted: () => rig.next("accepted"),
    spoke: async (type) => {
      for (let round = 0; round < 1_000; round += 1) {
        const found = (await readFile(spool, "utf8")).indexOf(type, heard);
        if (found !== -1) {
          heard = found + 1;
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`it never said ${type}`);
    },
  };
  return stage;
};

const record = async (name: string, { options = {}, env = {}, play }: Scenario): Promise<void> => {
  const home = await mkdtemp(join(tmpdir(), "skein-record-"));
  const folder = join(home, "project");
  await mkdir(join(home, "config"), { recursive: true });
  const host = makeLocalHost({ home, clock: systemClock });
  const whole = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    LANG: "C.UTF-8",
    ...claudeEnv({ configDir: join(home, "config"), url: llm.url }),
    ...env,
  };
  const backend = makeRigBackend({ host, home, command: [command], env: whole });
  const rig = await makeRig(makeClaudeCodeDriver().open, home, backend, {
    folder,
    ...options,
  });
  const spool = join(home, "spool", "1", "out");
  const size = async (): Promise<number> => (await readFile(spool)).length;
  const done: { readonly at: number; readonly line: object }[] = [];
  const note = async (line: object): Promise<void> => {
    done.push({ at: await size(), line });
  };
  const stage = makeStage(rig, spool, note);
  await rig.link.start();
  await play(stage);
  await rig.link.stop({ force: false });

  const out: string[] = [];
  let at = 0;
  const mine = [...done];
  for (const line of (await readFile(spool, "utf8")).split("\n").filter(Boolean)) {
    while (mine[0] !== undefined && mine[0].at <= at) out.push(JSON.stringify(mine.shift()?.line));
    at += Buffer.byteLength(line) + 1;
    const slug = folder.replace(/[^a-zA-Z0-9]/g, "-");
    out.push(
      tidy(line)
        .replaceAll(folder, folderInRecording)
        .replaceAll(home, "/home/dev")
        .replaceAll(slug, "-home-dev-project"),
    );
  }
  await writeFile(join(recordings, `${name}.ndjson`), `${out.join("\n")}\n`);
  await rm(home, { recursive: true, force: true });
  process.stdout.write(`${name}: ${out.length} lines\n`);
};

for (const [name, scenario] of Object.entries(scenarios)) {
  if (chosen.length === 0 || chosen.includes(name)) await record(name, scenario);
}
await llm.close();
