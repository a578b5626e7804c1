import type { PermissionMode } from "@skein/contract";
import { expect, test } from "vitest";
import { ACP_AGENTS } from "./agents.ts";
import { onHandshake } from "./handshake.ts";
import { initialState, type State } from "./state.ts";
import type { Json } from "./wire.ts";

const opened = (id: string, permissions: PermissionMode, offered: Json): State => {
  const agent = ACP_AGENTS.find((one) => one.id === id)!;
  const settings = {
    agent,
    generation: 1,
    folder: "/w",
    home: "/w/.skein",
    permissions,
    model: null,
    effort: null,
    conversation: { how: "new" },
    pid: 1,
  } as const;
  const result = { sessionId: "c-1", ...offered };
  const state: State = { ...initialState, phase: "open" };
  return onHandshake(state, "skein-open", { result }, settings).state;
};

const modes = (...ids: string[]): Json => ({
  modes: { currentModeId: ids[0]!, availableModes: ids.map((id) => ({ id, name: id })) },
});

test("an agent that renamed the mode which the permissions need is not started in whatever mode it is", () => {
  const { phase, failure } = opened("acp:codex", "workspace", modes("agent", "read-only"));
  expect(phase).toBe("failed");
  expect(failure).toEqual({
    step: "modes",
    code: 0,
    message: "'workspace-write', which workspace needs; it has agent, read-only",
  });
});

test("a mode that it offers is set; one that offers none has none to set", () => {
  const offering = opened("acp:codex", "workspace", modes("agent", "workspace-write"));
  expect(offering.settings).toMatchObject([
    { method: "session/set_mode", params: { modeId: "workspace-write" } },
  ]);
  expect(opened("acp:codex", "workspace", {}).phase).not.toBe("failed");
});
