/** The Codex driver, whole: its shared server, restarts, deaths; on the fake Codex, which does as 0.169.0 does. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  becomesTrue,
  makeBench,
  type Bench,
  type Fact,
  type Played,
} from "./codex-bench.testkit.ts";

const decide = (decision: "allow" | "always" | "deny", message: string | null = null) => ({
  decision,
  message,
  answers: null,
  by: "test",
  at: "2026-01-01T00:00:00.000Z",
});

const texts = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) =>
    fact.fact === "item" && fact.body.kind === "message" ? [fact.body.text] : [],
  );

/** A dead process that nobody has waited for still has its pid. */
const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
};

/** Runs a command that writes its pid and then sleeps; gives the pid. */
const sleeper = async (bench: Bench, played: Played, turn: string): Promise<number> => {
  await played.prompt(turn, "RUN echo $$ > pid; echo up; exec sleep 60");
  await becomesTrue(() => played.live.some(({ text }) => text.includes("up")));
  return Number(readFileSync(join(bench.folder, "pid"), "utf8"));
};

describe.concurrent("a start that a stop has overtaken", () => {
  test("leaves no server: what it tells is refused", async () => {
    await using bench = makeBench();
    const one = bench.play();
    one.over();
    await one.link.start();
    expect(one.facts).toEqual([]);
    expect(await becomesTrue(async () => (await bench.owners()).length === 0)).toBe(true);
  });
});

describe.concurrent("a turn", () => {
  test("is accepted once, told once, and ends with its own tokens", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    const first = await one.say("trn_1", "say PONG");
    await one.prompt("trn_1", "say PONG");
    const second = await one.say("trn_2", "COUNT");
    expect(texts(one.facts)).toEqual(["PONG", "2"]);
    expect(second.usage).toEqual(first.usage);
    expect(one.facts.filter(({ fact }) => fact === "accepted")).toHaveLength(2);
  });

  test("is interrupted as soon as it can be, with every command that it runs", async () => {
    await using bench = makeBench();
    const one = await bench.begin({ permissions: "full" });
    await one.prompt("trn_1", "SLOW 30");
    await one.link.interrupt({ turn: "trn_1" });
    expect(await one.ended("trn_1")).toMatchObject({ outcome: "interrupted", error: null });
    const pid = await sleeper(bench, one, "trn_2");
    await one.link.interrupt({ turn: "trn_2" });
    await one.ended("trn_2");
    expect(await becomesTrue(() => !isAlive(pid))).toBe(true);
    await one.link.interrupt({ turn: "trn_2" });
  });

  test("takes words on its way, and none when it is over", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "SLOW 5");
    const words = { turn: "trn_1", prompt: "prm_2", text: "SAY steered" };
    await one.link.steer(words);
    await one.ended("trn_1");
    expect(texts(one.facts)).toContain("steered");
    const said = one.facts.filter((fact) => fact.fact === "item" && fact.body.kind === "user");
    const body = { kind: "user", text: "SAY steered", how: "steer" };
    expect(said).toEqual([{ fact: "item", id: "prm_2", body }]);
    await expect(one.link.steer(words)).rejects.toMatchObject({ failure: { code: "no_turn" } });
  });

  test("that Codex refuses for its size fails, in words", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    const end = await one.say("trn_1", "x".repeat(1024 * 1024 + 1));
    expect(end).toMatchObject({ outcome: "failed", error: { kind: "api" } });
  });

  test("without a login is failed as that, though Codex would try for ever", async () => {
    await using bench = makeBench();
    writeFileSync(join(bench.home, "logged-out"), "");
    const one = await bench.begin();
    expect(await one.say("trn_1", "PONG")).toMatchObject({ error: { kind: "login" } });
  });
});

describe.concurrent("a question", () => {
  test("refused with a reason: the turn goes on and the agent hears why", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "RUN echo no");
    const { request, approval } = await one.told("asked");
    await one.link.answer({ request, approval, resolution: decide("deny", "SAY another way") });
    expect(await one.ended("trn_1")).toMatchObject({ outcome: "completed" });
    expect(texts(one.facts)).toEqual(["another way"]);
  });

  test("allowed for the session is not asked again", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "RUN echo yes");
    const { request, approval } = await one.told("asked");
    await one.link.answer({ request, approval, resolution: decide("always") });
    await one.ended("trn_1");
    await one.say("trn_2", "RUN echo yes");
    expect(one.facts.filter(({ fact }) => fact === "asked")).toHaveLength(1);
  });

  test("that nobody answered is withdrawn when its turn is interrupted", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "WRITE a.txt x");
    const { request, approval } = await one.told("asked");
    await one.link.interrupt({ turn: "trn_1" });
    expect(await one.told("withdrawn")).toMatchObject({ request });
    await one.link.answer({ request, approval, resolution: decide("allow") });
  });
});

