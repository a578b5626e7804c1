import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { makeFakeLlm, type FakeLlm } from "./server.ts";
import { talkAnthropic, talkOpenai, type Said } from "./talk.ts";
import { anthropicUsage, openaiUsage } from "./usage.ts";

const vendors = [
  {
    talk: talkAnthropic,
    usage: anthropicUsage,
    run: { name: "Bash", input: { command: "ls -l", description: "Run a scripted command" } },
    write: [{ name: "Write", input: { file_path: "a.txt", content: "one\ntwo\n" } }],
    edit: [
      { name: "Read", input: { file_path: "a.txt" } },
      { name: "Edit", input: { file_path: "a.txt", old_string: "one", new_string: "1 and 2" } },
    ],
    ask: {
      name: "AskUserQuestion",
      input: {
        questions: [
          {
            question: "Which?",
            header: "Question",
            multiSelect: false,
            options: [
              { label: "red", description: "Choose red" },
              { label: "dark blue", description: "Choose dark blue" },
            ],
          },
        ],
      },
    },
  },
  {
    talk: talkOpenai,
    usage: openaiUsage,
    run: { name: "exec_command", input: { cmd: "ls -l", yield_time_ms: 30_000 } },
    write: [
      {
        name: "apply_patch",
        input: "*** Begin Patch\n*** Add File: a.txt\n+one\n+two\n*** End Patch\n",
      },
    ],
    edit: [
      {
        name: "apply_patch",
        input: "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+1 and 2\n*** End Patch\n",
      },
    ],
    ask: {
      name: "request_user_input",
      input: {
        questions: [
          {
            id: "question",
            question: "Which?",
            header: "Question",
            options: [
              { label: "red", description: "Choose red" },
              { label: "dark blue", description: "Choose dark blue" },
            ],
          },
        ],
      },
    },
  },
];

