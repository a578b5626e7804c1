/** Connections that break: what is taken up again, and what is said when it is not. */
import { rmSync } from "node:fs";
import type { SkeinEvent } from "@skein/contract";
import { createServer } from "node:net";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { id, item, session } from "./fixtures.ts";
import { skein } from "./run-skein.ts";
import { startStub, temporaryHome, type Answers } from "./stub-daemon.ts";
import { SESSIONS, worldAnswers } from "./world.ts";

const event = (position: number, type: string, data: unknown): SkeinEvent => ({
  position,
  stream: id("ses", "fizztop"),
  seq: position,
  at: "2026-11-20T10:00:00.000Z",
  type,
  data,
});
const said = (position: number, text: string) =>
  event(position, "session.item", { item: item(position, { kind: "message", text }) });
const killed = (position: number) => event(position, "session.deleted", { by: "local" });

const followed: Answers = {
  "sessions.get": () => ({ session: session("fizz-top") }),
  "events.list": () => ({ events: [said(1, "one")], next: null, head: 1 }),
  "sessions.items": () => ({ items: [item(1, { kind: "message", text: "one" })], next: null }),
};

test("logs -f prints what was, then what comes; lagged and going-away leave no gap and no duplicate", async () => {
  let watches = 0;
  const daemon = await startStub({
    ...followed,
    "events.watch": (input) => {
      watches += 1;
      // The first begins with a snapshot, the others after the last event that was seen.
      expect(input.after).toBe([undefined, 2, 3][watches - 1]);
      if (watches === 1)
        return [
          { frame: "snapshot", position: 1, sessions: [], approvals: [], truncated: false },
          { frame: "caught-up", position: 1 },
          { frame: "events", events: [said(2, "two")] },
          { frame: "lagged", resumeFrom: 2 },
        ];
      if (watches === 2)
        return [
          { frame: "events", events: [said(2, "two"), said(3, "three \u001b[2J")] },
          { frame: "going-away", resumeFrom: 3 },
        ];
      return [{ frame: "events", events: [said(4, "four"), killed(5), said(6, "never")] }];
    },
  });
  const { code, stdout, stderr } = await skein(["logs", "fizz-top", "-f"], { home: daemon.home });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.match(/one|two|three|four|never|\\x1b\[2J|the session was killed/g)).toEqual([
    "one",
    "two",
    "three",
    "\\x1b[2J",
    "four",
    "the session was killed",
  ]);
  await daemon.close();
});

test("logs -f --json prints each event from the first, one a line", async () => {
  const events = [said(1, "one"), said(2, "two\nlines"), killed(3)];
  const daemon = await startStub({
    ...followed,
    "events.watch": (input) => {
      expect(input).toMatchObject({ after: 0, filter: { sessions: [id("ses", "fizztop")] } });
      return [{ frame: "events", events }];
    },
  });
  const ran = await skein(["logs", "fizz-top", "-f", "--json"], { home: daemon.home });
  expect(
    ran.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(events);
  await daemon.close();
});

test("call prints the frames of a stream, one a line", async () => {
  const frames = [
    {
      frame: "snapshot" as const,
      position: 1,
      sessions: [...SESSIONS],
      approvals: [],
      truncated: false,
    },
    { frame: "caught-up" as const, position: 1 },
  ];
  const daemon = await startStub({ "events.watch": () => frames });
  const until = /"caught-up".*\n/;
  const ran = await skein(["call", "events.watch"], { home: daemon.home, until });
  expect(ran).toMatchObject({ code: 130, stderr: "" });
  expect(
    ran.stdout
      .split("\n")
      .slice(0, 2)
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(frames);
  await daemon.close();
});

/** Takes connections and drops them once a request has come in: a daemon that dies in the middle of it. */
const startDropping = async (home: string) => {
  mkdirSync(join(home, "run"), { recursive: true });
  const path = join(home, "run", "skein.sock");
  const asked = Promise.withResolvers<void>();
  const server = createServer((socket) =>
    socket.once("data", () => {
      asked.resolve();
      socket.destroy();
    }),
  );
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    asked: asked.promise,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};

test.each([
  [["wait", "fizz-top"], "completed\n"],
  [["send", "fizz-top", "hello"], "Sent message to fizz-top\n"],
])(
  "%j: a daemon killed in the middle of it is waited for, and asked again",
  async (words, stdout) => {
    const home = temporaryHome();
    const dropping = await startDropping(home);
    const ran = skein(words, { home });
    await dropping.asked;
    await dropping.close();
    rmSync(join(home, "run", "skein.sock"), { force: true });
    const daemon = await startStub(worldAnswers, home);
    expect(await ran).toEqual({ code: 0, stdout, stderr: "" });
    await daemon.close();
  },
);

test("a repeated write carries the same clientId; one without is not repeated", async () => {
  const home = temporaryHome();
  const dropping = await startDropping(home);
  const ran = skein(["call", "sessions.stop", "--json", '{"session": "x"}'], { home });
  await dropping.asked;
  expect(await ran).toEqual({
    code: 255,
    stdout: "",
    stderr:
      "skein: The connection to the daemon broke. [connection_lost]\n" +
      "  Look with skein status, then run it again.\n",
  });
  await dropping.close();
  rmSync(home, { recursive: true });
});