describe.concurrent("the daemon dies and comes back", () => {
  test("before anything was said: the conversation is there", async () => {
    await using bench = makeBench();
    const again = await bench.restart(await bench.begin());
    expect(again.found).toBe("alive");
    await again.say("trn_1", "PONG");
    expect(texts(again.facts)).toEqual(["PONG"]);
  });

  test("in a turn: it goes on, and each word of it is told once", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "SLOW 0.3");
    const turn = { id: "trn_1", prompt: "prm_trn_1", text: "SLOW 0.3", accepted: true };
    const again = await bench.restart(one, { turn });
    await again.ended("trn_1");
    await again.prompt("trn_1", "SLOW 0.3");
    expect(texts(again.facts)).toEqual(["1 2 3 slow done"]);
    expect(again.facts.some(({ fact }) => fact === "accepted")).toBe(false);
  });

  test("before it recorded that the prompt had arrived: it is not given again", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    const checkpoint = one.checkpoint();
    await one.prompt("trn_1", "COUNT");
    const turn = { id: "trn_1", prompt: "prm_trn_1", text: "COUNT", accepted: false };
    const again = await bench.restart(one, { turn, checkpoint });
    await again.say("trn_1", "COUNT");
    await again.say("trn_2", "COUNT");
    expect(texts(again.facts)).toEqual(["1", "2"]);
    expect(again.facts.filter(({ fact }) => fact === "accepted")).toHaveLength(2);
  });

  test("before it gave the prompt: it is given, once", async () => {
    await using bench = makeBench();
    const turn = { id: "trn_1", prompt: "prm_trn_1", text: "COUNT", accepted: false };
    const again = await bench.restart(await bench.begin(), { turn });
    await again.say("trn_1", "COUNT");
    expect(texts(again.facts)).toEqual(["1"]);
  });

  test("while a question is open: it still is, and can be answered", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.prompt("trn_1", "WRITE a.txt hello");
    const { request, approval } = await one.told("asked");
    const turn = { id: "trn_1", prompt: "prm_trn_1", text: "", accepted: true };
    const again = await bench.restart(one, { turn });
    await again.link.answer({ request, approval, resolution: decide("allow") });
    await again.ended("trn_1");
    expect(readFileSync(join(bench.folder, "a.txt"), "utf8")).toBe("hello\n");
    expect(again.facts.some(({ fact }) => fact === "asked" || fact === "withdrawn")).toBe(false);
  });

  test("and the agent died meanwhile: found dead; resumed, it tells what was missed and remembers all", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    const checkpoint = one.checkpoint();
    await one.say("trn_1", "SAY missed");
    const { pid, providerSessionId } = await one.told("started");
    process.kill(pid ?? 0, "SIGKILL");
    await one.told("exited");
    const again = await bench.restart(one, { checkpoint });
    expect(again.found).toBe("dead");
    expect(again.facts.at(-1)).toMatchObject({ fact: "exited", unwitnessed: true });
    const next = await bench.begin({ how: "resume", generation: 2, providerSessionId, checkpoint });
    expect(texts(next.facts)).toEqual(["missed"]);
    await next.say("trn_2", "COUNT");
    expect(texts(next.facts).at(-1)).toBe("2");
  });
});

describe.concurrent("the shared server", () => {
  test("is one, for twenty that start at once, and ends after the last of them", async () => {
    await using bench = makeBench();
    const wishes = Array.from({ length: 20 }, (_, index) => ({ id: `ses_${index}` }));
    const all = await Promise.all(wishes.map((wish) => bench.begin(wish)));
    expect(await bench.owners()).toHaveLength(1);
    const [last, ...others] = all;
    await Promise.all(others.map(({ link }) => link.stop({ force: false })));
    await last?.say("trn_1", "PONG");
    expect(bench.clock.held.size).toBe(0);
    await last?.link.stop({ force: false });
    expect(last?.facts.at(-1)).toMatchObject({ fact: "exited", expected: true });
    bench.clock.strike();
    expect(await becomesTrue(async () => (await bench.owners()).length === 0)).toBe(true);
  });

  test("killed: every session hears it, nothing survives, the next start makes a new one", async () => {
    await using bench = makeBench();
    const one = await bench.begin({ id: "ses_1", permissions: "full" });
    const two = await bench.begin({ id: "ses_2" });
    const child = await sleeper(bench, one, "trn_1");
    const { pid, providerSessionId } = await one.told("started");
    process.kill(pid ?? 0, "SIGKILL");
    expect(await one.told("exited")).toMatchObject({ expected: false, unwitnessed: false });
    await two.told("exited");
    expect(isAlive(child)).toBe(false);
    expect(await bench.owners()).toEqual([]);
    const next = await bench.begin({ how: "resume", generation: 2, providerSessionId });
    await next.say("trn_2", "COUNT");
    expect(texts(next.facts)).toEqual(["2"]);
  });

  test("hangs up: the connection is made anew, and nothing is lost or told twice", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    const { pid } = await one.told("started");
    await one.prompt("trn_1", "SLOW 0.4");
    process.kill(pid ?? 0, "SIGUSR2");
    await one.ended("trn_1");
    await one.say("trn_2", "COUNT");
    expect(texts(one.facts)).toEqual(["1 2 3 4 slow done", "2"]);
  });

  test("left by a daemon whose sessions are gone, it is found by the probe and ended", async () => {
    await using bench = makeBench();
    const one = await bench.begin();
    await one.link.detach();
    await bench.driver.close();
    expect(await bench.owners()).toHaveLength(1);
    await bench.driver.probe(bench.backend, new AbortController().signal);
    expect(await becomesTrue(() => bench.clock.held.size === 1)).toBe(true);
    bench.clock.strike();
    expect(await becomesTrue(async () => (await bench.owners()).length === 0)).toBe(true);
  });

  test("left on a host that was forgotten and comes back, it is found and ended, whoever had it", async () => {
    await using bench = makeBench();
    await bench.begin();
    await bench.driver.forget?.("local");
    expect(await bench.owners()).toHaveLength(1);
    await bench.driver.probe(bench.backend, new AbortController().signal);
    expect(await becomesTrue(() => bench.clock.held.size === 1)).toBe(true);
    bench.clock.strike();
    expect(await becomesTrue(async () => (await bench.owners()).length === 0)).toBe(true);
  });

  test("works from a state folder whose path is too long for a socket", async () => {
    await using bench = makeBench({ long: true });
    const again = await bench.restart(await bench.begin());
    await again.say("trn_1", "PONG");
    expect(texts(again.facts)).toEqual(["PONG"]);
  });
});

