import { describe, expect, test } from "vitest";
import type { Session } from "@skein/contract";
import type { Calls } from "./calls.ts";
import type { Place } from "./place.ts";
import { forAgent, toHere, toHost, translated } from "./sandbox.ts";
import { sharedFolder } from "./host-path.ts";

const shared = { here: "/workspace", host: "/home/me/shop" };

describe("a folder in a sandbox", () => {
  test.each([
    ["/workspace", "/home/me/shop"],
    ["/workspace/", "/home/me/shop"],
    ["/workspace/a/b", "/home/me/shop/a/b"],
    ["/workspace/a/../b", "/home/me/shop/b"],
  ])("%s is %s on the host", (here, host) => {
    expect(toHost(shared, here)).toBe(host);
  });

  test.each(["/", "/tmp", "/workspaces", "/workspace/../etc", "/workspace/../../x", "relative"])(
    "%s is not shared",
    (path) => {
      expect(() => toHost(shared, path)).toThrow("not shared");
    },
  );

  test("is shown by its name here; what lies elsewhere on the host keeps its own", () => {
    expect(toHere(shared, "/home/me/shop/a")).toBe("/workspace/a");
    expect(toHere(shared, "/home/me/shop")).toBe("/workspace");
    expect(toHere(shared, "/home/me/shop-two")).toBe("/home/me/shop-two");
    expect(toHere(shared, "src/a.ts")).toBe("src/a.ts");
  });

  test("may be the root on either side", () => {
    expect(toHost({ here: "/", host: "/srv/box" }, "/etc/x")).toBe("/srv/box/etc/x");
    expect(toHere({ here: "/workspace", host: "/" }, "/etc")).toBe("/workspace/etc");
  });

  test("comes from the environment, which is looked at", () => {
    expect(sharedFolder({})).toBeNull();
    expect(sharedFolder({ HOST_PATH: "" })).toBeNull();
    expect(sharedFolder({ HOST_PATH: "/a//b/" })).toEqual({ here: "/workspace", host: "/a/b" });
    expect(sharedFolder({ HOST_PATH: "/a", SKEIN_SANDBOX_PATH: "/c" })).toEqual({
      here: "/c",
      host: "/a",
    });
    expect(() => sharedFolder({ HOST_PATH: "a" })).toThrow("HOST_PATH");
    expect(() => sharedFolder({ HOST_PATH: "/a", SKEIN_SANDBOX_PATH: "c" })).toThrow("SANDBOX");
  });
});

test("calls and their answers, and frames, are in the names of this side; words are not touched", async () => {
  const inputs: unknown[] = [];
  const view = { folder: "/home/me/shop/a", description: "see /home/me/shop/a" };
  const calls = {
    call: async (_name: string, input: unknown) => {
      inputs.push(input);
      return { sessions: [view], changes: [{ path: "/home/me/shop/b" }], next: null };
    },
    watch: async function* () {
      yield { frame: "snapshot", sessions: [view] };
    },
  } as unknown as Calls;
  const inside = translated(calls, shared);
  expect(await inside.call("sessions.create", { folder: "/workspace/x" })).toEqual({
    sessions: [{ folder: "/workspace/a", description: "see /home/me/shop/a" }],
    changes: [{ path: "/workspace/b" }],
    next: null,
  });
  expect(inputs).toEqual([{ folder: "/home/me/shop/x" }]);
  const frames = await Array.fromAsync(inside.watch({}));
  expect(frames).toMatchObject([{ sessions: [{ folder: "/workspace/a" }] }]);
  await expect(inside.call("sessions.create", { folder: "/tmp" })).rejects.toThrow("not shared");
  expect(translated(calls, null)).toBe(calls);
});

test("a folder on another machine has one name", async () => {
  const there = { host: "cloud", folder: "/home/me/shop/a" };
  const calls = { call: async (_: string, input: unknown) => ({ session: input }) };
  const inside = translated(calls as unknown as Calls, shared);
  expect(await inside.call("sessions.create", there)).toEqual({ session: there });
});

test("what is said to an agent names its own side's folder", () => {
  const session = { folder: "/workspace/a", host: "local" } as Session;
  const url = new URL("http://127.0.0.1:6767");
  const folderIn = (place: Place, given = session): string => forAgent(place, given).folder;
  expect(folderIn({ kind: "url", url, token: "t", gateway: { shared } })).toBe("/home/me/shop/a");
  expect(folderIn({ kind: "url", url, token: "t" })).toBe("/workspace/a");
  expect(folderIn({ kind: "socket", socketPath: "/s", home: "/h" })).toBe("/workspace/a");
  const cloud = { ...session, host: "cloud" };
  expect(folderIn({ kind: "url", url, token: "t", gateway: { shared } }, cloud)).toBe(
    "/workspace/a",
  );
});
