import { LIMITS } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { cutBody, cutText, recordable } from "./observe.ts";

describe("a text beyond its limit", () => {
  test("is cut at a whole character and says what is missing", () => {
    const cut = cutText("äöü", 3);
    expect(cut).toEqual({ text: "ä\n[cut: 4 more bytes]", truncated: true });
  });

  test("is left alone within the limit, counted in bytes", () => {
    expect(cutText("äöü", 6)).toEqual({ text: "äöü", truncated: false });
  });
});

test("a command's output is cut, its command line never", () => {
  const command = "x".repeat(LIMITS.itemOutputBytes + 1);
  const { body, truncated } = cutBody({
    kind: "command",
    command,
    folder: null,
    output: command,
    exitCode: 0,
    status: "done",
  });
  expect(truncated).toBe(true);
  expect(
    body.kind === "command" && [body.command.length, body.output.includes("[cut: 1 more bytes]")],
  ).toEqual([command.length, true]);
});

describe("a turn's usage", () => {
  const usage = {
    model: "gpt-5",
    inputTokens: 1000,
    outputTokens: 50,
    cacheReadTokens: 200,
    cacheWriteTokens: 0,
    reasoningTokens: 4,
    costUsd: null,
  };
  const ended = { fact: "turn-ended", turn: "t", outcome: "completed", error: null } as const;
  const context = { vendor: "openai", noticeId: () => "n" };

  test("is priced from the table, with the table's version, where the vendor names no cost", async () => {
    const fact = await recordable({ ...ended, usage }, context);
    expect(fact).toMatchObject({
      usage: { costSource: "prices", pricesVersion: expect.stringContaining("genai-prices") },
    });
    expect(fact.fact === "turn-ended" && fact.usage!.costUsd).toBeCloseTo(
      1000 * 1.25e-6 + 200 * 0.125e-6 + 50 * 10e-6,
      9,
    );
  });

  test("keeps the vendor's own figure", async () => {
    const fact = await recordable({ ...ended, usage: { ...usage, costUsd: 0.5 } }, context);
    expect(fact).toMatchObject({
      usage: { costUsd: 0.5, costSource: "vendor", pricesVersion: null },
    });
  });

  test("has a null cost for a model that no table knows", async () => {
    const fact = await recordable(
      { ...ended, usage: { ...usage, model: "no-such-model" } },
      context,
    );
    expect(fact).toMatchObject({ usage: { costUsd: null, costSource: null, inputTokens: 1000 } });
  });
});
