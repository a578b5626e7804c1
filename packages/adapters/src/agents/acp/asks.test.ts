/** What is answered in the person's place: nothing that leads out of the folder, or to what must not be touched unasked. */
import { expect, test } from "vitest";
import { decideUnasked } from "./asks.ts";
import { emptyCall, updated } from "./calls.ts";

test("workspace: edits in the folder pass, all others are asked", () => {
  const place = { folder: "/w", home: "/w/.skein" };
  const edit = (path: string) =>
    updated(undefined, { kind: "edit", content: [{ type: "diff", path, newText: "x" }] });
  const passes = (path: string) => decideUnasked("workspace", edit(path), place);
  expect(["/w/a", "b/c", "/w/d.git/e"].map(passes)).toEqual(["allow", "allow", "allow"]);
  const guarded = [
    "/x",
    "/w",
    "/wx/a",
    "/w/../x",
    "/w/.git/hooks/a",
    "/w/.skein/db",
    "/w/.mcp.json",
  ];
  expect(guarded.map(passes)).toEqual(guarded.map(() => null));
  const relative = { ...edit("a"), paths: ["a", "./b/c"] };
  expect(decideUnasked("workspace", relative, place)).toBe("allow");
  const moved = { ...edit("/w/a"), kind: "move", paths: ["/w/a", "/x"] };
  expect(decideUnasked("workspace", moved, place)).toBeNull();
  expect(decideUnasked("workspace", { ...emptyCall, kind: "edit" }, place)).toBeNull();
  expect(decideUnasked("workspace", { ...emptyCall, kind: "execute" }, place)).toBeNull();
  expect(decideUnasked("read-only", { ...emptyCall, kind: "read" }, place)).toBeNull();
});

test.each([
  "/var/x/sk/config.json5",
  "//var/x/sk/config.json5",
  "/var/./x/sk/config.json5",
  "/var//x/sk//config.json5",
  "var/x/sk/config.json5",
  "./var/x/sk/config.json5",
  "/etc/../var/x/sk/config.json5",
  "/var/x/sk",
  "/var/x/sk/",
  "/var/x",
  "",
])("workspace in /: the state folder is asked for, as %j too", (path) => {
  const content = [{ type: "diff", path, newText: "x" }];
  const place = { folder: "/", home: "/var/x/sk" };
  const call = updated(undefined, { kind: "edit", content });
  expect(decideUnasked("workspace", call, place)).toBeNull();
  const moved = updated(undefined, { kind: "move", locations: [{ path }] });
  expect(decideUnasked("workspace", moved, place)).toBeNull();
  const beside = updated(undefined, { kind: "edit", locations: [{ path: "/var/x/skein" }] });
  expect(decideUnasked("workspace", beside, place)).toBe("allow");
});
