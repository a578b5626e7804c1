import { expect, test } from "vitest";
import type { Session } from "@skein/contract";
import { admitForking, admitReturning } from "./capable.ts";

const none = { steer: false, fork: false, resume: false, questions: false };
const view = { name: "fizz-top", backend: "acp:mine", providerSessionId: "c-1" } as Session;

test("a fork is refused where the agent cannot, and only there", () => {
  expect(() => admitForking(view, none)).toThrow(/acp:mine, which cannot copy/);
  expect(() => admitForking(view, { ...none, fork: true })).not.toThrow();
});

test("what cannot be resumed is refused once its process is gone and words were said", () => {
  const gone = { view, process: "none" };
  expect(() => admitReturning(gone, none)).toThrow(/cannot go on with a conversation/);
  expect(() => admitReturning(gone, { ...none, resume: true })).not.toThrow();
  expect(() => admitReturning({ view, process: "running" }, none)).not.toThrow();
  const unspoken = { ...view, providerSessionId: null };
  expect(() => admitReturning({ view: unspoken, process: "none" }, none)).not.toThrow();
});
