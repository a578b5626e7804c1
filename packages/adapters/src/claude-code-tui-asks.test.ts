/** What Claude Code's TUI asks, and who answers: a person here, at its dialog, or a daemon that comes later. */
import { adapterFailure } from "@skein/sdk";
import { decided } from "@skein/sdk/testkit";
import { expect, test, vi } from "vitest";
import { isHeld, speak } from "./agents/claude-code/tui/stand-in.testkit.ts";
import { makeHome, turnLeft, typed, texts, words } from "./claude-code-tui-home.testkit.ts";

test("a request is answered from here: allowed, always, denied with words", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  const answered = async (number: number, resolution: ReturnType<typeof decided>) => {
    await rig.link.prompt(words(`RUN make ${number}`, number));
    const { request, approval, canAlways } = await rig.next("asked");
    expect(canAlways).toBe(true);
    expect(approval).toMatchObject({ kind: "command", command: `make ${number}` });
    await rig.link.answer({ request, approval, resolution });
    return rig.next("turn-ended");
  };
  expect((await answered(1, decided("allow"))).outcome).toBe("completed");
  await answered(2, decided("always"));
  await answered(3, decided("deny", { message: "not today" }));
  expect(texts(rig.facts).filter((one) => one.startsWith("command"))).toEqual([
    "command running",
    "command done",
    "command running",
    "command done",
    "command running",
    "command declined",
  ]);
  expect(home.tui.grants).toEqual([
    {
      type: "addRules",
      rules: [{ toolName: "Bash", ruleContent: "make 2" }],
      behavior: "allow",
      destination: "session",
    },
  ]);
  expect(rig.facts.filter(({ fact }) => fact === "withdrawn")).toEqual([]);
});

test("a decision that a cut link kept back is given when it is tried again", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("RUN make"));
  const { request, approval } = await rig.next("asked");
  const { run } = home.host;
  const link = vi.spyOn(home.host, "run").mockImplementation(async (argv, options) => {
    if (options.input === undefined) return run(argv, options);
    throw adapterFailure("far does not answer.", {
      kind: "unavailable",
      code: "host_unreachable",
      remedy: "Look at its network.",
      retryable: true,
    });
  });
  const answer = () => rig.link.answer({ request, approval, resolution: decided("deny") });
  await expect(answer()).rejects.toThrow("does not answer");
  expect(isHeld(home.tui)).toBe(true);
  link.mockRestore();
  await answer();
  expect((await rig.next("turn-ended")).outcome).toBe("completed");
  expect(texts(rig.facts)).toContain("command declined");
  expect(rig.facts.filter(({ fact }) => fact === "withdrawn" || fact === "notice")).toEqual([]);
});

test.each([["was"], ["was not"]])(
  "a decision of which a dying link did not say whether it %s heard is given again, and nothing is said of it",
  async (was) => {
    await using home = await makeHome();
    const rig = await home.started();
    await rig.link.prompt(words("RUN make"));
    const { request, approval } = await rig.next("asked");
    const { run } = home.host;
    const link = vi.spyOn(home.host, "run").mockImplementation(async (argv, options) => {
      const isTold = options.input === undefined || was === "was";
      const result = isTold ? await run(argv, options) : null;
      if (options.input === undefined && result !== null) return result;
      return { exitCode: null, signal: null, stdout: "", stderr: "", timedOut: true };
    });
    const answer = () => rig.link.answer({ request, approval, resolution: decided("allow") });
    await expect(answer()).rejects.toMatchObject({ failure: { code: "host_unreachable" } });
    link.mockRestore();
    await answer();
    expect((await rig.next("turn-ended")).outcome).toBe("completed");
    expect(texts(rig.facts)).toContain("command done");
    expect(rig.facts.filter(({ fact }) => fact === "withdrawn" || fact === "notice")).toEqual([]);
  },
);

