import { expect, test } from "vitest";
import { heeding } from "./silence.ts";

/** What was told, when the health's answers are these and the last of them goes on. */
const told = async (answers: readonly boolean[], enough: number): Promise<readonly number[]> => {
  const times: number[] = [];
  let asked = 0;
  const done = Promise.withResolvers<string>();
  const silence = {
    everyMs: 1,
    answers: async () => {
      asked += 1;
      if (asked === enough) done.resolve("the answer");
      return answers[Math.min(asked, answers.length) - 1]!;
    },
    silent: (count: number) => void times.push(count),
  };
  expect(await heeding(silence, () => done.promise)).toBe("the answer");
  return times;
};

test("nothing is told of a daemon that is there", async () => {
  expect(await told([true], 5)).toEqual([]);
});

test("silence is counted from its beginning; an answer ends it", async () => {
  expect(await told([true, false, false, true, false, true], 6)).toEqual([1, 2, 1]);
});

test("it is asked for no more when the answer is there, or none will come", async () => {
  let asked = 0;
  const answers = async () => (asked += 1) > 0;
  const silence = { everyMs: 0, answers, silent: () => undefined };
  await heeding(silence, async () => "at once");
  await expect(heeding(silence, () => Promise.reject(new Error("broken")))).rejects.toThrow(
    "broken",
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(0);
});
