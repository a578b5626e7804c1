/** The driver on real processes: the scripted stand-in for Claude Code, which behaves as the recordings show. */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeClaudeCommand } from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { makeClaudeCodeDriver, makeLocalHost } from "./index.ts";
import { tooManyFiles } from "@skein/sdk/testkit";
import { initializeFrame, userFrame } from "./agents/claude-code/frames.ts";
import { turnUuid } from "./agents/claude-code/life.ts";
import {
  decided,
  makeBackend,
  makeRig,
  type Rig,
  type RigOptions,
} from "./agents/claude-code/rig.testkit.ts";

const fake = fakeClaudeCommand;
type Backend = ReturnType<typeof makeBackend>;

/** A home with everything in it; disposed, nothing of it is left. */
const makeHome = async (
  change: { env?: Record<string, string>; command?: Backend["command"] } = {},
) => {
  const home = await mkdtemp(join(tmpdir(), "skein-claude-"));
  const clock = makeBackend(undefined as never, home, fake, {}).clock;
  const host = makeLocalHost({ home, clock });
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, "config"),
    ANTHROPIC_API_KEY: "sk-fake-000",
    CLAUDE_CODE_MAX_RETRIES: "1",
    ...change.env,
  };
  const backend = {
    ...makeBackend(host, home, fake, env),
    ...("command" in change ? { command: change.command ?? null } : {}),
  };
  return {
    home,
    host,
    backend,
    work: (name: string) => join(home, "work", name),
    rig: (options: RigOptions = {}) => makeRig(home, backend, options),
    started: async (options: RigOptions = {}) => {
      const rig = await makeRig(home, backend, options);
      await rig.link.start();
      await rig.next("started");
      return rig;
    },
    pids: async () => (await host.owners()).flatMap((one) => one.pids),
    async [Symbol.asyncDispose]() {
      for (const { owner } of await host.owners()) await host.sweep(owner);
      await rm(home, { recursive: true, force: true });
    },
  };
};

let turns = 0;
const words = (text: string) => {
  turns += 1;
  return { turn: `trn_${turns}`, prompt: `prm_${turns}`, text };
};

const turn = async (rig: Rig, text: string) => {
  await rig.link.prompt(words(text));
  return rig.next("turn-ended");
};

const answered = async (rig: Rig, resolution: ReturnType<typeof decided>) => {
  const asked = await rig.next("asked");
  await rig.link.answer({ request: asked.request, approval: asked.approval, resolution });
  return asked;
};

const lastMessage = (rig: Rig): string | undefined => {
  const bodies = rig.facts.flatMap((fact) => (fact.fact === "item" ? [fact.body] : []));
  const message = bodies.findLast((body) => body.kind === "message");
  return message?.kind === "message" ? message.text : undefined;
};

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );

test("it starts, answers, stops, and remembers when it is resumed or forked", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  expect((await turn(rig, "say PONG")).outcome).toBe("completed");
  expect(lastMessage(rig)).toBe("PONG");
  const { providerSessionId } = await rig.next("provider-session");
  await rig.link.stop({ force: false });
  expect(await rig.next("exited")).toMatchObject({
    expected: true,
    exitCode: 143,
    reason: "stopped on request",
  });
  expect(await home.pids()).toEqual([]);

  const resumed = await home.started({ generation: 2, how: "resume", providerSessionId });
  const ended = await turn(resumed, "COUNT");
  expect(lastMessage(resumed)).toBe("2");
  // The sums of a new process start from zero: what the first one used is not counted again.
  expect(ended.usage).toMatchObject({ inputTokens: 1000, costUsd: 0.0065375 });

  const fork = { id: "ses_fork", generation: 3, how: "fork", forkFrom: providerSessionId } as const;
  const forked = await home.started(fork);
  await turn(forked, "COUNT");
  expect(lastMessage(forked)).toBe("3");
  expect((await forked.next("provider-session")).providerSessionId).not.toBe(providerSessionId);
});