test("a decision that was on its way when the daemon died is given by the next one", async () => {
  await using home = await makeHome();
  const first = await home.started();
  await first.link.prompt(words("RUN make"));
  const { request, approval } = await first.next("asked");
  const { run } = home.host;
  const stuck = Promise.withResolvers<void>();
  const link = vi.spyOn(home.host, "run").mockImplementation((argv, options) => {
    if (options.input === undefined) return run(argv, options);
    stuck.resolve();
    return new Promise(() => {});
  });
  const answer = { request, approval, resolution: decided("allow") };
  void first.link.answer(answer);
  await stuck.promise;
  // Whatever is recorded meanwhile must not say that it has been told.
  speak(home.tui, "msg_aside", { type: "text", text: "aside" }, null);
  await vi.waitUntil(() => texts(first.facts).includes("message: aside"));
  await first.kill();
  link.mockRestore();
  const second = await home.rig({
    checkpoint: first.checkpoint(),
    turn: turnLeft("RUN make", true),
  });
  expect(await second.link.attach()).toBe("alive");
  expect(isHeld(home.tui)).toBe(true);
  await second.link.answer(answer);
  expect(await second.next("turn-ended")).toMatchObject({ turn: "trn_1", outcome: "completed" });
  expect(second.facts.filter(({ fact }) => fact === "withdrawn" || fact === "notice")).toEqual([]);
});

test("answered at the dialog, the request is taken back, its hook is let go, and a late decision is told so", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("RUN make"));
  const { request, approval } = await rig.next("asked");
  expect(isHeld(home.tui)).toBe(true);
  home.tui.decide?.("allow");
  expect(await rig.next("withdrawn")).toEqual({
    fact: "withdrawn",
    request,
    reason: "allowed at the terminal",
  });
  expect((await rig.next("turn-ended")).outcome).toBe("completed");
  await vi.waitUntil(() => !isHeld(home.tui));
  await rig.link.answer({ request, approval, resolution: decided("deny") });
  expect(texts(rig.facts)).toContain("command done");
});

test("words for the turn are not typed into a dialog, which would take them for its answer", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("RUN make"));
  const { request, approval } = await rig.next("asked");
  const before = home.tui.pressed.length;
  await expect(rig.link.steer(words("SAY more", 1, 2))).rejects.toThrow("A dialog is open");
  expect([home.tui.input, home.tui.pressed.length]).toEqual(["", before]);
  await rig.link.answer({ request, approval, resolution: decided("allow") });
  expect((await rig.next("turn-ended")).outcome).toBe("completed");
});

test("a program that hangs takes Enter for a part of the paste: it is pressed again until the prompt is taken, and given once", async () => {
  await using home = await makeHome(5);
  const rig = await home.started();
  home.tui.deaf = 3;
  await rig.link.prompt(words("SAY late"));
  expect((await rig.next("turn-ended")).outcome).toBe("completed");
  expect(home.tui.heard).toEqual(["SAY late"]);
});

test("what a prompt asks is asked in its own turn, though the turn before is still being read", async () => {
  await using home = await makeHome();
  const { files } = home.host;
  const { follow } = files;
  const gate = Promise.withResolvers<void>();
  vi.spyOn(files, "follow").mockImplementation(async function* (path, from, signal) {
    for await (const line of follow(path, from, signal)) {
      if (path.endsWith(".jsonl")) await gate.promise;
      yield line;
    }
  });
  const read = vi.spyOn(files, "read");
  const rig = await home.started();
  typed(home.tui, "SAY first");
  typed(home.tui, "RUN make");
  const isAsking = () => read.mock.calls.some(([path]) => path.includes("PermissionRequest"));
  await vi.waitUntil(isAsking, { timeout: 10_000 });
  gate.resolve();
  const { request, approval } = await rig.next("asked");
  expect(texts(rig.facts)).toContain("begun: RUN make");
  await rig.link.answer({ request, approval, resolution: decided("allow") });
  const areOver = () => texts(rig.facts).filter((one) => one.startsWith("ended")).length === 2;
  await vi.waitUntil(areOver, { timeout: 10_000 });
  expect(texts(rig.facts).slice(-3)).toEqual(["command done", "message: done", "ended completed"]);
  expect(rig.facts.filter(({ fact }) => fact === "withdrawn")).toEqual([]);
});

test("refused at the dialog, the turn is interrupted and its hook is gone", async () => {
  await using home = await makeHome();
  const rig = await home.started();
  await rig.link.prompt(words("RUN make"));
  await rig.next("asked");
  home.tui.decide?.("deny");
  expect((await rig.next("turn-ended")).outcome).toBe("interrupted");
  await vi.waitUntil(() => !isHeld(home.tui));
});
