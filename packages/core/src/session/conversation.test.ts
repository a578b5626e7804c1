import { expect, test } from "vitest";
import { creation, exited, makeLife, started } from "./testkit/life.ts";

const past = {
  id: "u1",
  at: "2026-02-01T08:00:00.000Z",
  body: { kind: "user", text: "fix it", how: "outside" },
} as const;

test("a session holds the vendor's conversation from when it learns of it until it is deleted", () => {
  const life = makeLife();
  life.give(creation());
  expect(life.conversations()).toEqual([]);
  life.facts(started());
  expect(life.conversations()).toEqual(["claude-code@local/vendor-1"]);
  life.facts({ fact: "provider-session", providerSessionId: "vendor-2" });
  expect(life.conversations()).toEqual(["claude-code@local/vendor-2"]);
  life.give({ type: "delete" });
  expect(life.conversations()).toEqual([]);
});

test("a conversation without words is the session's alone already, and neither resumed nor forked", () => {
  const life = makeLife();
  life.give(creation());
  life.facts(started({ providerSessionId: null, reserved: "vendor-1" }));
  expect(life.conversations()).toEqual(["claude-code@local/vendor-1"]);
  expect(life.view().providerSessionId).toBeNull();
  life.facts(exited());
  life.give({ type: "resume" });
  expect(life.effects("agent.start").map(({ how }) => how)).toEqual(["new", "new"]);
  life.facts(started({ providerSessionId: null, reserved: "vendor-1" }));
  life.facts({ fact: "provider-session", providerSessionId: "vendor-1" });
  expect(life.conversations()).toEqual(["claude-code@local/vendor-1"]);
  life.give({ type: "delete" });
  expect(life.conversations()).toEqual([]);
});

test("what was held for a conversation that got another id, or never got words, is let go", () => {
  const life = makeLife();
  life.give(creation());
  life.facts(started({ providerSessionId: null, reserved: "vendor-1" }));
  life.facts({ fact: "provider-session", providerSessionId: "vendor-2" });
  expect(life.conversations()).toEqual(["claude-code@local/vendor-2"]);
  const silent = makeLife();
  silent.give(creation());
  silent.facts(started({ providerSessionId: null, reserved: "vendor-1" }));
  silent.give({ type: "delete" });
  expect(silent.conversations()).toEqual([]);
});

test("a conversation that was begun elsewhere is gone on with, and its past is the beginning of the transcript", () => {
  const life = makeLife();
  life.give(creation({ adopt: { conversation: "vendor-9", history: [past] } }));
  expect(life.view().providerSessionId).toBe("vendor-9");
  expect(life.effects("agent.start").map(({ how }) => how)).toEqual(["resume"]);
  expect(life.items()).toMatchObject([{ id: "u1", order: 1, turn: null, at: past.at }]);
});

test("a conversation that another session has is refused, by whatever name it comes", () => {
  const life = makeLife(["claude-code@local/vendor-9"]);
  const refusal = life.refusal(creation({ adopt: { conversation: "vendor-9", history: [] } }));
  expect(refusal).toBe("conversation_held");
  const other = { host: "cloud", adopt: { conversation: "vendor-9", history: [] } };
  expect(life.refusal(creation(other))).toBeNull();
});
