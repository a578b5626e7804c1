import { expect, test } from "vitest";
import type { Fact } from "@skein/sdk";
import { makeStalled } from "./stalled.ts";

const watched = (program: { readonly ready?: string; readonly marker?: string }) => {
  const told: Fact[] = [];
  const stalled = makeStalled({ argv: ["repl"], quietMs: 300, ...program }, (fact) => {
    told.push(fact);
  });
  return { stalled, told };
};

test("a quiet program is told with what is waited for and its last line, once for each line", () => {
  const { stalled, told } = watched({ ready: "^> ?$" });
  stalled.unready(">>> ", 500);
  expect(told).toEqual([]);
  stalled.unready(">>> ", 2_000);
  stalled.unready(">>> ", 7_000);
  const reason = "it is waited for a last line that matches ^> ?$; its last line is: >>>";
  expect(told).toEqual([{ fact: "stalled", reason }]);
  stalled.changed();
  stalled.changed();
  stalled.unready("", 2_000);
  expect(told.slice(1)).toEqual([
    { fact: "stalled", reason: null },
    {
      fact: "stalled",
      reason: "it is waited for a last line that matches ^> ?$; its screen is empty",
    },
  ]);
});

test("when it lasts it is a line in the conversation, once in a turn", () => {
  const { stalled, told } = watched({ marker: "DONE" });
  for (const ms of [29_000, 31_000, 36_000]) stalled.unready("Continue? [y/N]", ms);
  stalled.changed();
  stalled.unready(`${"x".repeat(300)}`, 40_000);
  const notices = told.filter(({ fact }) => fact === "notice");
  expect(notices).toMatchObject([
    { level: "warning", text: expect.stringMatching(/quiet for 31 s.*the text DONE.*Continue\?/) },
  ]);
  expect(told.at(-1)).toMatchObject({ reason: expect.stringMatching(/x{200}…$/) });
});