test.concurrent("a copy has the past of the original, counts its own tokens, and goes its own way", async () => {
  await using bench = makeBench();
  const one = await bench.begin();
  const { usage } = await one.say("trn_1", "COUNT");
  const { providerSessionId: forkFrom } = await one.told("started");
  const two = await bench.begin({ id: "ses_2", how: "fork", forkFrom });
  expect((await two.say("trn_2", "COUNT")).usage).toEqual(usage);
  await one.say("trn_3", "COUNT");
  expect(texts(two.facts)).toEqual(["2"]);
  expect(texts(one.facts)).toEqual(["1", "2"]);
});

describe.concurrent("a start that fails says why and leaves nothing", () => {
  const failing: readonly [string, Parameters<Bench["play"]>[0], string][] = [
    ["a folder that is not there", { folder: "/does/not/exist" }, "folder_not_found"],
    ["a file for a folder", { folder: "/etc/hostname" }, "folder_not_directory"],
    [
      "an effort that the model has not",
      { model: "gpt-5.5", effort: "sideways" },
      "effort_unknown",
    ],
    [
      "a conversation that is gone",
      { how: "resume", providerSessionId: "00000000-0000-0000-0000-000000000000" },
      "backend_unavailable",
    ],
  ];
  test.each(failing)("%s", async (_, wish, code) => {
    await using bench = makeBench();
    const one = bench.play(wish);
    await one.link.start();
    expect(one.facts.at(-1)).toMatchObject({ fact: "start-failed", code });
    expect(await bench.owners()).toEqual([]);
  });

  test("a model that Codex does not know", async () => {
    await using bench = makeBench({ config: "" });
    const one = bench.play({ model: "gpt-0" });
    await one.link.start();
    expect(one.facts.at(-1)).toMatchObject({ fact: "start-failed", code: "model_unknown" });
  });

  test("a broken configuration, in its own words", async () => {
    await using bench = makeBench({ config: "model = = 1\n" });
    const one = bench.play();
    await one.link.start();
    expect(one.facts).toMatchObject([
      { fact: "start-failed", message: expect.stringContaining("extra `=`") as unknown },
    ]);
    expect(await bench.owners()).toEqual([]);
  });

  test("a program that is not there", async () => {
    await using bench = makeBench();
    Object.assign(bench.backend, { command: null });
    const one = bench.play();
    await one.link.start();
    expect(one.facts).toMatchObject([{ fact: "start-failed", code: "backend_not_installed" }]);
  });
});

describe.concurrent("probe", () => {
  test("tells version, login and models, and leaves no process", async () => {
    await using bench = makeBench();
    writeFileSync(join(bench.home, "auth.json"), "{}");
    const found = await bench.driver.probe(bench.backend, new AbortController().signal);
    expect(found).toMatchObject({
      found: true,
      version: "0.169.0",
      login: "api-key",
      modelsSource: "asked",
      remedy: null,
    });
    expect(found.models.map(({ id }) => id)).toContain("gpt-5.5");
    expect(await bench.owners()).toEqual([]);
  });

  test("of a program that is not there: a finding with a remedy and the known models", async () => {
    await using bench = makeBench();
    const backend = { ...bench.backend, command: null };
    const found = await bench.driver.probe(backend, new AbortController().signal);
    expect(found).toMatchObject({ found: false, modelsSource: "known-list" });
    expect(found.remedy).toContain("npm install");
  });
});