describe.each(vendors)(
  "the script words over $talk.api",
  ({ talk, usage, run, write, edit, ask }) => {
    let fake: FakeLlm;
    let pauses: number[];
    let atPause: (count: number) => Promise<void>;

    beforeEach(async () => {
      pauses = [];
      atPause = async () => undefined;
      fake = await makeFakeLlm({
        pause: async (ms) => {
          await atPause(pauses.push(ms));
        },
      });
    });
    afterEach(() => fake.close());

    const say = (...said: readonly (Said | string)[]) =>
      talk.ask(
        fake.url,
        said.map((one) => (typeof one === "string" ? { user: one } : one)),
      );

    test("PONG is answered with PONG and the fixed usage", async () => {
      const answer = await say("say PONG");
      expect(answer).toMatchObject({
        status: 200,
        text: "PONG",
        calls: [],
        isComplete: true,
        isBroken: false,
      });
      expect(answer.usage).toEqual(usage);
    });

    test("SAY says the rest of its line, with \\n as a line break", async () => {
      expect((await say("please SAY one\\ntwo 🧵\nand no more")).text).toBe("one\ntwo 🧵");
    });

    test("ECHO gives the whole prompt back, never cutting a character in two", async () => {
      const prompt = `ECHO x${"🧵".repeat(10_000)}\nline two`;
      const answer = await say(prompt);
      expect(answer.text).toBe(prompt);
      expect(answer.deltas.length).toBeGreaterThan(1);
      expect(answer.deltas.every((delta) => delta.isWellFormed())).toBe(true);
    });

    test("COUNT counts what a person said and nothing else", async () => {
      const answer = await say(
        "SAY a",
        { assistant: "a" },
        "RUN b",
        { result: "b" },
        { assistant: "done: b" },
        "COUNT",
      );
      expect(answer.text).toBe("3");
    });

    test("THINK thinks, then answers", async () => {
      expect(await say("THINK of it")).toMatchObject({
        thinking: "of it",
        text: "thought",
        isComplete: true,
      });
    });

    test("RUN calls the client's shell, and its result ends the turn in 200 characters", async () => {
      expect(await say("RUN ls -l")).toMatchObject({ calls: [run], text: "", isComplete: true });
      const answer = await say("RUN ls -l", { result: "y".repeat(300) });
      expect(answer).toMatchObject({ text: `done: ${"y".repeat(200)}`, calls: [] });
    });

    test.each([
      ["WRITE a.txt one\\ntwo", write],
      ['EDIT a.txt one "1 and 2"', edit],
      ["ASK Which?|red|dark blue", [ask]],
    ])("%s makes its calls one after the other", async (prompt, calls) => {
      const results: Said[] = [];
      for (const call of calls) {
        expect((await say(prompt, ...results)).calls).toEqual([call]);
        results.push({ result: "fine" });
      }
      expect(await say(prompt, ...results)).toMatchObject({ text: "done: fine", calls: [] });
    });

    test("TOOL calls what it names, offered or not", async () => {
      const input = { id: 7 };
      expect((await say(`TOOL mcp__skein__ping ${JSON.stringify(input)}`)).calls).toEqual([
        { name: "mcp__skein__ping", input },
      ]);
    });

    test("several lines are several steps, each after the result of the one before", async () => {
      const prompt = "RUN ls -l\nWRITE a.txt one\\ntwo\nSAY both done";
      expect((await say(prompt)).calls).toEqual([run]);
      expect((await say(prompt, { result: "1" })).calls).toEqual(write);
      expect((await say(prompt, { result: "1" }, { result: "2" })).text).toBe("both done");
    });

    test("SLOW spreads its deltas over the seconds", async () => {
      const answer = await say("SLOW 2");
      expect(answer.deltas).toHaveLength(21);
      expect(answer.text).toMatch(/^1 2 3 .* 20 slow done$/);
      expect(pauses).toEqual(Array.from({ length: 21 }, () => 100));
    });

    test("SLOW with a file has said all, and is over when the file is there", async () => {
      const folder = await mkdtemp(join(tmpdir(), "skein-held-"));
      const file = join(folder, "go");
      atPause = async (count) => {
        if (count === 40) await writeFile(file, "");
      };
      const answer = await say(`SLOW 2 ${file}`);
      await rm(folder, { recursive: true });
      expect(answer).toMatchObject({ isComplete: true });
      expect(answer.text).toMatch(/^1 2 3 .* 20 slow done$/);
      expect(pauses.slice(0, 21)).toEqual(Array.from({ length: 21 }, () => 100));
      expect(pauses).toHaveLength(40);
    });

    test("SILENT waits before it answers at all", async () => {
      expect((await say("SILENT 90")).text).toBe("silent for 90 s");
      expect(pauses).toEqual([90_000]);
    });

    test("FAIL fails each time, with the vendor's kind of error", async () => {
      for (const attempt of [1, 2]) {
        const answer = await say("FAIL 429 limit reached");
        expect(answer, `attempt ${attempt}`).toMatchObject({
          status: 429,
          body: { error: { message: "limit reached" } },
        });
      }
    });

    test("FAILONCE fails for the first request of a turn only", async () => {
      const prompt = "FAILONCE 500";
      expect((await say(prompt)).status).toBe(500);
      expect(await say(prompt)).toMatchObject({ status: 200, text: "recovered from 500" });
      expect((await say(prompt, { assistant: "recovered from 500" }, prompt)).status).toBe(500);
    });

    test("CUT breaks the connection in the middle of the text", async () => {
      expect(await say("CUT")).toMatchObject({
        status: 200,
        text: "this is cut ",
        isBroken: true,
        isComplete: false,
      });
    });

    test("TRUNCATE ends in good order without saying that the answer is complete", async () => {
      expect(await say("TRUNCATE half an")).toMatchObject({
        text: "half an",
        isBroken: false,
        isComplete: false,
      });
    });

    test("a misused word is answered with its usage, and no word at all with all of them", async () => {
      expect((await say("WRITE")).text).toBe("usage: WRITE path text");
      expect((await say("hello")).text).toContain("ASK question|option 1|option 2");
    });

    test("without a tool that can, it says so; a question is asked in words", async () => {
      const ask = (user: string) => talk.ask(fake.url, [{ user }], { fields: { tools: [] } });
      expect((await ask("RUN ls")).text).toBe("I was offered no tool that can RUN.");
      expect((await ask("ASK Which?|red|blue")).text).toBe("Which? (red / blue)");
    });

    test("a client that wants no stream gets the same answer whole", async () => {
      const answer = await talk.ask(fake.url, [{ user: "say PONG" }], {
        fields: { stream: false },
      });
      expect(answer.status).toBe(200);
      expect(answer.body["usage"]).toEqual(usage);
      expect(JSON.stringify(answer.body)).toContain('"text":"PONG"');
    });
  },
);
