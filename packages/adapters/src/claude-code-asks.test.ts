/** What Claude Code asks before it does it, and what it does with the answer: on real processes of its stand-in. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decided, rigTurn as turn, rigWords as words, type Rig } from "@skein/sdk/testkit";
import { expect, test } from "vitest";
import { exists, lastMessage, makeHome } from "./claude-code-home.testkit.ts";

const answered = async (rig: Rig, resolution: ReturnType<typeof decided>) => {
  const asked = await rig.next("asked");
  await rig.link.answer({ request: asked.request, approval: asked.approval, resolution });
  return asked;
};

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
