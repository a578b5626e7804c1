import { describe, expect, test } from "vitest";
import { lawOf, roomOf } from "./rooms.ts";

describe("the room of a file", () => {
  test.each([
    ["packages/contract/src/event.ts", "contract"],
    ["packages/contract/src/schema/write.ts", "contract/schema"],
    ["packages/core/src/session/decide.ts", "core"],
    ["packages/core/src/views/index.ts", "core/views"],
    ["packages/sdk/src/driver.ts", "sdk"],
    ["packages/sdk/src/testkit/fake-llm/main.ts", "sdk/testkit"],
    ["packages/adapters/src/index.ts", "adapters"],
    ["packages/adapters/src/agents/codex/wire.ts", "adapters/agents/codex"],
    ["packages/adapters/src/agents/codex/rpc/frame.ts", "adapters/agents/codex"],
    ["packages/daemon/src/main.ts", "daemon/main"],
    ["packages/daemon/src/main.test.ts", "daemon/main"],
    ["packages/daemon/src/index.ts", "daemon/index"],
    ["packages/daemon/src/failpoint.ts", "daemon"],
    ["packages/daemon/src/engine/ports.ts", "daemon/engine/ports"],
    ["packages/daemon/src/engine/lane.ts", "daemon/engine"],
    ["packages/daemon/src/store/sqlite/append.ts", "daemon/store"],
    ["packages/cli/src/verbs/send.ts", "cli"],
    ["tests/architecture/rooms.ts", undefined],
  ])("%s is %s", (path, room) => expect(roomOf(path)).toBe(room));

  test("a folder without a law has none", () => {
    expect(lawOf(roomOf("packages/daemon/src/attic/x.ts") ?? "")).toBeUndefined();
    expect(lawOf(roomOf("packages/adapters/src/shared/x.ts") ?? "")).toBeUndefined();
    expect(lawOf(roomOf("packages/adapters/src/hosts/local/x.ts") ?? "")?.room).toBe("adapters/*");
  });
});