test("a session that never spoke has nothing to resume, and is started as new again", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.stop({ force: true });
  expect(first.facts.filter((fact) => fact.fact === "provider-session")).toEqual([]);
  const second = await home.started({ generation: 2 });
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("1");
});

test("a conversation that is there though it was never told of is resumed, one that is gone begins anew with a warning", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await turn(first, "PONG");
  const { providerSessionId } = await first.next("provider-session");
  await first.link.stop({ force: true });

  const untold = await home.started({ generation: 2 });
  await turn(untold, "COUNT");
  expect(lastMessage(untold)).toBe("2");
  await untold.link.stop({ force: true });

  await rm(join(home.home, "config"), { recursive: true });
  const lost = await home.started({ generation: 3, how: "resume", providerSessionId });
  expect((await lost.next("notice")).text).toContain("remembers nothing");
  await turn(lost, "COUNT");
  expect(lastMessage(lost)).toBe("1");
});

test("each start that fails has its own sentence and leaves nothing behind", async () => {
  await using home = await makeHome();
  const failing = async (options: RigOptions, backend: Partial<Backend> = {}) => {
    const rig = await makeRig(home.home, { ...home.backend, ...backend }, options);
    await rig.link.start();
    const failed = await rig.next("start-failed");
    expect(await home.pids()).toEqual([]);
    expect(await exists(join(home.home, "spool", String(options.generation), "out"))).toBe(false);
    return failed;
  };
  const none = await failing({ generation: 1 }, { command: null });
  expect(none).toMatchObject({ code: "backend_not_installed" });
  const missing = await failing({ generation: 2 }, { command: ["/no/such/claude"] });
  expect(missing).toMatchObject({ code: "backend_not_installed" });
  const fork = await failing({
    generation: 3,
    how: "fork",
    forkFrom: "0b1c2d3e-0000-4000-8000-000000000000",
  });
  expect(fork.message).toContain("no record of the conversation to copy");
  const silent = await failing(
    { generation: 4 },
    {
      env: { ...home.backend.env, FAKE_CLAUDE_START: "silent" },
      timing: { startMs: 300, graceMs: 100 },
    },
  );
  expect(silent.message).toContain("did not get ready");
  const broken = await failing(
    { generation: 5 },
    { command: ["/bin/sh", "-c", "echo no way >&2; exit 4"] },
  );
  expect(broken.message).toBe("Claude Code ended with exit code 4 before it was ready: no way");
});

test("a missing folder is not taken for a missing program", async () => {
  await using home = await makeHome();
  const rig = await home.rig({ folder: home.work("gone") });
  await rm(home.work("gone"), { recursive: true });
  await rig.link.start();
  expect(await rig.next("start-failed")).toMatchObject({ code: "folder_not_found" });
});

test("allowed is done, denied is not, and the agent hears why", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("WRITE yes.txt fine"));
  await answered(rig, decided("allow"));
  await rig.next("turn-ended");
  expect(await readFile(home.work("yes.txt"), "utf8")).toBe("fine\n");
  await rig.link.prompt(words("RUN touch no.txt"));
  await answered(rig, decided("deny", { message: "not today" }));
  await rig.next("turn-ended");
  expect(await exists(home.work("no.txt"))).toBe(false);
  expect(lastMessage(rig)).toBe("done: not today");
});

test("always holds for what was asked, and not for more", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("RUN touch one"));
  await answered(rig, decided("always"));
  await rig.next("turn-ended");
  await turn(rig, "RUN touch one");
  await rig.link.prompt(words("RUN touch two"));
  await answered(rig, decided("deny"));
  await rig.next("turn-ended");
  await rig.link.prompt(words("WRITE a.txt a"));
  await answered(rig, decided("always"));
  await rig.next("turn-ended");
  await turn(rig, "WRITE b.txt b");
  expect(await exists(home.work("b.txt"))).toBe(true);
  await rig.link.prompt(words("RUN rm b.txt"));
  await answered(rig, decided("deny"));
  await rig.next("turn-ended");
  expect(rig.facts.filter((fact) => fact.fact === "asked")).toHaveLength(4);
});

