import type { Approval, Question } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { answersFor } from "./answers.ts";

const question = (
  id: string,
  labels: readonly string[],
  more: Partial<Question> = {},
): Question => ({
  id,
  question: `Which ${id}?`,
  header: id,
  options: labels.map((label) => ({ label, description: null })),
  many: false,
  free: false,
  ...more,
});

const asks = (...questions: Question[]): Approval => ({
  id: "apr_00000000000000000000000000",
  session: "ses_00000000000000000000000000",
  sessionName: "fizz-top",
  turn: null,
  generation: 1,
  title: "asks",
  request: { kind: "question", questions },
  canAlways: false,
  state: "open",
  requestedAt: "2026-11-20T10:00:00.000Z",
  resolution: null,
  expired: null,
});

const colour = question("colour", ["Red", "Blue", "a=b"]);
const sizes = question("size", ["S", "M", "L"], { many: true });
const note = question("note", [], { free: true });

describe("answersFor", () => {
  test.each([
    ["a label", asks(colour), ["Red"], { colour: ["Red"] }],
    ["a label in another case", asks(colour), [" blue"], { colour: ["Blue"] }],
    ["a number", asks(colour), ["2"], { colour: ["Blue"] }],
    [
      "a label that is a number wins over the number",
      asks(question("n", ["2", "1"])),
      ["1"],
      { n: ["1"] },
    ],
    ["a label with an equals sign", asks(colour), ["a=b"], { colour: ["a=b"] }],
    [
      "the question by id",
      asks(colour, sizes),
      ["colour=Red", "size=1"],
      { colour: ["Red"], size: ["S"] },
    ],
    [
      "the question by number",
      asks(colour, sizes),
      ["2=M", "1=2"],
      { colour: ["Blue"], size: ["M"] },
    ],
    [
      "the question by its text",
      asks(colour, sizes),
      ["Which colour?=Red", "size=L"],
      { colour: ["Red"], size: ["L"] },
    ],
    ["several of one", asks(sizes), ["S", "3"], { size: ["S", "L"] }],
    ["own words", asks(note), ["it = what it is"], { note: ["it = what it is"] }],
    [
      "own words where a choice would do",
      asks({ ...colour, free: true }),
      ["Green"],
      { colour: ["Green"] },
    ],
    [
      "a number as own words, to a question that is named",
      asks({ ...colour, free: true }),
      ["1=7"],
      { colour: ["7"] },
    ],
    ["a number where there are no choices", asks(note), ["7"], { note: ["7"] }],
  ])("%s", (_, approval, typed, answers) => {
    expect(answersFor(approval, typed)).toEqual(answers);
  });

  test.each([
    [
      "no such choice",
      asks(colour),
      ["Green"],
      "“Green” is none of the choices of “Which colour?”.",
    ],
    ["a number beyond the choices", asks(colour), ["4"], "“4” is none of the choices"],
    [
      "a number beyond the choices, also where own words would do",
      asks({ ...colour, free: true }),
      ["7"],
      "There is no choice 7 of “Which colour?”.",
    ],
    ["two answers where one is wanted", asks(colour), ["Red", "Blue"], "takes one answer"],
    ["which of several questions", asks(colour, sizes), ["Red"], "not clear which question"],
    ["one left out", asks(colour, sizes), ["colour=Red"], "“Which size?” has no answer."],
    ["none at all", asks(colour), [], "“Which colour?” has no answer."],
    ["nothing as own words", asks(note), [""], "is none of the choices"],
    ["what it quotes is escaped", asks(colour), ["\u001b[2J"], "“\\x1b[2J” is none"],
  ])("refuses: %s", (_, approval, typed, message) => {
    expect(() => answersFor(approval, typed)).toThrow(message);
  });

  test("says to a number that no choice has which there are, and how the number itself is meant", () => {
    expect(() => answersFor(asks({ ...colour, free: true }), ["0"])).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({
          remedy: "Choose one of: 1) Red  2) Blue  3) a=b. For the number itself: --answer 1=0",
        }),
      }),
    );
  });
});