test("overwriting a file is asked as a diff against what stands in it", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await writeFile(home.work("poem"), "roses\nviolets\nend\n");
  await rig.link.prompt(words("WRITE poem roses\\nlilies\\nend"));
  const asked = await answered(rig, decided("allow"));
  expect(asked.approval).toMatchObject({
    kind: "edit",
    changes: [
      {
        path: home.work("poem"),
        change: "update",
        diff: "@@ -1,3 +1,3 @@\n roses\n-violets\n+lilies\n end",
      },
    ],
  });
  await rig.next("turn-ended");
});

test("a question is answered with what was chosen, even where nothing else is asked", async () => {
  await using home = await makeHome({ env: { IS_SANDBOX: "1" } });
  const rig = await home.started({ permissions: "full" });
  await rig.link.prompt(words("ASK Which?|red|blue"));
  const asked = await answered(rig, decided("answer", { answers: { "1": ["blue"] } }));
  expect(asked).toMatchObject({ canAlways: false, approval: { kind: "question" } });
  await rig.next("turn-ended");
  expect(lastMessage(rig)).toContain('"Which?"="blue"');
  expect((await turn(rig, "RUN touch free")).outcome).toBe("completed");
  expect(await exists(home.work("free"))).toBe(true);
});

test.each([
  ["read-only", [false, false, false], 0],
  ["guarded", [false, false, false], 3],
  ["workspace", [true, false, false], 2],
  ["full", [true, true, true], 0],
] as const)("%s: what is done unasked, and what is asked", async (permissions, done, asks) => {
  await using home = await makeHome();
  const rig = await home.started({ permissions });
  const outside = join(home.home, "outside.txt");
  for (const text of ["WRITE in.txt x", `WRITE ${outside} x`, "RUN touch run.txt"]) {
    const prompt = words(text);
    await rig.link.prompt(prompt);
    const seen = rig.facts.length;
    const first = await Promise.race([rig.next("turn-ended"), rig.next("asked").catch(() => null)]);
    if (first?.fact !== "asked") continue;
    await rig.link.answer({
      request: first.request,
      approval: first.approval,
      resolution: decided("deny"),
    });
    await rig.next("turn-ended");
    expect(rig.facts.length).toBeGreaterThan(seen);
  }
  const files = [home.work("in.txt"), outside, home.work("run.txt")];
  expect(await Promise.all(files.map(exists))).toEqual(done);
  expect(rig.facts.filter((fact) => fact.fact === "asked")).toHaveLength(asks);
});

test("a daemon that dies in the middle of a turn loses no word and hears none twice", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("SLOW 0.5");
  await first.link.prompt(prompt);
  await first.next("accepted");
  await first.kill();

  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: true };
  const second = await home.rig({ checkpoint: first.checkpoint(), turn: turnLeft });
  expect(await second.link.attach()).toBe("alive");
  // The effect was not settled, so the prompt is given again.
  await second.link.prompt(prompt);
  expect((await second.next("turn-ended")).turn).toBe(prompt.turn);
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
  const told = [...first.facts, ...second.facts];
  expect(told.filter((fact) => fact.fact === "accepted")).toHaveLength(2);
  const messages = told.filter((fact) => fact.fact === "item" && fact.body.kind === "message");
  expect(messages).toHaveLength(2);
});

test("a prompt that was written before anything of it was recorded is not run twice", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const checkpoint = first.checkpoint();
  const prompt = words("PONG");
  await first.link.prompt(prompt);
  await first.next("turn-ended");
  await first.kill();
  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: false };
  const second = await home.rig({ checkpoint, turn: turnLeft });
  await second.link.attach();
  await second.link.prompt(prompt);
  await second.next("turn-ended");
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
  expect(second.facts.filter((fact) => fact.fact === "turn-ended")).toHaveLength(2);
});

test("a start that is asked for twice starts one agent, and the second says that it was there", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.start();
  await first.kill();
  const second = await home.rig({ checkpoint: first.checkpoint() });
  await second.link.start();
  expect(await second.next("started")).toMatchObject({ adopted: true });
  expect(await home.pids()).toHaveLength(1);
  await turn(second, "PONG");
  expect(lastMessage(second)).toBe("PONG");
});

test("an approval is answered by the daemon that comes after, once, and an unknown one by nobody", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("RUN touch later.txt");
  await first.link.prompt(prompt);
  const asked = await first.next("asked");
  await first.kill();
  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: true };
  const second = await home.rig({ checkpoint: first.checkpoint(), turn: turnLeft });
  await second.link.attach();
  const answer = { request: asked.request, approval: asked.approval, resolution: decided("allow") };
  await second.link.answer({ ...answer, request: "nobody-asked" });
  await second.link.answer(answer);
  await second.link.answer(answer);
  expect((await second.next("turn-ended")).outcome).toBe("completed");
  expect(await exists(home.work("later.txt"))).toBe(true);
});

test("an agent that died while no daemon was there: its words first, then its end", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const prompt = words("PONG");
  await first.link.prompt(prompt);
  await first.next("accepted");
  const checkpoint = first.checkpoint();
  await first.next("turn-ended");
  await first.kill();
  for (const { owner } of await home.host.owners()) await home.host.sweep(owner);
  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: true };
  const second = await home.rig({ checkpoint, turn: turnLeft });
  expect(await second.link.attach()).toBe("dead");
  expect(second.facts.map((fact) => fact.fact).slice(-2)).toEqual(["turn-ended", "exited"]);
  expect(await second.next("exited")).toMatchObject({ unwitnessed: true, expected: false });
});

test("an agent that is killed takes the commands it runs with it", async () => {
  await using home = await makeHome();
  const rig = await home.started({ permissions: "full" });
  await rig.link.prompt(words("RUN echo $$ > pid; exec sleep 1000"));
  await rig.next("accepted");
  const agent = await home.host.adopt(join(home.home, "spool", "1"), {
    session: "ses_rig",
    generation: 1,
  });
  await agent?.signal("SIGKILL");
  expect(await rig.next("exited")).toMatchObject({ expected: false, signal: "SIGKILL" });
  expect(await home.pids()).toEqual([]);
});

test("an interrupt ends a command that ignores SIGTERM before the turn is told to be over, and keeps the agent", async () => {
  await using home = await makeHome();
  const rig = await home.started({ permissions: "full" });
  const prompt = words("RUN trap '' TERM; touch running; while :; do sleep 1; done");
  await rig.link.prompt(prompt);
  await expect.poll(() => exists(home.work("running"))).toBe(true);
  await rig.link.interrupt({ turn: "trn_of_another" });
  await rig.link.interrupt(prompt);
  expect(await rig.next("turn-ended")).toMatchObject({ outcome: "interrupted", error: null });
  expect(await home.pids()).toHaveLength(1);
  await turn(rig, "COUNT");
  expect(lastMessage(rig)).toBe("2");
});

test("an interrupt withdraws what waits for a decision", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const prompt = words("RUN touch never");
  await rig.link.prompt(prompt);
  const asked = await rig.next("asked");
  await rig.link.interrupt(prompt);
  expect((await rig.next("withdrawn")).request).toBe(asked.request);
  expect((await rig.next("turn-ended")).outcome).toBe("interrupted");
});

test("words steer the turn that runs, and are refused when it is over", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const prompt = words("RUN sleep 0.3\nPONG");
  await rig.link.prompt(prompt);
  await rig.next("accepted");
  await rig.link.steer({ ...words("SAY more"), turn: prompt.turn });
  expect((await rig.next("turn-ended")).turn).toBe(prompt.turn);
  const users = rig.facts.flatMap((fact) =>
    fact.fact === "item" && fact.body.kind === "user" ? [fact.body.how] : [],
  );
  expect(users).toEqual(["steer"]);
  await expect(rig.link.steer({ ...words("SAY late"), turn: prompt.turn })).rejects.toMatchObject({
    failure: { code: "no_turn" },
  });
});

test("a prompt of a megabyte arrives whole", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await turn(rig, `SAY ${"long ".repeat(200_000)}`);
  expect(lastMessage(rig)?.length).toBe(1_000_000);
});

test("a large prompt that a crash cut in two ends the agent, and is run once by the next generation", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await turn(first, "PONG");
  const { providerSessionId } = await first.next("provider-session");
  const prompt = words(`SAY ${"x".repeat(20_000)}`);
  const owner = { session: "ses_rig", generation: 1 };
  const dir = join(home.home, "spool", "1");
  // The daemon died after it had recorded that it writes, with the frame half in the FIFO.
  const agent = await home.host.adopt(dir, owner);
  await agent?.signal("SIGSTOP");
  void first.link.prompt(prompt);
  await expect
    .poll(() => JSON.stringify(first.checkpoint()))
    .toContain(`"writing":"${prompt.turn}"`);
  await first.kill();
  await agent?.signal("SIGCONT");
  await agent?.terminate(0);

  const again = await home.started({ generation: 2, how: "resume", providerSessionId });
  await turn(again, prompt.text);
  expect(lastMessage(again)?.length).toBe(20_000);
});

test("after a cut frame nothing is written: the agent is ended with a reason, so that its next life gets the prompt", async () => {
  await using home = await makeHome();
  const dir = join(home.home, "spool", "1");
  const owner = { session: "ses_rig", generation: 1 };
  const first = await home.started();
  const checkpoint = first.checkpoint() as { state: object };
  await first.kill();
  const prompt = words("SAY whole");
  const frame = userFrame(
    turnUuid({ session: { id: "ses_rig" }, generation: 1 } as never, prompt.turn),
    prompt.text,
    "later",
  );
  const torn = await home.host.adopt(dir, owner);
  // Half a line: no newline follows until the next writer brings one.
  await appendFile(join(dir, "in"), frame.slice(0, 40));
  await torn?.close();

  const written = { ...checkpoint, state: { ...checkpoint.state, writing: prompt.turn } };
  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: false };
  const second = await home.rig({ checkpoint: written, turn: turnLeft });
  expect(await second.link.attach()).toBe("alive");
  await second.link.prompt(prompt);
  const exited = await second.next("exited");
  expect(exited.expected).toBe(false);
  expect(exited.reason).toContain("cut");
});

test("a large prompt that was written whole before the crash is run, and not given again", async () => {
  await using home = await makeHome();
  const first = await home.started();
  const checkpoint = first.checkpoint() as { state: object };
  const prompt = words(`SAY ${"y".repeat(20_000)}`);
  await first.link.prompt(prompt);
  await first.next("turn-ended");
  await first.kill();
  const written = { ...checkpoint, state: { ...checkpoint.state, writing: prompt.turn } };
  const turnLeft = { id: prompt.turn, prompt: prompt.prompt, text: prompt.text, accepted: false };
  const second = await home.rig({ checkpoint: written, turn: turnLeft });
  await second.link.attach();
  await second.link.prompt(prompt);
  expect((await second.next("turn-ended")).outcome).toBe("completed");
  await turn(second, "COUNT");
  expect(lastMessage(second)).toBe("2");
});

test("rubbish, a flood, and a child that survives do no harm", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  expect((await turn(rig, "GARBAGE\nPONG")).outcome).toBe("completed");
  expect((await rig.next("notice")).text).toContain("no JSON");
  expect((await turn(rig, "FLOOD 20000\nPONG")).outcome).toBe("completed");
  expect(rig.live.length).toBeGreaterThan(20_000);
  await turn(rig, "CHILD\nPONG");
  expect(await home.pids()).toHaveLength(2);
  await rig.link.stop({ force: false });
  expect(await home.pids()).toEqual([]);
});

test("an agent that dies in the middle of a line or of a turn says so, and nothing hangs", async () => {
  await using home = await makeHome();
  const half = await home.started();
  await half.link.prompt(words("HALF"));
  expect(await half.next("exited")).toMatchObject({ signal: "SIGKILL", expected: false });
  const dying = await home.started({ generation: 2 });
  await dying.link.prompt(words("DIE 7"));
  expect(await dying.next("exited")).toMatchObject({ exitCode: 7, expected: false });
  // A word to the dead is no error: its end was told.
  await dying.link.prompt(words("PONG"));
});

test("an agent that ignores the request to end is killed after the grace", async () => {
  await using home = await makeHome();
  const backend = { ...home.backend, timing: { startMs: 20_000, graceMs: 100 } };
  const rig = await makeRig(home.home, backend);
  await rig.link.start();
  await turn(rig, "DEAF\nPONG");
  await rig.link.stop({ force: false });
  expect(await rig.next("exited")).toMatchObject({ signal: "SIGKILL", expected: true });
});

test("stop on a generation that nobody holds ends what runs and tells it; on a dead one it sweeps", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.kill();
  const second = await home.rig({ checkpoint: first.checkpoint() });
  await second.link.stop({ force: false });
  expect(await second.next("exited")).toMatchObject({ expected: true });
  expect(await home.pids()).toEqual([]);
  const third = await home.rig({ checkpoint: first.checkpoint() });
  expect(await third.link.liveness()).toBe("dead");
  await third.link.stop({ force: true });
  expect(await third.next("exited")).toMatchObject({ expected: true });
});

test("a stop that comes while the agent starts wins", async () => {
  await using home = await makeHome({ env: { FAKE_CLAUDE_START: "silent" } });
  const rig = await home.rig();
  const starting = rig.link.start();
  await expect.poll(() => home.pids()).toHaveLength(1);
  await rig.link.stop({ force: true });
  await starting;
  expect(rig.facts.map((fact) => fact.fact)).toEqual(["exited"]);
  expect(await home.pids()).toEqual([]);
});

test("a start that a stop has overtaken leaves no agent: what it tells is refused", async () => {
  await using home = await makeHome();
  const rig = await home.rig();
  rig.over();
  await rig.link.start();
  expect(rig.facts).toEqual([]);
  expect(await home.pids()).toEqual([]);
});

test("what is for an agent that is out of reach is refused, and not passed over", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.kill();
  const host = {
    ...home.backend.host,
    adopt: () => Promise.reject(tooManyFiles()),
  };
  const backend = { ...home.backend, host };
  const rig = await makeRig(home.home, backend, { checkpoint: first.checkpoint() });
  expect(await rig.link.attach()).toBe("unknown");
  const failure = { failure: { code: "backend_unavailable", retryable: true } };
  await expect(rig.link.prompt(words("PONG"))).rejects.toMatchObject(failure);
});

test("a probe tells version, login and models, and that nothing is there when nothing is", async () => {
  await using home = await makeHome();
  await mkdir(home.backend.dir, { recursive: true });
  const driver = makeClaudeCodeDriver();
  const signal = new AbortController().signal;
  const found = await driver.probe(home.backend, signal);
  expect(found).toMatchObject({
    found: true,
    version: "2.1.197",
    login: "api-key",
    modelsSource: "asked",
    remedy: null,
  });
  expect(found.models.find((model) => model.isDefault)?.efforts).toContain("high");
  const out = { ...home.backend, env: { ...home.backend.env, ANTHROPIC_API_KEY: "" } };
  expect(await driver.probe(out, signal)).toMatchObject({ login: "logged-out" });
  const none = await driver.probe({ ...home.backend, command: null }, signal);
  expect(none).toMatchObject({ found: false, modelsSource: "known-list" });
  const broken = await driver.probe({ ...home.backend, command: ["/bin/false"] }, signal);
  expect(broken).toMatchObject({ found: false, modelsSource: "known-list" });
  expect(await home.pids()).toEqual([]);
  expect(initializeFrame.length).toBeLessThan(4_096);
});
